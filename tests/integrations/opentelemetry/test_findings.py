"""Findings in a trace: events of the span they were seen in first, else of the root's span."""

from __future__ import annotations

import logging

import pytest

pytest.importorskip("opentelemetry.sdk", reason="the group “sdk” is not installed")
pytest.importorskip("opentelemetry.instrumentation", reason="the extra “otel” is not installed")

from django.dispatch import Signal
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

import signalscope
from signalscope import patching, sightings
from signalscope.integrations.logging import LoggingSink
from signalscope.integrations.opentelemetry import SignalscopeInstrumentor
from tests.programs import two_tasks

FINDING = "django.signal.finding"
HERE = __name__
outer, inner = Signal(), Signal()


class Instance:
    pk = 1


def again(instance, level=0, **_):
    """Send its own signal twice more, each inside of the other."""
    if level < 2:
        outer.send(sender=type(instance), instance=instance, level=level + 1)


def fails(**_):
    """Raise."""
    raise ValueError("no paper")


def sends(**_):
    """Send another signal."""
    inner.send_robust(sender=int)


def works(**_):
    """Return."""


def told(spans):
    """Return ``(name of the span, id of the finding)`` for each event."""
    return [
        (span.name.removeprefix(f"{HERE}."), event.attributes[f"{FINDING}.id"])
        for span in spans
        for event in span.events
        if event.name == FINDING
    ]


@pytest.fixture
def queued():
    """Return what switches the instrumentor on before a queue; what is exported is read last."""
    switched = []

    def switch_on(**options):
        exporter, provider = InMemorySpanExporter(), TracerProvider()
        provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=3_600_000))
        SignalscopeInstrumentor().instrument(tracer_provider=provider, **options)
        switched.append(provider)

        def export():
            provider.force_flush()
            return exporter.get_finished_spans()

        return export

    yield switch_on
    SignalscopeInstrumentor().uninstrument()
    for provider in switched:
        provider.shutdown()


class TestBeforeAQueue:
    """As programs export: a span takes events for some time after its end."""

    def test_on_the_receiver_call_that_it_is_about(self, queued, connect):
        connect(outer, sends)
        connect(inner, works)
        connect(inner, fails)
        export = queued()
        outer.send(sender=str)
        spans = export()
        assert told(spans) == [("fails", "W105")]
        (span,) = (span for span in spans if span.name.endswith("fails"))
        event = next(event for event in span.events if event.name == FINDING)
        message = event.attributes[f"{FINDING}.message"]
        assert message.startswith(f"{HERE}.fails raised ValueError: no paper, once")
        assert dict(event.attributes) == {
            "django.signal.finding.id": "W105",
            "django.signal.finding.name": "swallowed-error",
            "django.signal.finding.severity": "warning",
            "django.signal.finding.message": message,
            "django.signal.finding.count": 1,
            "django.signal.name": f"{HERE}.inner",
            "django.signal.sender": "int",
            "code.function.name": f"{HERE}.fails",
        }
        assert span.start_time <= event.timestamp <= span.end_time

    def test_a_recursion_on_the_call_that_was_entered_again(self, queued, connect):
        connect(outer, again)
        export = queued()
        outer.send(sender=Instance, instance=Instance())
        spans = export()
        assert told(spans) == [("again", "W101")]
        # As they ended, from within.
        _, entered_again, _ = (span for span in spans if span.name.endswith("again"))
        assert [event.name for event in entered_again.events] == [FINDING]

    def test_two_roots_in_two_tasks(self, queued, connect):
        """Each finding in the trace that it was in."""

        async def sends(_):
            inner.send_robust(sender=None)

        meets, send = two_tasks(outer, sends)
        connect(outer, meets)
        connect(inner, fails)
        export = queued()
        send()
        spans = export()
        assert told(spans) == [("fails", "W105")] * 2
        failed = [span for span in spans if span.name.endswith("fails")]
        assert len({span.context.trace_id for span in failed}) == 2

    def test_one_that_was_left_out_as_short(self, queued, connect):
        """The root's span has it, and so is not left out itself."""
        connect(outer, again)
        export = queued(min_duration_ms=60_000)
        outer.send(sender=Instance, instance=Instance())
        spans = export()
        assert told(spans) == [(f"outer {HERE}.Instance", "W101")]
        assert len(spans) == 1

    def test_one_that_a_hook_has_written_to(self, queued, connect):
        """It is over with its end; the span of its dispatch is not."""
        connect(outer, sends)
        connect(inner, fails)
        export = queued(receiver_hook=lambda span, call: span.set_attribute("shop", "harbour"))
        outer.send(sender=None)
        assert told(export()) == [("inner int", "W105")]


