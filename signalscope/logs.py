"""What the sinks that write to a log have in common, whichever library writes it."""

from __future__ import annotations

from contextvars import ContextVar
from logging import DEBUG, WARNING
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from signalscope import conf
from signalscope.errors import ConfigurationError
from signalscope.reading import dotted_name
from signalscope.rendering.events import (
    DISPATCH,
    FINDING,
    RECEIVER,
    keys_of_call,
    keys_of_dispatch,
    keys_of_finding,
    level_of_call,
    level_of_dispatch,
    level_of_finding,
)
from signalscope.sightings import sightings
from signalscope.sinks import does_nothing
from signalscope.surroundings import trace_ids

if TYPE_CHECKING:
    from collections.abc import Callable

    from signalscope.records import Dispatch, ReceiverCall
    from signalscope.trees import Tree

__all__ = ["LOGGER", "LogSink", "wrong"]

LOGGER = "signalscope.signals"
"""The name of the logger where none is given; `signalscope` itself tells of our own faults."""

_WHOLE = 2**32

_writing: ContextVar[bool] = ContextVar("signalscope_writing", default=False)
"""Whether a line of ours is being written here, by handlers that may send signals in turn."""


class LogSink:
    """Writes a line when a dispatch or a receiver call ends: at its level, if that is enabled.

    With `findings`, it writes one as well for each finding in the tree of a root dispatch that
    ended.
    A subclass brings `enabled` and `write`. What is known of a line is worked out after both its
    level and the sample have let it pass.
    """

    enabled: Callable[[int], bool]
    """Tell whether a line of that level would be written at all."""

    wants_tree: Callable[[Dispatch], bool] | None = None
    """What `FanOut` asks at a root; None where no findings are to be written."""
    tree_finished: Callable[[Tree], None] | None = None

    def __init__(self, *, slow_ms: float | None, sample: float, findings: bool) -> None:
        if slow_ms is not None and not (_is_number(slow_ms) and slow_ms >= 0):
            raise wrong(
                self, "slow_ms", slow_ms, "Give a number of milliseconds, 0 or more, or None."
            )
        if not (_is_number(sample) and 0 <= sample <= 1):
            raise wrong(self, "sample", sample, "Give a share from 0 (none) to 1 (all).")
        if not isinstance(findings, bool):
            raise wrong(self, "findings", findings, "Give True or False.")
        if findings:
            self.wants_tree = self._wants_tree
            self.tree_finished = self._write_findings
        self._slow_ns = None if slow_ms is None else slow_ms * 1e6
        self._share = sample * _WHOLE
        # So that the processes of a server do not all choose the same ones.
        self._salt = token_hex(8)

    def write(self, level: int, event: str, keys: dict[str, Any]) -> None:
        """Write a line."""
        raise NotImplementedError

    @does_nothing
    def dispatch_started(self, dispatch: Dispatch) -> None:
        """Do nothing: what is written is known at the end."""

    @does_nothing
    def receiver_started(self, call: ReceiverCall) -> None:
        """Do nothing: what is written is known at the end."""

    def dispatch_finished(self, dispatch: Dispatch) -> None:
        """Write ``signal.dispatch``."""
        slow = self._slow_ns
        level = level_of_dispatch(dispatch, self._read_slow() if slow is None else slow)
        if self.enabled(level) and (level > DEBUG or self._samples(dispatch)):
            self._write(level, DISPATCH, keys_of_dispatch, dispatch)

    def receiver_finished(self, call: ReceiverCall) -> None:
        """Write ``signal.receiver``."""
        slow = self._slow_ns
        level = level_of_call(call, self._read_slow() if slow is None else slow)
        if self.enabled(level) and (level > DEBUG or self._samples(call.dispatch)):
            self._write(level, RECEIVER, keys_of_call, call)

    def _wants_tree(self, root: Dispatch) -> bool:
        # Nor is one wanted of what a handler sends while it writes a line of ours.
        return self.enabled(WARNING) and not _writing.get() and self._samples(root)

    def _write_findings(self, tree: Tree) -> None:
        # Another sink may have wanted it.
        root = tree.root
        if root is None or not self._wants_tree(root):
            return
        for each in sightings(tree):
            level = level_of_finding(each.finding)
            if self.enabled(level):
                self._write(level, FINDING, keys_of_finding, each)

    def _write(
        self,
        level: int,
        event: str,
        keys: Callable[[Any], dict[str, Any]],
        record: Any,
    ) -> None:
        if _writing.get():
            # What a handler sends while it writes our line would be written by it in turn.
            return
        token = _writing.set(True)
        try:
            self.write(level, event, {**keys(record), **trace_ids()})
        finally:
            _writing.reset(token)

    def _samples(self, dispatch: Dispatch) -> bool:
        """Tell whether the tree that `dispatch` belongs to is in the sample."""
        if self._share == _WHOLE:
            return True
        while dispatch.parent is not None:
            dispatch = dispatch.parent.dispatch
        # Drawn from the root's number, so that nothing has to be remembered while the tree grows.
        # A hash of text, since that of numbers is so regular that it beats against the program's
        # own rhythm.
        return hash(f"{self._salt} {dispatch.id}") % _WHOLE < self._share

    def _read_slow(self) -> float:
        # Not when the sink is made: that may be while the settings are still being read.
        slow = self._slow_ns = conf.load().slow_ms * 1e6
        return slow


def wrong(sink: LogSink, option: str, value: object, remedy: str) -> ConfigurationError:
    """Return the error that names an option of `sink`, what it got, and the remedy."""
    plain = value is None or isinstance(value, (str, int, float))
    shown = repr(value) if plain else f"a value of type {dotted_name(type(value))}"
    return ConfigurationError(f"{type(sink).__name__} got {option}={shown}. {remedy}")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
