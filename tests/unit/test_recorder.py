"""What a recording holds: which receivers ran, in what order, under what, and how they ended."""

from __future__ import annotations

import asyncio
import gc
import threading
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.dispatch import Signal

import signalscope
from tests.testapp.models import Note


def shape(dispatches):
    """Reduce trees to nested lists of short names."""
    return [
        [dispatch.label]
        + [
            [call.receiver_name.rpartition(".")[2], *shape(call.dispatches)]
            for call in dispatch.calls
        ]
        for dispatch in dispatches
    ]


first = Signal()
second = Signal()
third = Signal()

SENDS = ("send", "send_robust", "asend", "asend_robust")


def emit(method, signal, **kwargs):
    """Send by any of the four methods, from synchronous code."""
    result = getattr(signal, method)(**kwargs)
    return asyncio.run(result) if asyncio.iscoroutine(result) else result


@pytest.fixture
def connect():
    """Connect receivers for one test."""
    connected = []

    def connect(signal, receiver, **kwargs):
        signal.connect(receiver, weak=False, **kwargs)
        connected.append((signal, receiver, kwargs.get("sender")))
        return receiver

    yield connect
    for signal, receiver, sender in connected:
        signal.disconnect(receiver, sender=sender)


class TestTree:
    @pytest.mark.parametrize("method", SENDS)
    def test_receivers_are_recorded_in_the_order_in_which_they_ran(self, connect, method):
        """Each of the four methods records each receiver once, in Django's order."""
        ran = []

        def one(**_):
            ran.append("one")

        def two(**_):
            ran.append("two")

        connect(first, one)
        connect(first, two)
        with signalscope.record() as recording:
            emit(method, first, sender=None)
        (dispatch,) = recording.dispatches
        assert dispatch.method == method
        assert [call.receiver_name.rpartition(".")[2] for call in dispatch.calls] == ran
        assert [call.order for call in dispatch.calls] == [0, 1]
        assert [call.is_async for call in dispatch.calls] == [False, False]

    @pytest.mark.parametrize("method", SENDS)
    def test_what_a_receiver_sends_hangs_under_it(self, connect, method):
        """A dispatch inside a receiver has that receiver's call as its parent."""

        def outer(**_):
            second.send(sender=int)
            second.send(sender=str)

        def inner(**_):
            pass

        connect(first, outer)
        connect(second, inner)
        with signalscope.record() as recording:
            emit(method, first, sender=None)
            second.send(sender=None)
        assert shape(recording.dispatches) == [
            ["first", ["outer", ["second int", ["inner"]], ["second str", ["inner"]]]],
            ["second", ["inner"]],
        ]
        (call,) = recording.calls(outer)
        assert [child.parent for child in call.dispatches] == [call, call]
        assert [dispatch.depth for dispatch in recording.walk()] == [0, 1, 1, 0]

    @pytest.mark.parametrize("method", SENDS)
    def test_async_receivers_that_run_at_once_keep_their_own_children(self, connect, method):
        """Interleaved receivers, their tasks and their threads each find their true parent."""
        arrived: set[str] = set()

        async def ping(**_):
            await meet("ping")
            await second.asend(sender=int)
            await asyncio.create_task(second.asend(sender=float))

        async def pong(**_):
            await meet("pong")
            await sync_to_async(third.send)(sender=str)
            await second.asend(sender=bytes)

        async def meet(name):
            # Both are under way before either goes on.
            arrived.add(name)
            while arrived != {"ping", "pong"}:  # noqa: ASYNC110 - an Event would need the loop
                await asyncio.sleep(0)

        # Asynchronous, as Django 6.1 by itself refuses asends with synchronous receivers that
        # run at once under asyncio.run: the receivers share asgiref's deadlock mark.
        async def leaf(**_):
            await asyncio.sleep(0)

        def sync_leaf(**_):
            pass

        connect(first, ping)
        connect(first, pong)
        connect(second, leaf)
        connect(third, sync_leaf)
        with signalscope.record() as recording:
            emit(method, first, sender=None)
        assert shape(recording.dispatches) == [
            [
                "first",
                ["ping", ["second int", ["leaf"]], ["second float", ["leaf"]]],
                ["pong", ["third str", ["sync_leaf"]], ["second bytes", ["leaf"]]],
            ]
        ]
        assert all(call.is_async for call in recording.dispatches[0].calls)

    def test_an_empty_send_is_no_dispatch(self, connect):
        """Neither a signal without receivers nor one with none for this sender is recorded."""
        connect(second, lambda **_: None, sender=int)
        with signalscope.record() as recording:
            first.send(sender=None)
            second.send(sender=str)
        assert recording.dispatches == []


