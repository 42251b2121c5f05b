"""How many spans one trace may have, and what is told of those it did not get."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from signalscope.naming import ReceiverFacts
    from signalscope.records import ReceiverCall
    from signalscope.values import SavedFacts

__all__ = ["Budgets", "More", "Trace"]

CALLS = "django.signal.suppressed.calls"
RECEIVERS = "django.signal.suppressed.receivers"
DURATION = "django.signal.suppressed.duration"
SUMMARY = "django.signal.suppressed.summary"

_MOST_TRACES = 1024
"""How many traces are remembered; an older one that goes on begins a new budget."""


class More:
    """Receiver calls that got no span, for the span that is nearest around them."""

    __slots__ = ("calls", "duration_ns", "receivers", "under")

    def __init__(self, under: Any = None) -> None:
        self.under: Any = under
        """The span, where it is somebody else's, who does not know when to tell of this."""
        self.calls: int = 0
        self.duration_ns: int = 0
        self.receivers: set[ReceiverFacts | SavedFacts] = set()

    def add(self, call: ReceiverCall) -> None:
        """Count a call that ended."""
        self.calls += 1
        self.receivers.add(call.receiver_facts)
        parent = call.dispatch.parent
        if parent is None or parent.dispatch.span is not self:
            # Else its time is a part of that call's.
            self.duration_ns += call.duration_ns or 0

    def attributes(self) -> dict[str, Any]:
        """Return what the span tells of them; the duration is in seconds."""
        number = len(self.receivers)
        return {
            CALLS: self.calls,
            RECEIVERS: number,
            DURATION: self.duration_ns / 1e9,
            SUMMARY: (
                f"and {self.calls} more of {number} receiver{'' if number == 1 else 's'}, "
                f"{self.duration_ns / 1e6:.3g} ms"
            ),
        }


class Trace:
    """What the spans of one trace have in common."""

    __slots__ = ("anchor", "flags", "left", "more", "state", "trace_id")

    def __init__(self, trace_id: int, flags: Any, state: Any, left: float) -> None:
        self.trace_id: int = trace_id
        self.flags: Any = flags
        self.state: Any = state
        self.left: float = left
        """How many spans it may still get."""
        self.anchor: int = 0
        """Nanoseconds from the recorder's clock to the Unix epoch's."""
        self.more: More | None = None
        """What is over the budget right under a span of somebody else."""

    def more_under(self, span: Any) -> More:
        """Return what counts the calls without a span under `span`, which is not ours."""
        if self.more is None or self.more.under is not span:
            self.more = More(span)
        return self.more


class Budgets:
    """The traces that are under way, by their id."""

    def __init__(self, most: int | None) -> None:
        self._most = float("inf") if most is None else most
        self._traces: dict[int, Trace] = {}
        self._lock = threading.Lock()

    def trace(self, trace_id: int, flags: Any, state: Any) -> Trace:
        """Return the trace of this id."""
        found = self._traces.get(trace_id)
        if found is not None and found.state is state:
            return found
        trace = Trace(trace_id, flags, state, self._most if found is None else found.left)
        with self._lock:
            if len(self._traces) >= _MOST_TRACES:
                del self._traces[next(iter(self._traces))]
            self._traces[trace_id] = trace
        return trace