class Reading(SpanExporter):
    """Read a span at once, as one does that sends it."""

    def export(self, spans):
        for span in spans:
            span.to_json()
        return SpanExportResult.SUCCESS


class TestAnyWay:
    def test_on_the_root_where_the_call_is_exported(self, traced, connect):
        connect(outer, sends)
        connect(inner, fails)
        ours = traced()
        ours.provider.add_span_processor(SimpleSpanProcessor(Reading()))
        outer.send(sender=None)
        assert told(ours.spans) == [("outer", "W105")]
        event = next(event for event in ours.named("outer").events if event.name == FINDING)
        assert event.attributes["code.function.name"] == f"{HERE}.fails"
        assert event.attributes["django.signal.name"] == f"{HERE}.inner"

    def test_on_the_root_where_the_call_got_no_span(self, traced, connect):
        """Nothing is told on a span of somebody else's, where the root has none either."""
        connect(outer, sends)
        connect(inner, fails)
        ours = traced(max_spans=2)
        with ours.tracer.start_as_current_span("request"):
            outer.send(sender=None)
            outer.send(sender=None)
        assert told(ours.spans) == [("outer", "W105")]
        assert len(ours.spans) == 3

    def test_a_trace_that_is_not_sampled(self, traced, connect, monkeypatch):
        """No tree is kept."""
        monkeypatch.setattr(
            "signalscope.recorder.dispatching.Tree",
            lambda *_: pytest.fail("a tree was kept for nobody"),
        )
        connect(outer, fails)
        ours = traced(sampler=ALWAYS_OFF)
        outer.send_robust(sender=None)
        assert patching.recorder.sinks.asks_for_trees
        assert ours.spans == ()

    def test_silenced(self, traced, connect, settings):
        settings.SIGNALSCOPE = {"SLOW_MS": 600_000, "SILENCED": ["W105"]}
        connect(outer, fails)
        ours = traced()
        outer.send_robust(sender=None)
        assert len(ours.spans) == 2
        assert told(ours.spans) == []

    def test_switched_off(self, traced, connect, monkeypatch):
        """By the option, or by the variable."""
        connect(outer, fails)
        monkeypatch.setenv("OTEL_PYTHON_SIGNALSCOPE_FINDINGS", "False")
        ours = traced()
        assert not patching.recorder.sinks.asks_for_trees
        outer.send_robust(sender=None)
        assert told(ours.spans) == []
        ours.instrumentor.uninstrument()
        ours.instrumentor.instrument(tracer_provider=ours.provider, findings=True)
        outer.send_robust(sender=None)
        assert [found for _, found in told(ours.spans)] == ["W105"]

    def test_a_signal_that_is_not_traced(self, traced, connect):
        """A log may hear of it; the trace does not."""
        connect(outer, sends)
        connect(inner, fails)
        ours = traced(deny=[inner])
        signalscope.add_sink(sink := LoggingSink())
        try:
            outer.send(sender=None)
        finally:
            signalscope.remove_sink(sink)
        assert len(ours.spans) == 2
        assert told(ours.spans) == []

    def test_diagnosed_once_beside_a_log(self, traced, connect, monkeypatch, caplog):
        calls = []
        diagnose = sightings.diagnose
        monkeypatch.setattr(
            sightings, "diagnose", lambda *a, **k: calls.append(1) or diagnose(*a, **k)
        )
        caplog.set_level(logging.DEBUG, "signalscope.signals")
        connect(outer, fails)
        ours = traced()
        signalscope.add_sink(sink := LoggingSink())
        try:
            outer.send_robust(sender=None)
        finally:
            signalscope.remove_sink(sink)
        assert len(calls) == 1
        assert [found for _, found in told(ours.spans)] == ["W105"]
        assert "signal.finding" in caplog.messages