class TestTimes:
    def test_times_add_up(self, connect):
        """A call's own time is what its dispatches leave of its duration."""

        def outer(**_):
            second.send(sender=None)

        connect(first, outer)
        connect(second, lambda **_: None)
        with signalscope.record() as recording:
            first.send(sender=None)
        (call,) = recording.calls(outer)
        (child,) = call.dispatches
        assert call.self_ns == call.duration_ns - child.duration_ns
        assert 0 < call.duration_ns <= call.dispatch.duration_ns
        assert call.dispatch.started_at.utcoffset().total_seconds() == 0

    def test_a_call_that_waits_is_open_until_it_ends(self, connect):
        """While an async receiver is suspended it has no duration; afterwards it has one."""
        seen = []

        async def patient(**_):
            await asyncio.sleep(0)
            seen.append(recording.calls(patient)[0].duration_ns)

        connect(first, patient)
        with signalscope.record() as recording:
            emit("asend", first, sender=None)
        assert seen == [None]
        assert recording.calls(patient)[0].duration_ns > 0


class TestErrors:
    @pytest.mark.parametrize("method", SENDS)
    @pytest.mark.parametrize("asynchronous", [False, True])
    def test_an_error_is_noted_and_takes_its_way(self, connect, method, asynchronous):
        """The call has the error; the dispatch has it only if the send raised it."""

        def sync_failing(**_):
            raise ValueError("no such book")

        async def async_failing(**_):
            raise ValueError("no such book")

        receiver = connect(first, async_failing if asynchronous else sync_failing)
        with signalscope.record() as recording:
            if "robust" in method:
                (response,) = emit(method, first, sender=None)
                assert isinstance(response[1], ValueError)
            else:
                with pytest.raises(ValueError, match="no such book"):
                    emit(method, first, sender=None)
        (dispatch,) = recording.dispatches
        (call,) = dispatch.calls
        assert call.error == ("ValueError", "no such book")
        assert dispatch.error == (None if "robust" in method else ("ValueError", "no such book"))
        assert call.duration_ns is not None
        assert recording.calls(receiver) == [call]

    def test_a_message_never_runs_code_of_the_program(self, connect):
        """An argument that is no plain value shows as its type."""

        class Touchy:
            def __str__(self):
                raise AssertionError

            __repr__ = __str__

        def failing(**_):
            raise LookupError(Touchy(), 3)

        connect(first, failing)
        with signalscope.record() as recording, pytest.raises(LookupError):
            first.send(sender=None)
        assert recording.dispatches[0].calls[0].error == ("LookupError", "<Touchy>, 3")

    def test_a_cancelled_receiver_is_noted(self, connect):
        """What a cancellation ends has an end and the error."""

        async def endless(**_):
            await asyncio.Event().wait()

        async def main():
            task = asyncio.ensure_future(first.asend(sender=None))
            while not recording.calls(endless):  # noqa: ASYNC110 - nothing tells that it began
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        connect(first, endless)
        with signalscope.record() as recording:
            asyncio.run(main())
        (call,) = recording.calls(endless)
        assert call.error.type == "asyncio.exceptions.CancelledError"
        assert call.dispatch.error.type == "asyncio.exceptions.CancelledError"
        assert call.duration_ns > 0


