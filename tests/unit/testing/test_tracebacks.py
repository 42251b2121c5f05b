"""A failed assertion points to the line of the test."""

from __future__ import annotations

import inspect
import unittest

import pytest

import signalscope
from signalscope import testing
from signalscope.assertions import Assertions
from signalscope.errors import SignalscopeError
from tests.unit.testing.programs import Elsewhere, audited, greet, lock_up, opened, sweep


class TestTracebacks:
    @pytest.mark.parametrize(
        ("assertion", "args", "kwargs", "error"),
        [
            (Assertions.assert_called, (lock_up,), {}, AssertionError),
            (Assertions.assert_called, (greet,), {"quantity": 1}, SignalscopeError),
            (Assertions.assert_called, (None,), {}, SignalscopeError),
            (Assertions.assert_not_called, (greet,), {}, AssertionError),
            (Assertions.assert_sent, (audited,), {}, AssertionError),
            (Assertions.assert_not_sent, (opened,), {}, AssertionError),
            (Assertions.assert_order, (sweep, greet), {}, AssertionError),
            (Assertions.assert_order, (sweep,), {}, SignalscopeError),
            (Assertions.assert_max_queries, (-1,), {}, AssertionError),
            (Assertions.assert_no_findings, ("x",), {}, SignalscopeError),
        ],
    )
    def test_pytest_shows_the_line_of_the_test(self, day, assertion, args, kwargs, error):
        """The frames of the assertions are hidden."""
        with pytest.raises(error) as caught:
            assertion(Elsewhere(day, findings=[]), *args, **kwargs)
        shown = caught.traceback.filter(caught)
        assert [str(entry.path) for entry in shown] == [__file__]

    def test_so_does_unittest(self, day):
        """It leaves the frames of the assertions out as well."""

        class Case(unittest.TestCase):
            def runTest(self):  # noqa: N802 - unittest's name
                Assertions.assert_called(day, lock_up)

        result = unittest.TestResult()
        Case().run(result)
        ((_, text),) = result.failures
        assert __file__ in text
        assert testing.__file__ not in text

    def test_recursion_hides_its_frames_too(self, connect):
        """As the others do."""

        def again(depth=0, **_):
            if depth < 1:
                opened.send(sender=str, depth=depth + 1)

        connect(opened, again)
        with signalscope.record() as recording:
            opened.send(sender=str)
        with pytest.raises(AssertionError) as caught:
            Assertions.assert_no_recursion(recording)
        assert [str(entry.path) for entry in caught.traceback.filter(caught)] == [__file__]

    def test_every_assertion_is_public(self):
        """And none is left out of the list."""
        functions = {
            name
            for name, value in vars(testing).items()
            if inspect.isfunction(value) and name.startswith("assert_")
        }
        assert functions == {name for name in testing.__all__ if name.startswith("assert_")}
