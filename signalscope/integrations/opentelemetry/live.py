"""Spans that are started at once, by whatever tracer there is: the general way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.trace import Link, Status, StatusCode

from signalscope.integrations.opentelemetry.attributes import (
    CYCLE,
    FINDING,
    RECURSION,
    UNFINISHED,
    attributes_of,
    exception_attributes,
    name_of,
)
from signalscope.records import Dispatch

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, SpanContext, Tracer

    from signalscope.integrations.opentelemetry.budget import More, Trace
    from signalscope.records import ReceiverCall

__all__ = ["LiveSpan"]


class LiveSpan:
    """A span of the tracer's own, and what the sink keeps with it."""

    __slots__ = ("inside", "is_exported", "is_over", "more", "outer", "span", "token", "trace")

    inside: Any
    outer: Any
    token: Any

    def __init__(
        self,
        tracer: Tracer,
        record: Dispatch | ReceiverCall,
        trace: Trace | None,
        *,
        context: Context | None = None,
        link: SpanContext | None = None,
    ) -> None:
        self.trace: Trace | None = trace
        self.more: More | None = None
        self.is_over: bool = False
        self.is_exported: bool = True
        self.span: Span = tracer.start_span(
            name_of(record),
            context=context,
            attributes=attributes_of(record),
            links=[] if link is None else [Link(link)],
        )
        if isinstance(record, Dispatch) and self.span.is_recording() and record.recursive:
            self.span.add_event(RECURSION, {CYCLE: " → ".join(record.cycle)})

    @classmethod
    def passing(cls, span: Span, trace: Trace) -> LiveSpan:
        """Return what makes `span`, which is not recorded, current for a receiver too."""
        passing = object.__new__(cls)
        passing.span, passing.trace, passing.more = span, trace, None
        passing.is_over = passing.is_exported = False
        return passing

    def tell(self, attributes: dict[str, Any]) -> bool:
        """Add the event of a finding; False where it has ended, or nobody records it."""
        if self.is_over or not self.span.is_recording():
            return False
        self.span.add_event(FINDING, attributes)
        return True

    def finish(self, record: Dispatch | ReceiverCall) -> None:
        """End the span, with what is known by now."""
        self.is_over = True
        span = self.span
        if span.is_recording():
            if not isinstance(record, Dispatch) and record.left_open:
                span.set_attribute(UNFINISHED, value=True)
            error = record.error
            if error is not None:
                span.add_event("exception", exception_attributes(error))
                span.set_status(Status(StatusCode.ERROR, f"{error.type}: {error.message}"))
            if self.more is not None:
                span.set_attributes(self.more.attributes())
            span.end()