class TestRecursion:
    def test_a_sender_given_as_text_is_one_whenever_it_is_equal(self, connect):
        """No weak reference tells one string from another."""

        def again(sender, **_):
            if sender == "shop":
                first.send(sender=str(b"shop!", "ascii"))
            elif not seen:
                seen.append(sender)
                first.send(sender=str(b"shop!", "ascii"))

        seen = []
        connect(first, again)
        with signalscope.record() as recording:
            first.send(sender="shop")
        assert [each.recursive for each in recording.walk()] == [False, False, True]

    def test_a_cycle_is_named_from_its_first_entry_back_to_itself(self, connect):
        """Signal, sender and the receivers in between are spelt out."""

        def ping(depth=0, **_):
            second.send(sender=int, depth=depth)

        def pong(depth, **_):
            if depth < 1:
                first.send(sender=str, depth=depth + 1)

        connect(first, ping)
        connect(second, pong)
        with signalscope.record() as recording:
            first.send(sender=str)
        recursive = [dispatch for dispatch in recording.walk() if dispatch.recursive]
        assert [dispatch.label for dispatch in recursive] == ["first str", "second int"]
        here = ping.__module__ + "." + ping.__qualname__.rpartition(".")[0]
        assert recursive[0].cycle == (
            "first str",
            f"{here}.ping",
            "second int",
            f"{here}.pong",
            "first str",
        )
        assert recording.dispatches[0].cycle == ()

    def test_another_sender_is_no_recursion(self, connect):
        """The same signal for another sender is only nested."""

        def once(sender, **_):
            if sender is int:
                first.send(sender=str)

        connect(first, once)
        with signalscope.record() as recording:
            first.send(sender=int)
        assert [dispatch.recursive for dispatch in recording.walk()] == [False, False]


class TestPlaces:
    def test_send_and_receiver_are_located(self, connect):
        """The send is where this test calls it, the receiver where it is defined."""

        def receiver(**_):
            pass

        connect(first, receiver)
        with signalscope.record() as recording:
            first.send(sender=None)  # the line
        (dispatch,) = recording.dispatches
        lines = Path(__file__).read_text().splitlines()
        assert dispatch.location.file == __file__
        assert lines[dispatch.location.line - 1].endswith("# the line")
        assert (dispatch.calls[0].file, dispatch.calls[0].line) == (
            __file__,
            receiver.__code__.co_firstlineno,
        )


class TestScope:
    def test_other_threads_and_contexts_are_not_seen(self, connect):
        """A recording sees what its own context starts, and nothing else."""
        connect(first, lambda **_: None)
        with signalscope.record() as recording:
            thread = threading.Thread(target=first.send, kwargs={"sender": None})
            thread.start()
            thread.join()
        assert recording.dispatches == []

    def test_concurrent_recordings_do_not_mix(self, connect):
        """Each task's recording holds its own sends."""
        connect(first, lambda **_: None)

        async def request(number):
            with signalscope.record() as recording:
                for _ in range(3):
                    await first.asend(sender=f"request {number}")
                    await asyncio.sleep(0)
            return [dispatch.sender_name for dispatch in recording.walk()]

        async def main():
            return await asyncio.gather(*(request(number) for number in range(20)))

        assert asyncio.run(main()) == [[f"request {n}"] * 3 for n in range(20)]

    def test_an_inner_recording_is_a_tree_of_its_own(self, connect):
        """Opened inside a receiver, it begins at depth 0; the outer one sees it all."""
        inner_recordings = []

        def outer(**_):
            with signalscope.record() as inner:
                second.send(sender=None)
            inner_recordings.append(inner)
            second.send(sender=None)

        connect(first, outer)
        connect(second, lambda **_: None)
        with signalscope.record() as recording:
            first.send(sender=None)
        (inner,) = inner_recordings
        assert [(d.label, d.depth, d.parent) for d in inner.walk()] == [("second", 0, None)]
        assert [(d.label, d.depth) for d in recording.walk()] == [
            ("first", 0),
            ("second", 1),
            ("second", 1),
        ]

    def test_a_recording_opened_in_an_async_receiver_lasts_across_its_awaits(self, connect):
        """It belongs to that receiver, however often the receiver is suspended."""
        recordings = {}

        async def ping(**_):
            await observe("ping")

        async def pong(**_):
            await observe("pong")

        async def observe(name):
            async with signalscope.record() as recordings[name]:
                for _ in range(3):
                    await asyncio.sleep(0)
                    await second.asend(sender=name)

        async def leaf(**_):
            pass

        connect(first, ping)
        connect(first, pong)
        connect(second, leaf)
        with signalscope.record() as recording:
            emit("asend", first, sender=None)
        for name, inner in recordings.items():
            assert [dispatch.sender_name for dispatch in inner.walk()] == [name] * 3
        assert [len(call.dispatches) for call in recording.dispatches[0].calls] == [3, 3]

    def test_named_signals_and_senders_narrow_a_recording(self, connect):
        """What hangs under something left out hangs under the nearest kept ancestor."""

        def outer(**_):
            second.send(sender=int)

        def middle(**_):
            third.send(sender=int)

        connect(first, outer)
        connect(second, middle)
        connect(third, lambda **_: None)
        with signalscope.record(first, third) as recording:
            first.send(sender=None)
        assert [(d.label, d.depth) for d in recording.walk()] == [("first", 0), ("third int", 1)]
        assert recording.calls(outer)[0].dispatches == list(recording.walk())[1:]
        with signalscope.record(senders=[int]) as recording:
            first.send(sender=None)
        assert [(d.label, d.depth) for d in recording.walk()] == [
            ("second int", 0),
            ("third int", 1),
        ]

    def test_what_outlives_a_recording_is_not_added_to_it(self, connect):
        """A task that goes on after the block adds only to the recording around it."""
        connect(first, lambda **_: None)

        async def main():
            async with signalscope.record() as recording:
                gate = asyncio.Event()
                late = asyncio.create_task(send_after(gate))
                await first.asend(sender="early")
            gate.set()
            await late
            return recording

        async def send_after(gate):
            await gate.wait()
            await first.asend(sender="late")

        with signalscope.record() as outer:
            recording = asyncio.run(main())
        assert [dispatch.sender_name for dispatch in recording.walk()] == ["early"]
        assert [dispatch.sender_name for dispatch in outer.walk()] == ["early", "late"]


