"""Receivers: their names, and where they are defined."""

from __future__ import annotations

import functools
import gc
from unittest import mock

import pytest

from signalscope import naming
from signalscope.naming import (
    receiver_facts,
    sender_facts,
)
from tests.unit.naming import named
from tests.unit.naming.named import HERE, Heir, Listener, decorated, function


class TestReceivers:
    @pytest.mark.parametrize(
        ("receiver", "name", "target"),
        [
            (function, f"{HERE}.function", function),
            (decorated, f"{HERE}.decorated", decorated.__wrapped__.__wrapped__),
            (Listener().method, f"{HERE}.Listener.method", Listener.method),
            pytest.param(
                Heir().method, f"{HERE}.Listener.method", Listener.method, id="inherited method"
            ),
            (
                Listener.class_method,
                f"{HERE}.Listener.class_method",
                Listener.class_method.__func__,
            ),
            (Listener.static_method, f"{HERE}.Listener.static_method", Listener.static_method),
            (Listener(), f"{HERE}.Listener", Listener.__call__),
            (functools.partial(function), f"functools.partial({HERE}.function)", function),
            (
                functools.partial(functools.partial(Listener().method), 1),
                f"functools.partial({HERE}.Listener.method)",
                Listener.method,
            ),
        ],
    )
    def test_name_and_place(self, receiver, name, target):
        """The dotted name, and the function that a reader would look for."""
        facts = receiver_facts(receiver)
        assert facts.name == name
        assert (facts.file, facts.line) == (named.__file__, target.__code__.co_firstlineno)

    def test_lambdas_and_local_functions_are_told_apart_by_their_place(self):
        """Their names are Python's; their lines differ."""

        def local(**_):
            pass

        other = lambda **_: None  # noqa: E731 - the case under test
        facts = receiver_facts(local), receiver_facts(other)
        assert facts[0].name.endswith("<locals>.local")
        assert facts[1].name.endswith("<locals>.<lambda>")
        assert facts[0].line < facts[1].line

    @pytest.mark.parametrize(
        ("receiver", "name"),
        [
            (print, "print"),
            ([].append, "list.append"),
            (dict, "dict"),
            (mock.Mock(), "unittest.mock.Mock"),
        ],
    )
    def test_receivers_without_a_place_of_their_own(self, receiver, name):
        """Builtins, types and mocks have a name; where there is no Python code, no place."""
        facts = receiver_facts(receiver)
        assert facts.name == name
        if name != "unittest.mock.Mock":
            assert facts.file is None
            assert facts.line is None

    def test_mock_records_no_call(self):
        """Describing a mock leaves no trace on it."""
        receiver = mock.MagicMock()
        receiver_facts(receiver)
        sender_facts(receiver)
        assert receiver.mock_calls == []

    def test_facts_live_as_long_as_their_object(self):
        """One object of facts for one receiver; none is kept when it is gone."""

        def mortal(**_):
            pass

        facts = receiver_facts(mortal)
        assert receiver_facts(mortal) is facts
        key = id(mortal)
        assert naming.known_receivers[key] is facts
        del mortal
        gc.collect()
        assert key not in naming.known_receivers
        assert facts.name.endswith("mortal")

    def test_bound_methods_share_the_facts_of_their_function(self):
        """Each send makes a new bound method."""
        listener = Listener()
        assert receiver_facts(listener.method) is receiver_facts(listener.method)
