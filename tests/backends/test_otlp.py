"""The receiver that the other tests rely on: it keeps everything, and misbehaves when told to."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.trace import Link, StatusCode

from tests.backends.exporting import RESOURCE, span_exporter
from tests.backends.otlp import FAIL, OK, refusing_url

MANY = 2000


def spans_of_hand(exporter):
    """Export a few spans with all that a span can have."""
    provider = TracerProvider(resource=RESOURCE, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("by hand")
    with tracer.start_as_current_span("outer", attributes={"n": 3, "f": 1.5, "b": False}) as outer:
        link = Link(outer.get_span_context())
        with tracer.start_as_current_span("inner", links=[link]) as inner:
            inner.add_event("seen", {"list": ["a", "b"]}, timestamp=inner.start_time + 1)
            inner.set_status(StatusCode.ERROR, "too bad")
    provider.shutdown()


def test_it_keeps_all_that_a_span_has(protocol, receiver):
    """Names, parents, times, attributes, events, links, status, scope and resource."""
    spans_of_hand(span_exporter(receiver.url, protocol))
    outer = receiver.collected.wait_for_span("outer")
    inner = receiver.collected.wait_for_span("inner")
    assert (outer.parent_id, inner.parent_id) == ("", outer.span_id)
    assert outer.trace_id == inner.trace_id
    assert outer.start <= inner.start <= inner.end <= outer.end
    assert outer.attributes == {"n": 3, "f": 1.5, "b": False}
    assert outer.resource["service.name"] == "bookstore"
    assert (inner.scope, inner.status, inner.status_message) == ("by hand", 2, "too bad")
    assert inner.links == ((outer.trace_id, outer.span_id),)
    (event,) = inner.events
    assert (event.name, event.time, event.attributes) == (
        "seen",
        inner.start + 1,
        {"list": ["a", "b"]},
    )
    forest = receiver.collected.forest()
    assert forest.children(outer) == [inner]
    assert forest.ancestors(inner) == ["outer"]


def test_it_loses_nothing(protocol, receiver):
    """Also where much comes at once, in batches and compressed."""
    exporter = span_exporter(receiver.url, protocol)
    provider = TracerProvider(resource=RESOURCE, shutdown_on_exit=False)
    tracer = provider.get_tracer("by hand")
    made = [tracer.start_span(str(number)) for number in range(MANY)]
    for span in made:
        span.end()
    for begin in range(0, MANY, 500):
        assert exporter.export(made[begin : begin + 500]) is SpanExportResult.SUCCESS
    exporter.shutdown()
    come = receiver.collected.wait_for(lambda c: len(c.spans) == MANY and c.spans)
    assert [span.name for span in come] == [str(number) for number in range(MANY)]
    headers = [each.get("content-encoding") for each in receiver.collected.headers]
    assert set(headers) == ({"gzip"} if protocol == "http+gzip" else {None})


def test_it_fails_when_told_to(protocol, receiver, caplog):
    """And keeps nothing then, but counts who came."""
    receiver.answer = FAIL
    exporter = span_exporter(receiver.url, protocol, timeout=0.2)
    spans_of_hand(exporter)
    exporter.shutdown()
    assert receiver.collected.requests > 0
    assert receiver.collected.spans == []
    receiver.answer = OK


@pytest.mark.parametrize(
    ("path", "kind", "encoding", "status"),
    [
        ("/v1/traces", "application/x-protobuf", "identity", 400),
        ("/v1/traces", "application/x-protobuf", "gzip", 400),
        ("/v1/traces", "application/x-protobuf", "deflate", 400),
        ("/v1/traces", "application/x-protobuf", "br", 400),
        ("/v1/traces", "text/plain", "identity", 415),
        ("/elsewhere", "application/x-protobuf", "identity", 404),
    ],
)
def test_it_takes_no_rubbish(http_receiver, path, kind, encoding, status):
    """What it cannot read is refused, and never counted as received."""
    request = urllib.request.Request(  # noqa: S310 - our own server
        http_receiver.url + path,
        b"\xff rubbish",
        {"Content-Type": kind, "Content-Encoding": encoding},
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)  # noqa: S310 - as above
    with refused.value:
        assert refused.value.code == status
    assert http_receiver.collected.spans == []


def test_who_waits_in_vain_is_told_what_came(http_receiver):
    """The error has the names."""
    spans_of_hand(span_exporter(http_receiver.url, "http"))
    with pytest.raises(AssertionError, match=r"2 spans:\n  inner"):
        http_receiver.collected.wait_for(lambda come: len(come.spans) > 2, timeout=0)


def test_nobody_listens_at_the_url_that_refuses():
    """So that a collector that is down can be had."""
    with pytest.raises(urllib.error.URLError, match="refused"):
        urllib.request.urlopen(refusing_url(), timeout=10)  # noqa: S310 - nobody is there