class TestBounds:
    def test_what_finds_no_room_is_counted(self, connect, settings):
        """MAX_RECORDS keeps the first dispatches and counts the rest."""
        settings.SIGNALSCOPE = {"MAX_RECORDS": 3}

        def outer(**_):
            for _ in range(4):
                second.send(sender=None)

        connect(first, outer)
        connect(second, lambda **_: None)
        with signalscope.record() as recording:
            first.send(sender=None)
        assert recording.dropped == 2
        assert len(list(recording.walk())) == 3
        assert "2 more dispatches" in recording.tree()

    def test_denied_signals_are_left_out_unless_named(self, connect, settings):
        """DENY takes objects and patterns; a recording that names the signal sees it."""
        connect(first, lambda **_: None)
        connect(second, lambda **_: None)
        settings.SIGNALSCOPE = {"DENY": [first, "*.second"]}
        with signalscope.record() as recording, signalscope.record(first) as named:
            first.send(sender=None)
            second.send(sender=None)
        assert recording.dispatches == []
        assert [dispatch.label for dispatch in named.walk()] == ["first"]


class TestUnheard:
    @pytest.mark.parametrize("method", SENDS)
    @pytest.mark.parametrize("others", [False, True])
    def test_sends_that_found_no_receiver_are_counted(self, connect, method, others):
        """Be it that the signal has none, or none for this sender; they are no dispatches."""
        if others:
            connect(first, lambda **_: None, sender=Path)
        with signalscope.record() as recording:
            emit(method, first, sender=int)
            emit(method, first, sender=int)
            emit(method, first, sender=None)
        assert recording.dispatches == []
        (name,) = {signal for signal, _ in recording.unheard}
        assert recording.unheard == {(name, "int"): 2, (name, None): 1}
        assert name.endswith("test_recorder.first")
        recording.assert_sent(first, int, times=2)
        recording.assert_not_sent(first, str)
        recording.assert_not_sent(second)
        with pytest.raises(AssertionError, match="to no receiver"):
            recording.assert_not_sent(first)
        again = signalscope.Recording.from_dict(recording.to_dict())
        assert again.unheard == recording.unheard

    def test_only_within_the_recording_and_only_what_it_wants(self):
        """A recording of named signals counts no others, and others' contexts count nothing."""
        first.send(None)
        with signalscope.record(second) as recording:
            first.send(None)
            second.send(None)
            thread = threading.Thread(target=second.send, args=(None,))
            thread.start()
            thread.join()
        first.send(None)
        assert list(recording.unheard.values()) == [1]

    def test_signals_that_are_denied_are_counted_by_name_only(self):
        """Every instance of a model sends two signals, to nobody mostly."""
        with signalscope.record() as recording:
            Note()
        assert recording.unheard == {}
        with signalscope.record("pre_init") as named, signalscope.record() as recording:
            Note()
        assert recording.unheard == {}
        assert list(named.unheard.values()) == [1]
        with signalscope.record() as recording:
            Note()
        assert recording.unheard == {}

    def test_names_without_end_are_bounded(self, settings):
        """As dispatches are."""
        settings.SIGNALSCOPE = {"MAX_RECORDS": 3}
        with signalscope.record() as recording:
            for number in range(5):
                first.send(sender=type(f"Sender{number}", (), {}))
        assert len(recording.unheard) == 3
        assert recording.dropped == 2


