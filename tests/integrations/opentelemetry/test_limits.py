"""What gets no span: what is not sampled, over a limit, or short."""

from __future__ import annotations

import contextlib

import pytest

pytest.importorskip("opentelemetry.sdk", reason="the group “sdk” is not installed")
pytest.importorskip("opentelemetry.instrumentation", reason="the extra “otel” is not installed")

from django.core.signals import request_started
from django.db.models.signals import post_init
from opentelemetry import context, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased

import signalscope
from tests.integrations.opentelemetry.traced import (
    HERE,
    Observer,
    first,
    inner,
    other,
    outer,
    second,
    short,
)
from tests.testapp.models import Note


class TestSampling:
    def test_nothing_below_what_is_not_sampled(self, traced, connect):
        connect(outer, first)
        connect(inner, second)
        ours = traced(sampler=ParentBased(ALWAYS_OFF))
        with ours.tracer.start_as_current_span("request") as request:
            assert not request.is_recording()
            outer.send(sender=None)
        assert ours.spans == ()

    def test_a_root_that_is_left_out_leaves_out_all_that_is_below(self, traced, connect):
        """The sampler is asked for the root alone."""
        asked = []

        class Off(TraceIdRatioBased):
            def should_sample(self, parent_context, trace_id, name, *args, **kwargs):
                asked.append(name)
                return super().should_sample(parent_context, trace_id, name, *args, **kwargs)

        def starts(sender, **kwargs):
            with ours.tracer.start_as_current_span("in the receiver") as span:
                assert not span.is_recording()
                inner.send(sender=None)

        connect(outer, starts)
        connect(inner, second)
        ours = traced(sampler=ParentBased(Off(0)))
        outer.send(sender=None)
        assert ours.spans == ()
        assert asked == ["outer"]

    def test_a_sampler_of_the_program_is_asked(self, traced, connect):
        """With name and attributes, for each span."""
        asked = []

        class Picky(TraceIdRatioBased):
            def should_sample(
                self, parent_context, trace_id, name, kind=None, attributes=None, *args, **kwargs
            ):
                asked.append((short(name), attributes.get("django.signal.depth")))
                return super().should_sample(parent_context, trace_id, name, *args, **kwargs)

        connect(outer, second)
        ours = traced(sampler=Picky(1))
        outer.send(sender=None)
        assert asked == [("outer", 0), ("second", None)]
        assert ours.parents() == {"outer": None, "second": "outer"}

    def test_a_processor_sees_spans_begin(self, traced, connect):
        """Where it wants to; also one that is added later."""
        connect(outer, second)
        ours = traced()
        late = Observer()
        ours.provider.add_span_processor(late)
        outer.send(sender=None)
        assert [short(name) for name in late.started] == ["outer", "second"]

    def test_a_remote_parent(self, traced, connect):
        """Of a request that another service has sent."""
        connect(outer, second)
        ours = traced()
        remote = trace.SpanContext(7, 8, is_remote=True, trace_flags=trace.TraceFlags(1))
        token = context.attach(trace.set_span_in_context(trace.NonRecordingSpan(remote)))
        outer.send(sender=None)
        context.detach(token)
        assert ours.named("outer").parent.span_id == 8
        assert {span.context.trace_id for span in ours.spans} == {7}


