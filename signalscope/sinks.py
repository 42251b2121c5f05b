"""The protocol of sinks, and the fence that keeps their faults from the program."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from signalscope.naming import dotted_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from signalscope.records import Dispatch, ReceiverCall

__all__ = ["MAX_FAILURES", "FanOut", "Sink"]

logger = logging.getLogger("signalscope")

MAX_FAILURES = 10
"""A sink that failed this often is dropped."""


@runtime_checkable
class Sink(Protocol):
    """What is told of dispatches and receiver calls as they begin and end.

    The methods run inside the program's own sends, in its threads and tasks, so they should be
    quick. What they raise is logged once to the logger ``signalscope``; after `MAX_FAILURES` of
    them the sink is dropped. The program never sees it.
    """

    def dispatch_started(self, dispatch: Dispatch) -> None:
        """A send found live receivers and is about to call the first."""

    def dispatch_finished(self, dispatch: Dispatch) -> None:
        """The send returned or raised; its duration and error are known."""

    def receiver_started(self, call: ReceiverCall) -> None:
        """A receiver is about to run."""

    def receiver_finished(self, call: ReceiverCall) -> None:
        """A receiver returned or raised; its duration and error are known."""


class FanOut:
    """Tells every sink in turn; each method takes one record."""

    def __init__(self) -> None:
        self.sinks: tuple[Sink, ...] = ()
        self._failures: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.sinks)

    def add(self, sink: Sink) -> None:
        """Tell `sink` from now on; adding it once more changes nothing."""
        if not any(known is sink for known in self.sinks):
            self.sinks = (*self.sinks, sink)

    def remove(self, sink: Sink) -> None:
        """Tell `sink` no more; removing an unknown one changes nothing."""
        self.sinks = tuple(known for known in self.sinks if known is not sink)
        self._failures.pop(id(sink), None)

    def dispatch_started(self, dispatch: Dispatch) -> None:
        """Tell that a dispatch began."""
        self._tell("dispatch_started", dispatch)

    def dispatch_finished(self, dispatch: Dispatch) -> None:
        """Tell that a dispatch ended."""
        self._tell("dispatch_finished", dispatch)

    def receiver_started(self, call: ReceiverCall) -> None:
        """Tell that a receiver call began."""
        self._tell("receiver_started", call)

    def receiver_finished(self, call: ReceiverCall) -> None:
        """Tell that a receiver call ended."""
        self._tell("receiver_finished", call)

    def _tell(self, event: str, record: Dispatch | ReceiverCall) -> None:
        for sink in self.sinks:
            try:
                method: Callable[[Any], None] = getattr(sink, event)
                method(record)
            except Exception as error:  # noqa: BLE001 - the program must not see it
                self._failed(sink, event, error)

    def _failed(self, sink: Sink, event: str, error: Exception) -> None:
        failures = self._failures[id(sink)] = self._failures.get(id(sink), 0) + 1
        name = dotted_name(type(sink))
        if failures == 1:
            logger.error("Sink %s failed in %s", name, event, exc_info=error)
        if failures >= MAX_FAILURES:
            self.remove(sink)
            logger.error("Sink %s failed %d times and was dropped", name, failures)
