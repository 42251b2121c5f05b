"""What is done to a test that uses the plugin."""

from __future__ import annotations

import functools
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

import pytest

from signalscope.pytest_plugin.options import budget_of

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextvars import ContextVar

    from signalscope.pytest_plugin.options import Options

__all__ = ["BUDGET", "CARRIED", "RECORDING", "lead", "prepare", "run"]

RECORDING = pytest.StashKey[Any]()
"""The `Recording` of a test."""
BUDGET = pytest.StashKey[Any]()
"""Its `Budget`."""
CARRIED = pytest.StashKey[bool]()
"""There where something is recorded or muted that an asynchronous test has to see."""


def prepare(item: pytest.Item, wanted: Options) -> None:
    """Have a test recorded and muted, as its markers and the options say.

    Raises `pytest.UsageError` for a marker that cannot be understood.
    """
    fixtures = getattr(item, "fixturenames", None)
    if fixtures is None:
        return  # it has none, so nothing can be set up for it
    marks = list(item.iter_markers("signalscope"))
    if marks or wanted.limits:
        limits = _limits(item, marks, wanted)
        item.stash[BUDGET] = budget_of(limits, f"{item.nodeid}: @pytest.mark.signalscope")
    if marks or wanted.records or "signal_recording" in fixtures:
        lead(item, "signal_recording")
    if wanted.mutes or item.get_closest_marker("muted_signals"):
        # Later, so that it leads: what is muted is in the recording, as muted.
        lead(item, "mutes_of_test")


def _limits(item: pytest.Item, marks: list[pytest.Mark], wanted: Options) -> dict[str, Any]:
    """Put the limits together: the nearest to the test counts; of ids, all that are forbidden."""
    limits: dict[str, Any] = {}
    forbidden = list(wanted.limits.get("forbid", ()))
    for mark in marks:
        if mark.args:
            raise pytest.UsageError(
                f"{item.nodeid}: @pytest.mark.signalscope takes its limits by name, as max_ms=50"
            )
        for name, value in mark.kwargs.items():
            limits.setdefault(name, value)
        ids = mark.kwargs.get("forbid", ())
        if isinstance(ids, (list, tuple, set, frozenset)):
            forbidden += ids
    limits = {**wanted.limits, **limits}
    if forbidden and isinstance(limits.get("forbid"), (list, tuple, set, frozenset)):
        limits["forbid"] = list(dict.fromkeys(forbidden))
    return limits


def lead(item: pytest.Item, fixture: str) -> None:
    """Let a fixture be the first of those that are set up for each test anew.

    Those with a wider scope come before it: that a database is made is no part of the test.
    """
    names: list[str] = item.fixturenames  # type: ignore[attr-defined]
    if fixture in names:
        names.remove(fixture)
    known = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    for at, name in enumerate(names):
        if name not in known or known[name][-1].scope == "function":
            names.insert(at, fixture)
            return
    names.append(fixture)


def run(item: pytest.Item) -> Generator[None, Any, Any]:
    """Run a test, and fail one that passed beyond its budget."""
    with _carried(item):
        outcome = yield
    budget = item.stash.get(BUDGET, None)
    recording = item.stash.get(RECORDING, None)
    if budget is not None and recording is not None:
        from signalscope.errors import SignalscopeError

        try:
            failure = budget.failure(recording)
        except SignalscopeError as error:
            failure = str(error)
        if failure is not None:
            pytest.fail(failure, pytrace=False)
    return outcome


class _carried:  # noqa: N801 - used as a function
    """Take what is current here into an asynchronous test, whose loop may have begun elsewhere."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item
        self._original: Any = None

    def __enter__(self) -> None:
        function = getattr(self._item, "obj", None)
        if CARRIED not in self._item.stash or not iscoroutinefunction(function):
            return
        from signalscope.context import current, mutes, swaps

        carried: tuple[ContextVar[Any], ...] = (current, mutes, swaps)

        def carry(*values: Any) -> None:
            for variable, value in zip(carried, values, strict=True):
                variable.set(value)

        here = tuple(variable.get() for variable in carried)
        # An IsolatedAsyncioTestCase runs in a context that is as old as itself.
        context = getattr(getattr(self._item, "instance", None), "_asyncioTestContext", None)
        if context is not None:
            context.run(carry, *here)
            return
        self._original = function

        @functools.wraps(function)
        async def inside(*args: Any, **kwargs: Any) -> Any:
            before = tuple(variable.get() for variable in carried)
            carry(*here)
            try:
                return await function(*args, **kwargs)
            finally:
                carry(*before)

        self._item.obj = inside  # type: ignore[attr-defined]

    def __exit__(self, *_error: object) -> None:
        if self._original is not None:
            self._item.obj = self._original  # type: ignore[attr-defined]
