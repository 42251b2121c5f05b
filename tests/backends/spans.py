"""Spans and metrics as they came over the wire, as plain data."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
        ExportMetricsServiceRequest,
    )
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
        ExportTraceServiceRequest,
    )
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue


@dataclass(frozen=True)
class Event:
    """Something that a span noted; `time` is nanoseconds since 1970."""

    name: str
    time: int
    attributes: dict[str, Any] = field(hash=False)


@dataclass(frozen=True)
class Span:
    """One span; `parent_id` is empty at the root of a trace, times are nanoseconds since 1970."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: int
    start: int
    end: int
    status: int
    status_message: str
    scope: str
    attributes: dict[str, Any] = field(hash=False)
    resource: dict[str, Any] = field(hash=False)
    events: tuple[Event, ...] = ()
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Point:
    """One data point of a metric. A histogram has `count` and `total`, a counter a `total`."""

    name: str
    unit: str
    kind: str
    count: int
    total: float
    attributes: dict[str, Any] = field(hash=False)


class Forest:
    """Spans by what they hang under."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.spans = sorted(spans, key=lambda span: span.start)
        self.by_id = {span.span_id: span for span in self.spans}
        self._children: dict[str, list[Span]] = defaultdict(list)
        for span in self.spans:
            self._children[span.parent_id].append(span)

    def children(self, span: Span) -> list[Span]:
        """Return what hangs directly under `span`, as it started."""
        return self._children[span.span_id]

    def parent(self, span: Span) -> Span | None:
        """Return what `span` hangs under; None at a root, and where that is not among these."""
        return self.by_id.get(span.parent_id)

    def ancestors(self, span: Span) -> list[str]:
        """Return the names of all that `span` hangs under, from the nearest."""
        names = []
        parent = self.parent(span)
        while parent is not None:
            names.append(parent.name)
            parent = self.parent(parent)
        return names

    def roots(self) -> list[Span]:
        """Return the spans whose parent is not among these."""
        return [span for span in self.spans if span.parent_id not in self.by_id]

    def named(self, name: str) -> list[Span]:
        """Return the spans of that name."""
        return [span for span in self.spans if span.name == name]


def spans_of(request: ExportTraceServiceRequest) -> list[Span]:
    """Return all spans of an export."""
    return [
        Span(
            trace_id=span.trace_id.hex(),
            span_id=span.span_id.hex(),
            parent_id=span.parent_span_id.hex(),
            name=span.name,
            kind=span.kind,
            start=span.start_time_unix_nano,
            end=span.end_time_unix_nano,
            status=span.status.code,
            status_message=span.status.message,
            scope=scoped.scope.name,
            attributes=plain(span.attributes),
            resource=plain(resourced.resource.attributes),
            events=tuple(
                Event(event.name, event.time_unix_nano, plain(event.attributes))
                for event in span.events
            ),
            links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
        )
        for resourced in request.resource_spans
        for scoped in resourced.scope_spans
        for span in scoped.spans
    ]


def points_of(request: ExportMetricsServiceRequest) -> list[Point]:
    """Return the data points of all histograms and sums of an export."""
    points = []
    for resourced in request.resource_metrics:
        for scoped in resourced.scope_metrics:
            for metric in scoped.metrics:
                kind = metric.WhichOneof("data")
                for point in getattr(metric, kind).data_points:
                    histogram = kind == "histogram"
                    points.append(
                        Point(
                            name=metric.name,
                            unit=metric.unit,
                            kind=kind,
                            count=point.count if histogram else 0,
                            total=point.sum if histogram else point.as_int or point.as_double,
                            attributes=plain(point.attributes),
                        )
                    )
    return points


def plain(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    """Return attributes as a dict of Python's own values."""
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    if kind == "kvlist_value":
        return plain(value.kvlist_value.values)
    return getattr(value, kind)
