"""What is current while receivers run, also asynchronous ones."""

from __future__ import annotations

import asyncio
import threading

import pytest

pytest.importorskip("opentelemetry.sdk", reason="the group “sdk” is not installed")
pytest.importorskip("opentelemetry.instrumentation", reason="the extra “otel” is not installed")

from asgiref.sync import sync_to_async
from opentelemetry import baggage, context, trace
from opentelemetry.trace import INVALID_SPAN, StatusCode

from tests.integrations.opentelemetry.traced import first, inner, outer, second, short


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