class TestNotCalled:
    def test_other_senders_and_those_after_an_error(self, connect):
        """Whoever was connected and did not run is named, with the reason."""

        def failing(**_):
            raise ValueError("stop")

        def after(**_):
            pass

        async def after_async(**_):
            pass

        def elsewhere(**_):
            pass

        connect(first, failing)
        connect(first, after)
        connect(first, after_async)
        connect(first, elsewhere, sender=str)
        with signalscope.record() as recording, pytest.raises(ValueError, match="stop"):
            first.send(sender=int)
        reasons = {
            each.receiver_name.rpartition(".")[2]: each.reason
            for each in recording.dispatches[0].not_called
        }
        assert reasons == {
            "after": "error-before",
            "after_async": "error-before",
            "elsewhere": "other-sender",
        }

    def test_who_ran_is_not_among_them(self, connect):
        """Nor is one that was connected only afterwards."""
        connect(first, lambda **_: None)
        with signalscope.record() as recording:
            first.send(sender=int)
            connect(first, lambda **_: None, sender=str)
        assert recording.dispatches[0].not_called == []

    def test_the_dead(self, connect):
        """A weak receiver that was there, and is gone."""
        signal = Signal()
        connect(signal, lambda **_: None)
        with signalscope.record() as recording:

            def mortal(**_):
                pass

            signal.connect(mortal)
            del mortal
            gc.collect()
            signal.send(sender=int)
        ((name, reason),) = recording.dispatches[0].not_called
        assert name.endswith("mortal")
        assert reason == "dead"

    def test_a_cancellation_that_comes_before_a_receiver_began(self, connect):
        """What never ran is no call."""

        def blocking(**_):
            task.cancel()

        async def never(**_):
            pass

        connect(first, blocking)
        connect(first, never)
        task = None

        async def main():
            nonlocal task
            task = asyncio.ensure_future(first.asend(sender=None))
            return await asyncio.gather(task, return_exceptions=True)

        with signalscope.record() as recording:
            asyncio.run(main())
        (dispatch,) = recording.dispatches
        called = {call.receiver_name.rpartition(".")[2] for call in dispatch.calls}
        left = {each.receiver_name.rpartition(".")[2]: each.reason for each in dispatch.not_called}
        assert called | set(left) == {"blocking", "never"}
        assert set(left.values()) <= {"cancelled"}
        assert not called & set(left)


class TestSaved:
    def test_who_was_not_called_is_saved_as_it_was_at_each_dispatch(self, connect):
        """One look at the connections serves all dispatches, whatever changed between them."""

        def early(**_kwargs):
            """Receive."""

        def late(**_kwargs):
            """Receive."""

        connect(first, lambda **_: None)
        connect(first, early, sender=int)
        with signalscope.record() as recording:
            first.send(str)
            connect(first, late, sender=int)
            first.send(str)
            first.send(int)
            first.disconnect(early, sender=int)
            first.send(str)
            first.send(str)
        saved = [
            [each["receiver_name"].rpartition(".")[2] for each in dispatch["not_called"]]
            for dispatch in recording.to_dict()["dispatches"]
        ]
        assert saved == [
            [each.receiver_name.rpartition(".")[2] for each in dispatch.not_called]
            for dispatch in recording.dispatches
        ]
        assert [set(each) for each in saved] == [
            {"early"},
            {"early", "late"},
            set(),
            {"late"},
            {"late"},
        ]
