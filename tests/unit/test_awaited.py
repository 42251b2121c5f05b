"""Asynchronous receivers of every kind: what is current while they run, and how they end."""

from __future__ import annotations

import asyncio
import gc
import inspect
import sys
import weakref
from unittest import mock

import django
import pytest
from asgiref.sync import markcoroutinefunction
from django.dispatch import Signal

import signalscope
from signalscope.context import current

ASYNC_SENDS = ("asend", "asend_robust")


@pytest.fixture
def outer():
    return Signal()


@pytest.fixture
def inner():
    """A signal that somebody listens to."""
    signal = Signal()
    signal.connect(nothing)
    return signal


def nothing(**_kwargs):
    """Receive and do nothing."""


class Result:
    """Something that can be referred to weakly."""


class Told(list):
    """A sink that keeps what it is told of."""

    def dispatch_started(self, dispatch):
        pass

    def dispatch_finished(self, dispatch):
        """Keep of which calls it is not known how they ended."""
        self.append(("over", tuple(call.duration_ns is None for call in dispatch.calls)))

    def receiver_started(self, call):
        self.append(("began", call.receiver_name.rpartition(".")[2]))

    def receiver_finished(self, call):
        self.append(("ended", call.receiver_name.rpartition(".")[2]))


def names(dispatch):
    return [call.receiver_name.rpartition(".")[2] for call in dispatch.calls]


@pytest.mark.parametrize("method", ["send", *ASYNC_SENDS])
def test_what_a_receiver_does_before_it_gives_its_coroutine_is_its_own(outer, inner, method):
    """A function that is marked as a coroutine function runs code of its own when it is called."""

    async def later():
        return 1

    def marked(**_kwargs):
        inner.send(None)
        return later()

    outer.connect(markcoroutinefunction(marked), weak=False)
    with signalscope.record() as recording:
        result = getattr(outer, method)(None)
        if inspect.iscoroutine(result):
            asyncio.run(result)

    (dispatch,) = recording.dispatches
    assert [each.parent for each in dispatch.calls[0].dispatches] == [dispatch.calls[0]]


