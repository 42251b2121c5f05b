"""Which spans there are, where they hang, and what they say."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

pytest.importorskip("opentelemetry.sdk", reason="the group “sdk” is not installed")
pytest.importorskip("opentelemetry.instrumentation", reason="the extra “otel” is not installed")

from django.db import transaction
from django.db.models.signals import post_save
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

import signalscope
from signalscope.integrations.opentelemetry import attributes, budget
from signalscope.integrations.opentelemetry.metrics import Metrics
from tests.integrations.opentelemetry.traced import first, inner, outer, second, short
from tests.testapp.models import Note


class TestSpans:
    def test_hang_as_the_calls_do(self, traced, connect):
        """Dispatch, receiver, what it sends, and the spans of others in between."""

        def sends(sender, **kwargs):
            with ours.tracer.start_as_current_span("in the receiver"):
                inner.send(sender=None)

        connect(outer, sends)
        connect(outer, second)
        connect(inner, leaf := lambda **_: ours.tracer.start_span("leaf").end())
        assert leaf
        ours = traced()
        with ours.tracer.start_as_current_span("request"):
            outer.send(sender=None)
        assert ours.parents() == {
            "request": None,
            "outer": "request",
            "sends": "outer",
            "second": "outer",
            "in the receiver": "sends",
            "inner": "in the receiver",
            "<lambda>": "inner",
            "leaf": "<lambda>",
        }
        assert len({span.context.trace_id for span in ours.spans}) == 1

    def test_begin_a_trace_where_there_is_none(self, traced, connect):
        connect(outer, first)
        connect(inner, second)
        ours = traced()
        outer.send(sender=None)
        outer_is = ours.named("outer")
        assert outer_is.parent is None
        assert outer_is.context.trace_flags.sampled
        outer.send(sender=None)
        assert len({span.context.trace_id for span in ours.spans}) == 2

    @pytest.mark.django_db
    def test_tell_what_the_recording_knows(self, traced, connect):
        """Names, attributes, places, order and times, span by span."""
        connect(post_save, first, sender=Note)
        connect(post_save, second, sender=Note)
        connect(inner, third := lambda **_: None)
        assert third
        ours = traced()
        with signalscope.record() as recording:
            Note.objects.create(title="x")
        (saved, sent) = recording.walk()
        spans = {short(span.name): span for span in ours.spans}
        assert spans.keys() == {"post_save testapp.Note", "first", "second", "inner", "<lambda>"}
        for dispatch, name in [(saved, "post_save testapp.Note"), (sent, "inner")]:
            attributes = dict(spans[name].attributes)
            assert attributes.pop("django.signal.sender", None) == dispatch.sender_name
            assert attributes == {
                "django.signal.name": dispatch.signal_name,
                "django.signal.method": "send",
                "django.signal.depth": dispatch.depth,
                "django.signal.recursive": False,
                "code.file.path": dispatch.location.file,
                "code.line.number": dispatch.location.line,
            }
            for call in dispatch.calls:
                span = spans[short(call.receiver_name)]
                attributes = dict(span.attributes)
                assert span.name == call.receiver_name
                assert attributes.pop("django.signal.sender", None) == dispatch.sender_name
                assert attributes == {
                    "django.signal.name": dispatch.signal_name,
                    "django.signal.receiver.order": call.order,
                    "code.function.name": call.receiver_name,
                    "code.file.path": call.file,
                    "code.line.number": call.line,
                }
                around = spans[name]
                assert around.start_time <= span.start_time
                assert span.start_time <= span.end_time <= around.end_time
                if traced.way == "late":
                    assert span.end_time - span.start_time == call.duration_ns
        for span in spans.values():
            assert span.kind is SpanKind.INTERNAL
            assert span.status.status_code is StatusCode.UNSET
            assert span.instrumentation_scope.name == "signalscope"
            assert span.instrumentation_scope.version == signalscope.__version__

    def test_times_are_of_the_clock_of_others(self, traced, connect):
        """Within the span that is around them."""
        connect(outer, second)
        ours = traced()
        for _ in range(3):
            with ours.tracer.start_as_current_span("request"):
                outer.send(sender=None)
            request, sent = ours.spans[-1], ours.spans[-2]
            apart = 20_000_000  # the two clocks are read one after the other
            assert request.start_time - apart < sent.start_time <= sent.end_time
            assert sent.end_time < request.end_time + apart

    def test_as_text_they_are_whole(self, traced, connect):
        """What a console exporter prints."""
        connect(outer, second)
        ours = traced()
        outer.send(sender=None)
        text = ours.named("second").to_json()
        assert '"django.signal.receiver.order": 0' in text
        assert '"status_code": "UNSET"' in text

    def test_errors_are_their_status(self, traced, connect):
        """That of a receiver, and of the send that passes it on."""

        def fails(sender, **kwargs):
            raise LookupError("gone")

        connect(outer, fails)
        ours = traced()
        with pytest.raises(LookupError):
            outer.send(sender=None)
        for name in ["fails", "outer"]:
            span = ours.named(name)
            assert span.status.status_code is StatusCode.ERROR
            assert span.status.description == "LookupError: gone"
            (event,) = span.events
            assert event.name == "exception"
            assert dict(event.attributes) == {
                "exception.type": "LookupError",
                "exception.message": "gone",
            }

    def test_errors_that_a_robust_send_keeps_are_seen(self, traced, connect):
        """On the receiver; the send did what it should."""

        def fails(sender, **kwargs):
            raise LookupError("gone")

        connect(outer, fails)
        ours = traced()
        logging.getLogger("django.dispatch").disabled = True
        try:
            outer.send_robust(sender=None)
        finally:
            logging.getLogger("django.dispatch").disabled = False
        assert ours.named("fails").status.status_code is StatusCode.ERROR
        assert ours.named("outer").status.status_code is StatusCode.UNSET

    def test_a_status_of_the_program_stays(self, traced, connect):
        def fails(sender, **kwargs):
            trace.get_current_span().set_status(StatusCode.ERROR, "as I say")
            raise LookupError("gone")

        connect(outer, fails)
        ours = traced()
        with pytest.raises(LookupError):
            outer.send(sender=None)
        if traced.way == "late":
            assert ours.named("fails").status.description == "as I say"

    def test_recursion_is_an_event_with_its_cycle(self, traced, connect):
        """And an attribute to search for."""
        rounds = iter([1])

        def again(sender, **kwargs):
            for _ in rounds:
                outer.send(sender=None)

        connect(outer, again)
        ours = traced()
        outer.send(sender=None)
        deep, shallow = (span for span in ours.spans if span.name == "outer")
        assert deep.attributes["django.signal.recursive"] is True
        assert deep.attributes["django.signal.depth"] == 1
        (event,) = deep.events
        assert event.name == "django.signal.recursion"
        assert event.attributes["django.signal.cycle"] == f"outer → {again_name(again)} → outer"
        assert shallow.attributes["django.signal.recursive"] is False
        assert not shallow.events

    @pytest.mark.django_db(transaction=True)
    def test_what_runs_on_commit_links_to_who_asked(self, traced, connect):
        """It hangs under what is current then."""

        def asks(sender, **kwargs):
            transaction.on_commit(lambda: inner.send(sender=None))

        connect(outer, asks)
        connect(inner, second)
        ours = traced()
        with ours.tracer.start_as_current_span("request"), transaction.atomic():
            outer.send(sender=None)
        assert ours.parents()["inner"] == "request"
        (link,) = ours.named("inner").links
        assert link.context.span_id == ours.named("asks").context.span_id
        assert not ours.named("second").links


def again_name(function):
    return f"{function.__module__}.{function.__qualname__}"


PAGE = Path(__file__).parents[3] / "docs" / "reference" / "traces.md"


@pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not here")
def test_the_reference_has_every_name():
    """Its tables begin with attributes, events and instruments."""
    page = PAGE.read_text("utf-8")
    shown = set(re.findall(r"`((?:django|code|error|exception)\.[a-z._]+)`", page))
    shown.discard("django.db.models.signals.post_save")
    constants = {
        value
        for module in (attributes, budget)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str)
    }
    made = set()

    class Meter:
        def create_counter(self, name, **_):
            made.add(name)

        create_histogram = create_counter

    class Provider:
        def get_meter(self, *_):
            return Meter()

    Metrics(Provider()).look()
    assert shown == constants | made
