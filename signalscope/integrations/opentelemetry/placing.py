"""Where the span of a dispatch hangs, and whether there is one left for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import INVALID_SPAN_CONTEXT, TraceFlags

from signalscope.integrations.opentelemetry.budget import Budgets, More, Trace

if TYPE_CHECKING:
    from signalscope.integrations.opentelemetry.late import LateTracer
    from signalscope.integrations.opentelemetry.tracing import Tracing
    from signalscope.records import Dispatch

__all__ = ["Placing"]

_clock = time.perf_counter_ns


class Placing:
    """The part of the sink that gives a dispatch its span: late under a late one, or under another.

    A span is made late, when its receivers have run, wherever nobody can see that it is not there
    yet; else it is live from the begin.
    """

    def __init__(self, tracing: Tracing, max_spans: int | None) -> None:
        self._tracing = tracing
        self._budgets = Budgets(max_spans)
        self._traced: set[Dispatch] = set()
        """Those under way; only within them is a span of ours current anywhere."""

    def _nest(
        self, dispatch: Dispatch, around: Any, trace: Trace, late: LateTracer, link: Any
    ) -> None:
        """Give it a late span, if there is one left."""
        if trace.left <= 0:
            self._over(dispatch, around)
            return
        trace.left -= 1
        span = dispatch.span = late.span(dispatch, around, trace)
        self._traced.add(dispatch)
        if link is not None:
            span.links_to = link

    def _join(self, dispatch: Dispatch, around: Any, late: LateTracer, link: Any) -> None:
        """Give it a late span under one that is not ours, where it is known to be sampled."""
        parent = INVALID_SPAN_CONTEXT if around is None else around.get_span_context()
        flags = parent.trace_flags
        if not parent.is_valid:
            taken = late.takes_roots
        elif flags & TraceFlags.SAMPLED:
            taken = late.takes_remote if parent.is_remote else late.takes_local
        elif late.drops_unsampled:
            return
        else:
            taken = False
        if not taken:
            self._live(dispatch, around, link)
            return
        if parent.is_valid:
            trace = self._budgets.trace(parent.trace_id, flags, parent.trace_state)
        else:
            trace = self._budgets.trace(*late.new_trace())
        if trace.left <= 0:
            dispatch.span = trace.more_under(around)
            return
        # Anew for each, so that a clock that is set shows in no more than one of them.
        trace.anchor = time.time_ns() - _clock()
        self._nest(dispatch, parent if parent.is_valid else None, trace, late, link)

    def _live(self, dispatch: Dispatch, around: Any, link: Any) -> None:
        parent = INVALID_SPAN_CONTEXT if around is None else around.get_span_context()
        trace = None
        if parent.is_valid:
            trace = self._budgets.trace(parent.trace_id, parent.trace_flags, parent.trace_state)
            if trace.left <= 0:
                holder = dispatch.parent
                while holder is not None and holder.span is None:
                    holder = holder.dispatch.parent
                if holder is not None and holder.span.span is around:
                    self._over(dispatch, holder.span)
                else:
                    dispatch.span = trace.more_under(around)
                return
        span = self._tracing.live(dispatch, trace, link=link)
        if trace is None:
            own = span.span.get_span_context()
            span.trace = trace = self._budgets.trace(own.trace_id, own.trace_flags, own.trace_state)
        elif not span.span.is_recording():
            return  # as all that is around it
        dispatch.span = span
        self._traced.add(dispatch)
        trace.left -= 1

    @staticmethod
    def _over(dispatch: Dispatch, around: Any) -> None:
        if around.more is None:
            around.more = More()
        dispatch.span = around.more
