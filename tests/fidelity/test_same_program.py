"""Generated programs run the same without us, idle and recording: the do-no-harm gate.

Each program is run afresh in every mode, in a thread of its own, and all that it can see is
compared. ``SIGNALSCOPE_FIDELITY_EXAMPLES`` sets how many programs of each style are tried.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import os
import pprint
import time
import warnings
from collections import Counter

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet
from django.dispatch import Signal
from hypothesis import HealthCheck, Phase, given, settings

import signalscope
from tests.fidelity.generating import STYLES, programs
from tests.fidelity.interpreter import run
from tests.fidelity.tours import EXPECTED, sights, tours

EXAMPLES = int(os.environ.get("SIGNALSCOPE_FIDELITY_EXAMPLES", "20"))
"""Programs of each style."""

PATIENCE = 45.0
"""Seconds in which hypothesis may look for a simpler program, once one has failed."""


class HarmDoneError(AssertionError):
    """A program saw a difference."""


class FaultOfTheGateError(Exception):
    """A program does not run the same twice without us, so nothing can be said about us."""


class Quiet:
    """A sink that does nothing."""

    def dispatch_started(self, dispatch):
        """Do nothing."""

    dispatch_finished = receiver_started = receiver_finished = dispatch_started


@contextlib.contextmanager
def idle():
    signalscope.install()
    try:
        yield
    finally:
        signalscope.uninstall()


@contextlib.contextmanager
def nested_with_sink():
    sink = Quiet()
    signalscope.add_sink(sink)
    try:
        with signalscope.record(), signalscope.record():
            yield
    finally:
        signalscope.remove_sink(sink)


MODES = {
    "idle": idle,
    "recording": signalscope.record,
    "a recording in another, and a sink": nested_with_sink,
}
if importlib.util.find_spec("opentelemetry") and importlib.util.find_spec("opentelemetry.sdk"):
    from tests.fidelity.traced import traced

    MODES["traced"] = traced


def codes():
    """Return the code of Django's functions that we know of."""
    methods = [*vars(Signal).values(), *vars(BaseDatabaseWrapper).values()]
    methods += [*vars(CursorWrapper).values(), *vars(QuerySet).values()]
    return [getattr(method, "__code__", None) for method in methods]


def difference(expected, found):
    """Say what differs first, and what led to it; None where nothing does."""
    # While garbage in cycles waits to be collected, how much there is of it is up to Python. But
    # nothing may be held for longer because of us.
    held = [sorted(more - less) for less, more in zip(expected[1], found[1], strict=False)]
    if expected.events == found.events:
        return f"held for longer, by step: {held}" if any(held) else None
    pairs = enumerate(zip(expected.events, found.events, strict=False))
    shorter = min(len(expected.events), len(found.events))
    at = next((i for i, (before, after) in pairs if before != after), shorter)

    def show(trace, start, end):
        return pprint.pformat(trace.events[max(start, 0) : end], width=110)

    return (
        f"event {at} of {len(expected.events)} and {len(found.events)}\n"
        f"before it: {show(expected, at - 3, at)}\n"
        f"expected: {show(expected, at, at + 2)}\nfound: {show(found, at, at + 2)}"
    )


def compare(program):
    """Run `program` in every mode; return the trace that all of them gave."""
    before = codes()
    expected = run(program, contextlib.nullcontext)
    if control := difference(expected, run(program, contextlib.nullcontext)):
        raise FaultOfTheGateError(f"It ran differently a second time, without us: {control}")
    for name, mode in MODES.items():
        if harm := difference(expected, run(program, mode)):
            raise HarmDoneError(f"Another program: {name}: {harm}")
        if any(mine is not its for mine, its in zip(before, codes(), strict=True)):
            raise HarmDoneError(f"Django is not as it was before: {name}")
    return expected


class Limited:
    """Compares programs; some time after the first one failed, it looks at no new ones.

    Hypothesis itself simplifies for up to five minutes, which four styles would make twenty.
    """

    def __init__(self):
        self.seen = Counter()
        self._failed = {}
        self._until = None

    def __call__(self, program):
        key = repr(program)
        if self._until is not None and time.monotonic() > self._until and key not in self._failed:
            return
        try:
            self.seen.update(sights(program, compare(program)))
        except (HarmDoneError, FaultOfTheGateError) as error:
            self._until = self._until or time.monotonic() + PATIENCE
            self._failed[key] = error
            raise


profile = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="CI" in os.environ,
    # Not Phase.explain: it runs the simplest program again and again, to say which part matters.
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.django_db
@pytest.mark.parametrize("style", STYLES)
def test_generated_programs_are_the_same(style):
    """Order, results, errors, contexts, SQL, logs, warnings, registry and lives are equal."""
    limited = Limited()

    @profile
    @given(program=programs(style))
    def same(program):
        limited(program)

    # Some coroutines that nobody awaited live until a later program: their warnings come as errors
    # that cannot be raised, which the interpreter writes down only while a program runs.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _all_programs(style, same, limited)
        gc.collect()
    missing = EXPECTED[style] - limited.seen.keys()
    assert not missing, "The programs did too little to prove anything"


def _all_programs(style, same, limited):
    same()  # first, since what fails there is made as simple as can be
    for program in tours(style):
        limited(program)