# Django drops coroutines that it has made, with us or without.
@pytest.mark.filterwarnings(
    "ignore:.*never awaited", "ignore::pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("method", ASYNC_SENDS)
def test_a_receiver_whose_very_call_raises_is_among_the_calls(outer, method):
    """Django meets the error before there is anything to await; the others were not called."""

    async def other(**_kwargs):
        pass

    def wrong(**_kwargs):
        raise ValueError("no coroutine")

    outer.connect(markcoroutinefunction(wrong), weak=False)
    outer.connect(other, weak=False)
    with signalscope.record() as recording:
        try:
            asyncio.run(getattr(outer, method)(None))
        except ValueError:
            assert method == "asend"

    (dispatch,) = recording.dispatches
    (call,) = [call for call in dispatch.calls if call.error is not None]
    assert call.receiver_name.endswith("wrong")
    assert str(call.error) == "ValueError: no coroutine"
    assert call.duration_ns is not None
    if method == "asend":
        assert [each.reason for each in dispatch.not_called] == ["error-before"]
        assert dispatch.not_called[0].receiver_name.endswith("other")


@pytest.mark.parametrize("method", ["send", "asend"])
def test_of_those_that_go_on_after_another_failed_only_what_is_known_is_said(outer, method):
    """Up to Django 6.0 a gather forgets them; from 6.1 on a task group cancels them."""

    async def fails(**_kwargs):
        raise ValueError("first")

    callbacks = set()

    async def goes_on(**_kwargs):
        for _ in range(5):
            await asyncio.sleep(0)
            task = asyncio.current_task()
            callbacks.update(each.__name__ for each, _ in task._callbacks or ())

    outer.connect(fails, weak=False)
    outer.connect(goes_on, weak=False)

    async def main():
        with pytest.raises(ValueError, match="first"):
            await outer.asend(None)
        for _ in range(9):
            await asyncio.sleep(0)

    with signalscope.record() as recording:
        if method == "asend":
            asyncio.run(main())
        else:
            with pytest.raises(ValueError, match="first"):
                outer.send(None)

    (dispatch,) = recording.dispatches
    assert names(dispatch) == ["fails", "goes_on"]
    assert str(dispatch.calls[0].error) == "ValueError: first"
    followed = dispatch.calls[1]
    if django.VERSION < (6, 1):
        assert followed.duration_ns is None
        assert followed.error is None
    else:
        assert followed.duration_ns is not None
        assert "CancelledError" in followed.error.type
    assert callbacks <= {"_done_callback", "_on_task_done", "<lambda>"}


def test_sinks_are_told_of_those_that_go_on_that_they_began_and_no_more(outer):
    """So that a sink which keeps something for each call drops the rest with the dispatch."""

    async def fails(**_kwargs):
        raise ValueError("first")

    async def goes_on(**_kwargs):
        for _ in range(5):
            await asyncio.sleep(0)

    async def main():
        with pytest.raises(ValueError, match="first"):
            await outer.asend(None)
        for _ in range(9):
            await asyncio.sleep(0)

    outer.connect(fails, weak=False)
    outer.connect(goes_on, weak=False)
    told = Told()
    signalscope.install()
    signalscope.add_sink(told)
    try:
        asyncio.run(main())
    finally:
        signalscope.remove_sink(told)
        signalscope.uninstall()

    began = {("began", "fails"), ("began", "goes_on")}
    if django.VERSION < (6, 1):
        assert set(told) == {*began, ("ended", "fails"), ("over", (False, True))}
    else:
        ended = {("ended", "fails"), ("ended", "goes_on")}
        assert set(told) == {*began, *ended, ("over", (False, False))}
    assert told[-1][0] == "over"
    assert len(told) == len(set(told))


# Django drops coroutines that it has made, with us or without.
@pytest.mark.filterwarnings(
    "ignore:.*never awaited", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_a_receiver_that_is_cancelled_before_its_first_step_was_not_called(outer):
    """No code of it ran, so it has no call."""

    async def never(**_kwargs):
        raise AssertionError("it runs")

    outer.connect(never, weak=False)

    async def main():
        task = asyncio.create_task(outer.asend(None))
        # One turn, in which asend makes a task for its receiver; the cancellation comes first.
        await asyncio.sleep(0)
        for each in asyncio.all_tasks() - {asyncio.current_task()}:
            each.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with signalscope.record() as recording:
        asyncio.run(main())
        gc.collect()  # the coroutine that was dropped, with its warning

    (dispatch,) = recording.dispatches
    assert dispatch.calls == []
    assert [each.reason for each in dispatch.not_called] == ["cancelled"]


@pytest.mark.parametrize("method", ASYNC_SENDS)
def test_a_receiver_that_gives_a_task_ends_when_the_task_does(outer, method):
    """What Django awaits need not be a coroutine."""

    async def work():
        await asyncio.sleep(0)
        raise ValueError("in the task")

    def gives_a_task(**_kwargs):
        return asyncio.ensure_future(work())

    outer.connect(markcoroutinefunction(gives_a_task), weak=False)
    with signalscope.record() as recording:
        try:
            asyncio.run(getattr(outer, method)(None))
        except ValueError:
            assert method == "asend"

    (call,) = recording.dispatches[0].calls
    assert str(call.error) == "ValueError: in the task"
    assert call.duration_ns is not None


def test_between_the_calls_of_a_loop_and_asynchronous_ones_no_call_is_current(outer):
    """What the event loop does for Django is not inside the last synchronous receiver."""
    seen = []

    async def asynchronous(**_kwargs):
        """Receive."""

    class Loop(asyncio.SelectorEventLoop):
        def create_task(self, coroutine, **kwargs):
            seen.append(type(current.get()).__name__)
            return super().create_task(coroutine, **kwargs)

    outer.connect(nothing)
    outer.connect(asynchronous, weak=False)
    with mock.patch("asyncio.events.new_event_loop", Loop), signalscope.record():
        outer.send(None)
    assert "Scope" in seen
    assert "ReceiverCall" not in seen


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.11 has no eager tasks")
@pytest.mark.parametrize("record", [False, True])
def test_results_of_eager_tasks_live_as_long_as_without_us(outer, record):
    """A callback on the task would keep its result until the loop's next round."""
    results = []

    async def gives(**_kwargs):
        result = Result()
        results.append(weakref.ref(result))
        return result

    outer.connect(gives, weak=False)

    async def main():
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        await outer.asend(None)
        gc.collect()
        return results[0]()

    if record:
        with signalscope.record() as recording:
            assert asyncio.run(main()) is None
        assert recording.dispatches[0].calls[0].duration_ns is not None
    else:
        assert asyncio.run(main()) is None


def test_the_coroutine_of_a_task_looks_like_the_receiver_s(outer):
    """`asyncio.Task.get_coro` gives what Django gathered."""
    seen = []

    async def looks(**_kwargs):
        coroutine = asyncio.current_task().get_coro()
        seen.append((inspect.iscoroutine(coroutine), repr(coroutine).partition(" at ")[0]))

    outer.connect(looks, weak=False)
    asyncio.run(outer.asend(None))
    with signalscope.record():
        asyncio.run(outer.asend(None))
    assert seen[0] == seen[1]


class TestLocals:
    def test_django_s_frames_have_no_local_of_ours_while_nobody_records(self, outer):
        """Debug pages show the variables of every frame."""
        seen = []
        outer.connect(lambda **_: seen.append(sorted(sys._getframe(1).f_locals)), weak=False)
        outer.send(None)
        signalscope.install()
        try:
            outer.send(None)
        finally:
            signalscope.uninstall()
        assert seen[0] == seen[1]


class TestFullStack:
    @pytest.mark.parametrize("method", ["send", "send_robust"])
    @pytest.mark.parametrize("fails", [False, True])
    def test_where_the_stack_is_full_the_program_meets_its_own_error(self, outer, method, fails):
        """At every distance from the recursion limit the outcome is what it is without us."""

        def receiver(**_kwargs):
            if fails:
                raise ValueError

        outer.connect(receiver, weak=False)

        def down(levels):
            if levels:
                return down(levels - 1)
            try:
                return [type(response) for _, response in getattr(outer, method)(None)]
            except Exception as error:  # noqa: BLE001 - which one is what is looked at
                return type(error)

        def outcomes():
            return [down_to(room, down) for room in range(50, 110)]

        # What other tests left behind is not to be finalised where the stack is full.
        gc.collect()
        gc.disable()
        try:
            outcomes()  # once before: logging fills caches, which takes frames
            plain = outcomes()
            with signalscope.record():
                recorded = outcomes()
        finally:
            gc.enable()
        assert recorded == plain
        assert len(set(map(str, plain))) > 1


def down_to(room, function):
    """Call `function` fifty levels down, with `room` frames left."""
    depth, frame = 0, sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + room)
    try:
        return function(50)
    except RecursionError:
        return RecursionError
    finally:
        sys.setrecursionlimit(limit)
