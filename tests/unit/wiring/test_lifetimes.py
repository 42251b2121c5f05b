"""W006: receivers that nothing holds."""

from __future__ import annotations

import gc
import inspect

import pytest
from django.dispatch import Signal

from signalscope.diagnosis.wiring.lifetimes import short_lived
from signalscope.registry.live import wires_of
from tests.unit.sources import lifetimes
from tests.unit.sources.lifetimes import LIVES


class TestShortLived:
    @pytest.fixture(autouse=True)
    def _in_development(self, installed, settings):
        settings.DEBUG = True  # so that Django's check of signatures keeps what is connected
        yield
        # What died is remembered for as long as its signal lives.
        lifetimes.noted, lifetimes.other = Signal(), Signal()
        lifetimes.HELD.clear()
        gc.collect()

    @staticmethod
    def found_in(program, wires):
        """Return what is found in a program; other tests' connections are dead by now, too."""
        lines, first = inspect.getsourcelines(program)
        within = range(first, first + len(lines))
        return [
            each
            for each in short_lived(wires)
            if each.places[-1].file == lifetimes.__file__ and each.places[-1].line in within
        ]

    @pytest.mark.parametrize("program", LIVES.bad, ids=lambda each: each.__name__)
    def test_is_found(self, program):
        program()
        (finding,) = self.found_in(program, wires_of([lifetimes.noted]))
        assert "that nothing but this weak connection holds" in finding.message

    @pytest.mark.parametrize("program", LIVES.bad, ids=lambda each: each.__name__)
    def test_is_found_in_production(self, program, settings):
        """Where they are dead by now, if it can be told of what `connect()` was given."""
        settings.DEBUG = False
        program()
        gc.collect()
        assert wires_of([lifetimes.noted]) == []
        told = self.found_in(program, [])
        by_decorator_or_factory = {"decorated", "decorated_for_several", "a_factory"}
        assert len(told) == (program.__name__ not in by_decorator_or_factory)

    @pytest.mark.parametrize("program", LIVES.good, ids=lambda each: each.__name__)
    def test_near_miss(self, program):
        kept = program()
        assert wires_of([lifetimes.noted])
        assert self.found_in(program, wires_of([lifetimes.noted])) == []
        del kept
