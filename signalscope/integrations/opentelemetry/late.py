"""Spans of OpenTelemetry's SDK whose content is worked out when somebody asks for it.

A span that is started at once has its name, its place and its attributes made while the program
waits; most of what it costs is that. A `LateSpan` is the SDK's own kind of span without any of
this: a record of ours, and the span around it. It has an identity as soon as something hangs under
it, and becomes a full span the moment that somebody writes to it or, after its end, exports it.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace import Tracer as SDKTracer
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased
from opentelemetry.trace import (
    DEFAULT_TRACE_STATE,
    Link,
    SpanContext,
    Status,
    StatusCode,
    TraceFlags,
)

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
    from collections.abc import Sequence

    from opentelemetry.trace import TraceState

    from signalscope.integrations.opentelemetry.budget import More, Trace
    from signalscope.records import ReceiverCall

__all__ = ["LateSpan", "LateTracer"]

_SILENT: set[type[SpanProcessor]] = {SpanProcessor, SimpleSpanProcessor, BatchSpanProcessor}
"""Classes of processors whose ``on_start`` and ``_on_ending`` do nothing."""

_filling = threading.RLock()

_new = object.__new__


class LateSpan(Span):
    """A span for a record of ours; whatever of it is not there yet is made when it is read."""

    # As long as they are usual, these are the class's, since each one written costs.
    findings: tuple[dict[str, Any], ...] = ()
    """Attributes of the events on what the rules found in it."""
    given: SpanContext | None = None
    """Its identity, from when it is first asked for."""
    is_exported = False
    is_filled = False
    """Whether somebody has written to it, or read more than its identity."""
    is_needed = False
    """Whether one that hangs under it is exported."""
    is_over = False
    links_to: SpanContext | None = None
    more: More | None = None
    own: LateTracer
    record: Dispatch | ReceiverCall
    around: Any
    """The span that it hangs under: a `LateSpan`, or the context of another; None at a root."""
    trace: Trace
    # What the sink keeps of the context in which a receiver runs.
    inside: Any
    outer: Any
    token: Any

    def get_span_context(self) -> SpanContext:
        """Return its identity; of one that was left out, that of the nearest that is exported."""
        given = self.given
        if given is None:
            if self.is_over and not self.is_exported:
                around = self.around
                return around.get_span_context() if type(around) is LateSpan else around
            given = self.own.identify(self)
        return given

    @property
    def context(self) -> SpanContext:
        """Its identity."""
        return self.get_span_context()

    def is_recording(self) -> bool:
        """Tell whether it has not ended."""
        return not self.is_over

    def end(self, end_time: int | None = None) -> None:
        """Do nothing: it ends with what it stands for."""

    def tell(self, attributes: dict[str, Any]) -> bool:
        """Add the event of a finding; False where it was exported, or left out, by now."""
        with _filling:
            if self.is_over and (self.is_filled or not self.is_exported):
                return False
            self.findings = (*self.findings, attributes)
        return True

    def __getattr__(self, name: str) -> Any:
        if name in _FILLED:
            with _filling:
                if not self.is_filled:
                    self._fill()
            return self.__dict__[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _fill(self) -> None:
        record, tracer, around = self.record, self.own.tracer, self.around
        twin = self.own.span(record, around, self.trace)
        Span.__init__(
            twin,
            name=name_of(record),
            context=self.get_span_context(),
            parent=around.get_span_context() if type(around) is LateSpan else around,
            sampler=tracer.sampler,
            resource=tracer.resource,
            attributes=attributes_of(record),
            links=[] if self.links_to is None else [Link(self.links_to)],
            span_processor=tracer.span_processor,
            instrumentation_info=tracer.instrumentation_info,
            limits=self.own.limits,
            instrumentation_scope=self.own.scope,
        )
        twin._start_time = record.started + self.trace.anchor  # noqa: SLF001 - the SDK's
        if self.is_over:
            twin.more = self.more
            twin.findings = self.findings
            twin.conclude()
        # All at once, as others may read meanwhile.
        content = {name: value for name, value in vars(twin).items() if name in _FILLED}
        vars(self).update(content, is_filled=True)

    def conclude(self) -> None:
        """Add to a full span what is known now that it has ended, and close it."""
        record, anchor = self.record, self.trace.anchor
        end_time = anchor + (record.started if record.ended is None else record.ended)
        if type(record) is Dispatch:
            if record.cycle:
                cycle = " → ".join(record.cycle)
                self.add_event(RECURSION, {CYCLE: cycle}, timestamp=record.started + anchor)
        elif record.left_open:
            self.set_attribute(UNFINISHED, value=True)
            end_time = anchor + (record.dispatch.ended or record.started)
        for attributes in self.findings:
            self.add_event(FINDING, attributes, timestamp=end_time)
        if record.error is not None:
            error = record.error
            self.add_event("exception", exception_attributes(error), timestamp=end_time)
            if self._status.status_code is StatusCode.UNSET:
                self.set_status(Status(StatusCode.ERROR, f"{error.type}: {error.message}"))
        if self.more is not None:
            self.set_attributes(self.more.attributes())
        self._end_time = end_time


_FILLED = frozenset(vars(ReadableSpan("probe", resource=Resource.get_empty()))) | {
    "_limits",
    "_lock",
    "_record_end_metrics",
    "_record_exception",
    "_sampler",
    "_set_status_on_exception",
    "_span_processor",
    "_trace_config",
}
"""What the SDK keeps in the ``__dict__`` of a span."""


class LateTracer:
    """Makes late spans for a tracer of the SDK, wherever nobody has to see them begin."""

    kind = LateSpan

    def __init__(self, tracer: SDKTracer) -> None:
        self.tracer = tracer
        self._generate_span_id = tracer.id_generator.generate_span_id
        # These are not public; where a release has no such thing, `of` finds out.
        self.limits: Any = tracer._span_limits  # noqa: SLF001
        self.scope: Any = tracer._instrumentation_scope  # noqa: SLF001
        self._on_end = tracer.span_processor.on_end
        sampler = tracer.sampler
        parents = type(sampler) is ParentBased
        root = sampler._root if parents else sampler  # type: ignore[attr-defined] # noqa: SLF001
        self.takes_roots: bool = root is ALWAYS_ON
        local = sampler._local_parent_sampled if parents else sampler  # type: ignore[attr-defined] # noqa: SLF001
        self.takes_local: bool = local is ALWAYS_ON
        remote = sampler._remote_parent_sampled if parents else sampler  # type: ignore[attr-defined] # noqa: SLF001
        self.takes_remote: bool = remote is ALWAYS_ON
        self.drops_unsampled: bool = parents and all(
            each is ALWAYS_OFF
            for each in (sampler._local_parent_not_sampled, sampler._remote_parent_not_sampled)  # type: ignore[attr-defined] # noqa: SLF001
        )
        self._is_enabled = getattr(tracer, "_is_enabled", _always)
        self._known: Sequence[Any] | None = None

    @classmethod
    def of(cls, tracer: Any, provider: Any) -> LateTracer | None:
        """Return what makes late spans for `tracer`; None where that cannot be."""
        if type(tracer) is not SDKTracer or not isinstance(provider, TracerProvider):
            return None
        counted = os.environ.get("OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED", "")
        if counted.strip().lower() == "true":
            return None  # the SDK is to count the spans that it starts
        try:
            found = cls(tracer)
            found.is_unseen()
        except AttributeError:
            return None
        return found

    def is_unseen(self) -> bool:
        """Tell whether no processor has to see a span begin, and the tracer is switched on."""
        processors = self.tracer.span_processor._span_processors  # noqa: SLF001
        if processors is not self._known:
            silent = all(
                type(each).on_start in _SILENT_STARTS
                and getattr(type(each), "_on_ending", None) in _SILENT_ENDINGS
                for each in processors
            )
            if not silent:
                return False
            self._known = processors
            # One needs nobody to hand it on.
            alone = processors[0] if len(processors) == 1 else self.tracer.span_processor
            self._on_end = alone.on_end
        return bool(self._is_enabled())

    def new_trace(self) -> tuple[int, TraceFlags, TraceState]:
        """Return id, flags and state of a trace that begins."""
        generator = self.tracer.id_generator
        flags = int(TraceFlags.SAMPLED)
        is_random = getattr(generator, "is_trace_id_random", None)
        if is_random is not None and is_random():
            flags |= TraceFlags.RANDOM_TRACE_ID
        return generator.generate_trace_id(), TraceFlags(flags), DEFAULT_TRACE_STATE

    def span(self, record: Dispatch | ReceiverCall, around: Any, trace: Trace) -> LateSpan:
        """Return a span for `record`, under `around`."""
        span: LateSpan = _new(LateSpan)
        span.own = self
        span.record = record
        span.around = around
        span.trace = trace
        return span

    def identify(self, span: LateSpan) -> SpanContext:
        """Give a span its identity."""
        trace = span.trace
        parts = trace.trace_id, self._generate_span_id(), False, trace.flags, trace.state
        given = span.given = _new_context(parts)
        return given

    def finish(self, span: LateSpan) -> None:
        """End a span and hand it to the processors."""
        span.is_exported = True
        span.is_over = True
        if span.is_filled:
            span.conclude()
        if span.given is None:
            trace = span.trace
            parts = trace.trace_id, self._generate_span_id(), False, trace.flags, trace.state
            span.given = _new_context(parts)
        self._on_end(span)


def _always() -> bool:
    return True  # before a tracer could be switched off


def _new_context(parts: tuple[int, int, bool, TraceFlags, TraceState]) -> SpanContext:
    return SpanContext(*parts)


def _new_valid_context(parts: tuple[int, int, bool, TraceFlags, TraceState]) -> SpanContext:
    # What its constructor makes of ids that are valid, which ours are, at a third of the time.
    return tuple.__new__(SpanContext, (*parts, True))


_sample = (1, 1, False, TraceFlags(TraceFlags.SAMPLED), DEFAULT_TRACE_STATE)
if tuple(SpanContext(*_sample)) == (*_sample, True):
    _new_context = _new_valid_context


_SILENT_STARTS = {each.on_start for each in _SILENT}
_SILENT_ENDINGS = {getattr(each, "_on_ending", None) for each in _SILENT}