class TestLimits:
    def test_what_is_over_the_budget_is_summed_up(self, traced, connect):
        """On the span around it."""

        def floods(sender, **kwargs):
            for _ in range(10):
                inner.send(sender=None)

        connect(outer, floods)
        connect(inner, first_leaf := lambda **_: None)
        connect(inner, second)
        assert first_leaf
        ours = traced(max_spans=5)
        outer.send(sender=None)
        assert len(ours.spans) == 5  # outer, floods, and one inner with both
        attributes = ours.named("floods").attributes
        assert attributes["django.signal.suppressed.calls"] == 18
        assert attributes["django.signal.suppressed.receivers"] == 2
        assert 0 < attributes["django.signal.suppressed.duration"] < 60
        summary = attributes["django.signal.suppressed.summary"]
        assert summary.startswith("and 18 more of 2 receivers, ")
        assert summary.endswith(" ms")

    def test_nested_time_counts_once(self, traced, connect):
        def floods(sender, **kwargs):
            other.send(sender=None)

        def nests(sender, **kwargs):
            inner.send(sender=None)

        connect(outer, floods)
        connect(other, nests)
        connect(inner, second)
        ours = traced(max_spans=2)
        with signalscope.record() as recording:
            outer.send(sender=None)
        attributes = ours.named("floods").attributes
        assert attributes["django.signal.suppressed.calls"] == 2
        (longest,) = recording.calls(nests)
        assert attributes["django.signal.suppressed.duration"] == longest.duration_ns / 1e9

    def test_under_a_span_of_the_program(self, traced, connect):
        """A request with many dispatches, of which each is a root."""
        connect(outer, second)
        ours = traced(max_spans=4)
        with ours.tracer.start_as_current_span("request"):
            for _ in range(10):
                outer.send(sender=None)
        assert len(ours.spans) == 5
        attributes = ours.named("request").attributes
        assert attributes["django.signal.suppressed.calls"] == 8
        outer.send(sender=None)  # another trace
        assert len(ours.spans) == 7

    def test_short_ones_can_be_left_out(self, traced, connect):
        """But not where something hangs under them, or was written, or went wrong."""
        if traced.way == "live":
            pytest.skip("what has begun for others to see is exported")

        def parent(sender, **kwargs):
            ours.tracer.start_span("hangs").end()

        def writer(sender, **kwargs):
            trace.get_current_span().set_attribute("mine", 1)

        def fails(sender, **kwargs):
            raise LookupError

        connect(outer, first)
        connect(inner, parent)
        connect(other, writer)
        ours = traced(
            min_duration_ms=60_000, meter_provider=MeterProvider([InMemoryMetricReader()])
        )
        inner.disconnect(parent)
        connect(inner, second)
        outer.send(sender=None)
        assert ours.spans == ()
        inner.disconnect(second)
        inner.connect(parent)
        inner.send(sender=None)
        other.send(sender=None)
        assert ours.parents() == {
            "hangs": "parent",
            "parent": "inner",
            "inner": None,
            "writer": "other",
            "other": None,
        }
        ours.exporter.clear()
        inner.disconnect(parent)
        connect(outer, fails)
        with pytest.raises(LookupError):
            outer.send(sender=None)
        assert ours.parents() == {"fails": "outer", "outer": None}

    def test_what_hangs_under_one_that_was_left_out_hangs_higher(self, traced, connect):
        """No span names a parent that is never exported."""
        if traced.way == "live":
            pytest.skip("what has begun for others to see is exported")

        def catches(sender, **kwargs):
            with contextlib.suppress(LookupError):
                inner.send(sender=None)

        def fails(sender, **kwargs):
            raise LookupError

        connect(outer, catches)
        connect(inner, fails)
        ours = traced(min_duration_ms=60_000)
        outer.send(sender=None)
        ids = {span.context.span_id for span in ours.spans}
        assert {short(span.name) for span in ours.spans} >= {"fails", "inner"}
        assert all(span.parent is None or span.parent.span_id in ids for span in ours.spans)

    @pytest.mark.django_db
    def test_signals_are_chosen(self, traced, connect):
        connect(outer, second)
        connect(inner, second)
        connect(post_init, second, sender=Note)
        ours = traced(deny=[inner])
        outer.send(sender=None)
        inner.send(sender=None)
        assert ours.parents() == {"outer": None, "second": "outer"}
        ours.instrumentor.uninstrument()
        ours = traced(allow=[f"{HERE}.inn*"])
        outer.send(sender=None)
        inner.send(sender=None)
        assert ours.parents() == {"inner": None, "second": "inner"}
        ours.instrumentor.uninstrument()
        connect(request_started, second)
        ours = traced()
        Note(title="x")
        request_started.send(sender=None)
        assert ours.spans == ()
        ours.instrumentor.uninstrument()
        ours = traced(deny=[])
        request_started.send(sender=None)
        assert "request_started" in [span.name for span in ours.spans]
