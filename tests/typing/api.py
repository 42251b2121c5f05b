"""What a user's type checker sees of the public names.

`nox -s types` has pyright read this in strict mode. It is never run.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, assert_type

from django.db.models.signals import post_save

import signalscope
from signalscope import Dispatch, ReceiverCall, Recording

if TYPE_CHECKING:
    from django.dispatch import Signal


def receiver(sender: object, **kwargs: Any) -> None: ...


def recorded() -> None:
    with signalscope.record(post_save, senders=["shop.Book"], queries=False) as recording:
        pass
    assert_type(recording, Recording)
    for dispatch in recording.walk():
        assert_type(dispatch, Dispatch)
        assert_type(dispatch.signal_name, str)
        assert_type(dispatch.depth, int)
        assert_type(dispatch.started_at, datetime)
        assert_type(dispatch.parent, ReceiverCall | None)
        assert_type(dispatch.recursive, bool)
    for call in recording.calls("shop.signals.index", signal=post_save, sender="shop.Book"):
        assert_type(call, ReceiverCall)
        assert_type(call.receiver_name, str)
        assert_type(call.order, int | None)
        assert_type(call.is_async, bool)
        if call.queries is not None:
            assert_type(call.queries.count, int)
    assert_type(recording.tree(), str)
    assert_type(recording.dropped, int)
    assert_type(recording.to_dict(), dict[str, Any])
    assert_type(Recording.from_dict(recording.to_dict()), Recording)
    recording.assert_called(receiver, times=1, created=True)
    recording.assert_not_called("shop.signals.index")
    recording.assert_sent(post_save, "shop.Book", times=2)
    recording.assert_order(receiver, "shop.signals.index")
    recording.assert_no_recursion()
    recording.assert_max_queries(3, receiver)
    recording.assert_no_findings("W101", "W104")


async def recorded_in_a_coroutine() -> None:
    async with signalscope.record() as recording:
        pass
    assert_type(recording, Recording)


def muted() -> None:
    with signalscope.muted(post_save, receiver=receiver, sender="shop.Book"):
        pass


@signalscope.muted(post_save)
def decorated(number: int) -> str:
    return str(number)


@signalscope.muted(post_save)
async def decorated_coroutine(number: int) -> str:
    return str(number)


async def decorated_keep_their_types() -> None:
    assert_type(decorated(1), str)
    assert_type(await decorated_coroutine(1), str)


def asked(signal: Signal) -> None:
    for connection in signalscope.connections(signal, sender="shop.Book"):
        assert_type(connection.receiver_name, str)
        assert_type(connection.weak, bool)
        assert_type(connection.is_async, bool)
    answer = signalscope.why(receiver, signal)
    assert_type(answer.runs, bool)


class Counting:
    """A sink as somebody writes it: no class of ours above it."""

    def __init__(self) -> None:
        self.calls = 0

    def dispatch_started(self, dispatch: Dispatch) -> None: ...

    def dispatch_finished(self, dispatch: Dispatch) -> None: ...

    def receiver_started(self, call: ReceiverCall) -> None: ...

    def receiver_finished(self, call: ReceiverCall) -> None:
        self.calls += 1


sink: signalscope.Sink = Counting()
signalscope.add_sink(sink)
signalscope.remove_sink(sink)
signalscope.install()
assert_type(signalscope.is_installed(), bool)
signalscope.uninstall()
