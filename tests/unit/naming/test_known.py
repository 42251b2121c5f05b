"""What is known of an object goes with it, even where the stack is full."""

from __future__ import annotations

import asyncio
import sys
import weakref

import pytest
from django.dispatch import Signal

import signalscope
from signalscope import naming
from signalscope.naming import (
    receiver_facts,
    sender_facts,
    signal_facts,
)
from signalscope.registry import ConnectLog, connections
from tests.testapp.models import Tag
from tests.unit.naming.named import HERE, Listener, leave_room


def die_where_the_stack_is_full(held):
    try:
        die_where_the_stack_is_full(held)
    except RecursionError:
        if held:
            held.clear()


class TestDyingWhereTheStackIsFull:
    def test_is_quiet(self, monkeypatch):
        """What is called then has to do without a frame."""

        def mortal(**_):
            pass

        complaints, clock = [], iter(range(100, 200))
        log = ConnectLog(lambda: 50)
        log._clock = clock.__next__  # C code, as the clock of the process is
        log.start(60)
        signal = Signal()
        log.created(signal)
        log.connected(signal, mortal, None, True, None, None, 70)
        # Not connected in truth: Django's own callback is a function of Python's.
        (row,) = log._logs.get(signal_facts(signal)).rows()
        gone = weakref.ref(mortal), weakref.ref(signal)
        known = [len(naming.known_receivers), len(naming.known_signals)]
        held = [mortal, signal]
        del mortal, signal
        with monkeypatch.context() as patched:
            patched.setattr(sys, "unraisablehook", complaints.append)
            before = leave_room(60)
            try:
                die_where_the_stack_is_full(held)
            finally:
                sys.setrecursionlimit(before)
        assert complaints == []
        assert [ref() for ref in gone] == [None, None]
        if sys.version_info >= (3, 12):  # before, there is no room for C code either
            assert row.died == 100
            assert len(naming.known_receivers) == known[0] - 1
            assert len(naming.known_signals) == known[1] - 1
            assert len(log._logs) == 0


@pytest.mark.skipif(not naming.MAY_BE_STALE, reason="nothing stale can stay from Python 3.12 on")
class TestStaleFacts:
    """What died at the last frame of a stack is still noted by an id that is free again."""

    @pytest.fixture
    def replace(self, monkeypatch):
        """Return what leaves the facts of something dead where an object's own belong."""

        def replace(known, facts_of, target):
            class Dead:
                """Named in no record."""

            dead = Dead()
            monkeypatch.setitem(known, id(target), facts_of(dead))
            del known[id(dead)]

        return replace

    @pytest.mark.parametrize("method", ["send", "asend"])
    def test_are_taken_for_nothing_that_lives(self, installed, replace, method):
        """Neither in a record nor in what is asked afterwards."""

        class Sender:
            """Send."""

        def synchronous(**_):
            pass

        async def asynchronous(**_):
            pass

        listener, signal, tag = Listener(), Signal(), Tag(pk=1)
        receivers = [synchronous, asynchronous, listener.method]
        for each in receivers:
            signal.connect(each)  # whose own look comes too soon
        replace(naming.known_signals, signal_facts, signal)
        for each in [*receivers[:2], Listener.method]:
            replace(naming.known_receivers, receiver_facts, each)
        for each in [Sender, Tag]:
            replace(naming.known_senders, sender_facts, each)
        with signalscope.record() as recording:
            sent = getattr(signal, method)(sender=Sender, instance=tag)
            if method == "asend":
                asyncio.run(sent)
        (dispatch,) = recording.dispatches
        prefix = f"{__name__}.TestStaleFacts.test_are_taken_for_nothing_that_lives.<locals>."
        assert dispatch.signal_name.startswith("<Signal created at ")
        assert dispatch.sender_name == f"{prefix}Sender"
        assert dispatch.kwargs["instance"].startswith("testapp.Tag")
        assert {call.receiver_name for call in dispatch.calls} == {
            f"{prefix}synchronous",
            f"{prefix}asynchronous",
            f"{HERE}.Listener.method",
        }
        assert connections(signal)[0].receiver_name == f"{prefix}synchronous"
