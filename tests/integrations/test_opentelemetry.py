"""Signals in a trace: which spans there are, where they hang, and what the program sees of them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import threading
from pathlib import Path

import pytest

pytest.importorskip("opentelemetry.sdk", reason="the group “sdk” is not installed")
pytest.importorskip("opentelemetry.instrumentation", reason="the extra “otel” is not installed")

from asgiref.sync import sync_to_async
from django.core.signals import request_started
from django.db import transaction
from django.db.models.signals import post_init, post_save
from django.dispatch import Signal
from opentelemetry import baggage, context, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased
from opentelemetry.trace import INVALID_SPAN, SpanKind, StatusCode

import signalscope
from signalscope.errors import ConfigurationError
from signalscope.integrations.opentelemetry import SignalscopeInstrumentor, attributes, budget
from signalscope.integrations.opentelemetry.metrics import Metrics
from tests.testapp.models import Note

HERE = __name__
outer, inner, other = Signal(), Signal(), Signal()


class Observer(SpanProcessor):
    """See spans begin, so that they have to be started at once."""

    def __init__(self):
        self.started = []

    def on_start(self, span, parent_context=None):
        self.started.append(span.name)


class Traced:
    """A provider, an instrumentor, and what was exported."""

    def __init__(self, way, **options):
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider(sampler=options.pop("sampler", None))
        self.observer = Observer()
        if way == "live":
            self.provider.add_span_processor(self.observer)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = self.provider.get_tracer("the program")
        self.instrumentor = SignalscopeInstrumentor()
        self.instrumentor.instrument(tracer_provider=self.provider, **options)

    @property
    def spans(self):
        return self.exporter.get_finished_spans()

    def named(self, name):
        (found,) = (span for span in self.spans if span.name.endswith(name))
        return found

    def parents(self):
        """Return ``{name: its parent's name}``, each without its module."""
        names = {span.context.span_id: short(span.name) for span in self.spans}
        assert len(set(names.values())) == len(names), "a name is not unique"
        return {
            short(span.name): None if span.parent is None else names[span.parent.span_id]
            for span in self.spans
        }


def short(name):
    return name.removeprefix(f"{HERE}.").rpartition("<locals>.")[2]


@pytest.fixture(params=["late", "live"])
def traced(request):
    """Return what switches the instrumentor on, in either way that it makes spans."""
    made = []

    def switch_on(**options):
        made.append(Traced(request.param, **options))
        return made[-1]

    switch_on.way = request.param
    yield switch_on
    for each in made:
        if each.instrumentor.is_instrumented_by_opentelemetry:
            each.instrumentor.uninstrument()
    assert trace.get_current_span() is INVALID_SPAN
    assert not signalscope.is_installed()


@pytest.fixture
def connect():
    """Connect receivers for one test."""
    connected = []

    def connect(signal, receiver, **options):
        signal.connect(receiver, **options)
        connected.append((signal, receiver, options.get("sender")))
        return receiver

    yield connect
    for signal, receiver, sender in connected:
        signal.disconnect(receiver, sender=sender)


def first(sender, **kwargs):
    """Send in turn."""
    inner.send(sender=None)


def second(sender, **kwargs):
    """Do nothing."""


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


class TestWhatIsCurrent:
    """In a receiver its own span; around it what was before."""

    def test_the_program_can_write_to_it(self, traced, connect):
        def writes(sender, **kwargs):
            span = trace.get_current_span()
            assert span.is_recording()
            span.set_attribute("mine", 1)
            span.set_attributes({"more": "x"})
            span.add_event("half way", {"at": 2})
            span.update_name("renamed")
            span.record_exception(ValueError("caught"))
            kept.append(span)

        kept = []
        connect(outer, writes)
        ours = traced()
        outer.send(sender=None)
        span = ours.named("renamed")
        assert span.attributes["mine"] == 1
        assert span.attributes["more"] == "x"
        assert span.attributes["django.signal.receiver.order"] == 0
        assert [event.name for event in span.events] == ["half way", "exception"]
        assert span.events[1].attributes["exception.message"] == "caught"
        assert not kept[0].is_recording()

    def test_it_is_as_before_afterwards(self, traced, connect):
        """The very span, also after an error."""

        def fails(sender, **kwargs):
            raise LookupError

        connect(outer, first)
        connect(outer, fails)
        connect(inner, second)
        ours = traced()
        before = context.get_current()
        with pytest.raises(LookupError):
            outer.send(sender=None)
        assert context.get_current() is before
        with ours.tracer.start_as_current_span("request") as request:
            during = context.get_current()
            with pytest.raises(LookupError):
                outer.send(sender=None)
            assert trace.get_current_span() is request
            assert context.get_current() is during

    def test_what_a_receiver_leaves_behind_stays(self, traced, connect):
        """As it does without us; but its span is not current any more."""

        def leaves(sender, **kwargs):
            context.attach(baggage.set_baggage("left", "behind"))

        connect(outer, leaves)
        ours = traced()
        token = context.attach(context.get_current())
        try:
            with ours.tracer.start_as_current_span("request") as request:
                outer.send(sender=None)
                assert baggage.get_baggage("left") == "behind"
                assert trace.get_current_span() is request
        finally:
            context.detach(token)

    def test_a_thread_of_a_receiver_hangs_under_it(self, traced, connect):
        def works(sender, **kwargs):
            async def hop():
                await sync_to_async(inner.send)(sender=None)

            asyncio.run(hop())

        connect(outer, works)
        connect(inner, second)
        ours = traced()
        outer.send(sender=None)
        assert ours.parents() == {
            "outer": None,
            "works": "outer",
            "inner": "works",
            "second": "inner",
        }

    def test_many_threads_write_to_one_span(self, traced, connect):
        """Nothing of it is lost."""

        def shares(sender, **kwargs):
            span = trace.get_current_span()
            barrier = threading.Barrier(8)

            def write(number):
                barrier.wait()
                span.set_attribute(f"thread.{number}", number)

            threads = [threading.Thread(target=write, args=(each,)) for each in range(8)]
            for each in threads:
                each.start()
            for each in threads:
                each.join()

        connect(outer, shares)
        ours = traced()
        for _ in range(20):
            ours.exporter.clear()
            outer.send(sender=None)
            attributes = ours.named("shares").attributes
            assert {f"thread.{each}" for each in range(8)} <= attributes.keys()

    def test_a_span_of_ours_ends_when_its_call_does(self, traced, connect):
        """Not when the program ends what is current."""
        if traced.way == "live":
            pytest.skip("the tracer's own spans are the tracer's")

        def ends(sender, **kwargs):
            trace.get_current_span().end()

        connect(outer, ends)
        ours = traced()
        outer.send(sender=None)
        assert [short(span.name) for span in ours.spans] == ["ends", "outer"]


class TestAsynchronous:
    """Receivers that run at the same time, from Django 6.1 on in one context."""

    def test_each_has_its_own(self, traced, connect):
        """Whatever the order in which they go on."""

        async def meet(name):
            with ours.tracer.start_as_current_span(f"{name} before"):
                arrived.append(name)
                if len(arrived) == 2:
                    both.set()
                await both.wait()
                trace.get_current_span().set_attribute("of", name)
            await inner.asend(sender=name)
            with ours.tracer.start_as_current_span(f"{name} after"):
                await asyncio.sleep(0)

        async def one(sender, **kwargs):
            await meet("one")
            trace.get_current_span().set_attribute("of", "one")

        async def two(sender, **kwargs):
            await meet("two")
            trace.get_current_span().set_attribute("of", "two")

        async def leaf(sender, **kwargs):
            await asyncio.sleep(0)

        async def main():
            with ours.tracer.start_as_current_span("request") as request:
                await outer.asend(sender=None)
                assert trace.get_current_span() is request
            assert trace.get_current_span() is INVALID_SPAN

        arrived, both = [], asyncio.Event()
        connect(outer, one)
        connect(outer, two)
        connect(inner, leaf, sender="one")
        ours = traced()
        asyncio.run(main())
        names = {span.context.span_id: short(span.name) for span in ours.spans}
        parents = {
            short(span.name): None if span.parent is None else names[span.parent.span_id]
            for span in ours.spans
        }
        assert parents == {
            "request": None,
            "outer": "request",
            "one": "outer",
            "two": "outer",
            "one before": "one",
            "one after": "one",
            "two before": "two",
            "two after": "two",
            "inner one": "one",
            "leaf": "inner one",
        }
        for name in ["one", "two"]:
            assert ours.named(f".{name}").attributes["of"] == name
            assert ours.named(f"{name} before").attributes["of"] == name

    def test_cancelled_ones_end(self, traced, connect):
        async def waits(sender, **kwargs):
            started.set()
            await asyncio.Event().wait()

        async def main():
            task = asyncio.create_task(outer.asend(sender=None))
            await started.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        started = asyncio.Event()
        connect(outer, waits)
        ours = traced()
        asyncio.run(main())
        assert ours.parents() == {"outer": None, "waits": "outer"}
        assert ours.named("waits").status.status_code is StatusCode.ERROR

    def test_one_that_django_leaves_running_is_marked(self, traced, connect):
        """Up to Django 6.0: its span ends with the send, and is current no more."""

        async def fails(sender, **kwargs):
            raise LookupError

        async def goes_on(sender, **kwargs):
            await proceed.wait()
            seen.append(trace.get_current_span().get_span_context().is_valid)
            done.set()

        async def main():
            with pytest.raises(LookupError):
                await outer.asend(sender=None)
            left = [span for span in ours.spans if short(span.name) == "goes_on"]
            proceed.set()
            if left and left[0].attributes.get("django.signal.receiver.unfinished"):
                await done.wait()
                assert seen == [False]

        seen, proceed, done = [], asyncio.Event(), asyncio.Event()
        connect(outer, goes_on)
        connect(outer, fails)
        ours = traced()
        asyncio.run(main())
        assert ours.parents() == {"outer": None, "fails": "outer", "goes_on": "outer"}

    def test_synchronous_ones_beside_them(self, traced, connect):
        async def waits(sender, **kwargs):
            await asyncio.sleep(0)
            ours.tracer.start_span("in waits").end()

        def works(sender, **kwargs):
            ours.tracer.start_span("in works").end()

        connect(outer, waits)
        connect(outer, works)
        ours = traced()
        asyncio.run(outer.asend(sender=None))
        assert ours.parents() == {
            "outer": None,
            "waits": "outer",
            "works": "outer",
            "in waits": "waits",
            "in works": "works",
        }


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


class TestHooks:
    def test_get_span_and_record_before_the_end(self, traced, connect):
        def of_dispatch(span, dispatch):
            span.set_attribute("calls", len(dispatch.calls))

        def of_receiver(span, call):
            span.set_attribute("took", call.duration_ns)

        connect(outer, second)
        ours = traced(dispatch_hook=of_dispatch, receiver_hook=of_receiver)
        outer.send(sender=None)
        assert ours.named("outer").attributes["calls"] == 1
        assert ours.named("second").attributes["took"] > 0

    def test_one_that_raises_is_reported_once(self, traced, connect, caplog):
        """The program does not see it, and the spans are there."""

        def raises(span, record):
            raise RuntimeError("a fault")

        connect(outer, second)
        ours = traced(receiver_hook=raises)
        for _ in range(15):
            assert outer.send(sender=None) == [(second, None)]
        assert len(ours.spans) == 30
        (line,) = (each for each in caplog.records if each.name == "signalscope")
        assert "raises" in line.getMessage()
        assert "a fault" in line.exc_text


class TestMetrics:
    def read(self, reader):
        (of_resource,) = reader.get_metrics_data().resource_metrics
        (of_scope,) = of_resource.scope_metrics
        return {metric.name: metric for metric in of_scope.metrics}

    def test_measure_with_few_attributes(self, traced, connect):
        """Duration, dispatches, errors and recursions."""
        rounds = iter([1])

        def again(sender, **kwargs):
            for _ in rounds:
                outer.send(sender="shop")
            raise LookupError

        reader = InMemoryMetricReader()
        connect(outer, again)
        traced(meter_provider=MeterProvider([reader]))
        with pytest.raises(LookupError):
            outer.send(sender="shop")
        found = self.read(reader)
        common = {"django.signal.name": f"{HERE}.outer", "django.signal.sender": "shop"}
        function = {"code.function.name": again_name(again)}
        duration = found["django.signal.receiver.duration"]
        assert duration.unit == "s"
        (point,) = duration.data.data_points
        assert dict(point.attributes) == common | function
        assert point.count == 2
        assert 0 < point.sum < 60
        (point,) = found["django.signal.dispatches"].data.data_points
        assert dict(point.attributes) == common | {"django.signal.method": "send"}
        assert point.value == 2
        (point,) = found["django.signal.receiver.errors"].data.data_points
        assert dict(point.attributes) == common | function | {"error.type": "LookupError"}
        assert point.value == 2
        (point,) = found["django.signal.recursions"].data.data_points
        assert point.value == 1


class TestSwitching:
    def test_off_while_a_receiver_runs(self, traced, connect):
        """What is current goes back to what it was, and the spans that began are there."""

        def switches(sender, **kwargs):
            ours.instrumentor.uninstrument()
            inner.send(sender=None)

        connect(outer, switches)
        connect(inner, second)
        ours = traced()
        with ours.tracer.start_as_current_span("request") as request:
            outer.send(sender=None)
            assert trace.get_current_span() is request
        assert not signalscope.is_installed()
        assert "inner" not in ours.parents()

    def test_on_while_a_receiver_runs(self, traced, connect):
        def switches(sender, **kwargs):
            made.append(traced())
            inner.send(sender=None)

        made = []
        connect(outer, switches)
        connect(inner, second)
        outer.send(sender=None)
        assert made[0].parents() == {"inner": None, "second": "inner"}

    def test_it_leaves_what_was_installed(self, traced, connect):
        signalscope.install()
        try:
            traced().instrumentor.uninstrument()
            assert signalscope.is_installed()
        finally:
            signalscope.uninstall()

    def test_on_twice_is_one_warning(self, traced, caplog):
        ours = traced()
        ours.instrumentor.instrument(tracer_provider=ours.provider)
        assert [each.levelname for each in caplog.records] == ["WARNING"]

    def test_without_a_provider_nothing_is_done(self, connect):
        """The one that stands in for it makes no spans."""
        instrumentor = SignalscopeInstrumentor()
        instrumentor.instrument(tracer_provider=trace.NoOpTracerProvider())
        connect(outer, lambda **_: seen.append(trace.get_current_span()), weak=False)
        seen = []
        outer.send(sender=None)
        instrumentor.uninstrument()
        outer.receivers.clear()
        outer.sender_receivers_cache.clear()
        assert seen == [INVALID_SPAN]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"max_spnas": 3}, "instrument() takes no 'max_spnas'. Did you mean 'max_spans'?"),
            ({"max_spans": 0}, "instrument() got max_spans=0. Make it None or a whole number"),
            ({"max_spans": True}, "got max_spans=True"),
            ({"min_duration_ms": -1}, "got min_duration_ms=-1. Make it a number, 0 or more"),
            ({"deny": "post_save"}, "got deny='post_save'. Make it a list of signals"),
            ({"allow": [3]}, "got allow=a value of type list. Make it a list of signals"),
            ({"receiver_hook": "hook"}, "got receiver_hook='hook'. Make it a function"),
            ({"tracer_provider": 3}, "got tracer_provider=3. Make it a TracerProvider"),
        ],
    )
    def test_a_wrong_option_is_an_error(self, options, message):
        """It names the option and the remedy, and nothing is installed."""
        instrumentor = SignalscopeInstrumentor()
        with pytest.raises(ConfigurationError) as info:
            instrumentor.instrument(**options)
        assert message in str(info.value)
        assert not instrumentor.is_instrumented_by_opentelemetry
        assert not signalscope.is_installed()

    def test_variables_stand_in(self, traced, connect, monkeypatch):
        monkeypatch.setenv("OTEL_PYTHON_SIGNALSCOPE_DENY", f"{HERE}.inner , nothing")
        monkeypatch.setenv("OTEL_PYTHON_SIGNALSCOPE_MAX_SPANS", "1")
        connect(outer, second)
        connect(inner, second)
        ours = traced()
        inner.send(sender=None)
        assert ours.spans == ()
        outer.send(sender=None)
        assert [span.name for span in ours.spans] == ["outer"]

    @pytest.mark.parametrize("wrong", ["MAX_SPANS=many", "MAX_SPANS=-3", "MIN_DURATION_MS=soon"])
    def test_a_wrong_variable_is_one_line(self, traced, monkeypatch, caplog, wrong):
        name, _, text = f"OTEL_PYTHON_SIGNALSCOPE_{wrong}".partition("=")
        monkeypatch.setenv(name, text)
        outer.connect(second)
        ours = traced()
        outer.send(sender=None)
        outer.disconnect(second)
        assert len(ours.spans) == 2
        (line,) = caplog.records
        assert line.getMessage().startswith(f"{name} is {text!r}, which is left out. Make it ")


def test_the_reference_has_every_name():
    """docs/reference/traces.md, whose tables begin with attributes, events and instruments."""
    page = Path(__file__).parents[2].joinpath("docs/reference/traces.md").read_text("utf-8")
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
