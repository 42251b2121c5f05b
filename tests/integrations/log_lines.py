"""What the tests of both log integrations have in common: receivers that log, and who hears it."""

from __future__ import annotations

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from asgiref.sync import sync_to_async
from django.db import transaction
from django.dispatch import Signal

import signalscope
from signalscope.patching import installing

signal = Signal()
inner = Signal()

NAME = f"{__name__}.signal"
INNER = f"{__name__}.inner"


def name_of(receiver):
    return f"{receiver.__module__}.{receiver.__qualname__}"


def short(name):
    """Return the last part of a receiver's name."""
    return None if name is None else name.rpartition(".")[2]


@contextmanager
def connected(*receivers, to=signal):
    for receiver in receivers:
        to.connect(receiver)
    try:
        yield
    finally:
        for receiver in receivers:
            to.disconnect(receiver)


@contextmanager
def listening(*sinks):
    """Install, and tell `sinks`; afterwards nobody asks for the running receiver any more."""
    signalscope.install()
    for sink in sinks:
        signalscope.add_sink(sink)
    try:
        yield
    finally:
        for sink in sinks:
            signalscope.remove_sink(sink)
        signalscope.uninstall()


@contextmanager
def tracked():
    """Leave it as it was whether running receivers are kept track of."""
    before = installing._State.tracks
    try:
        yield
    finally:
        installing._State.tracks = before


def works(**_):
    """Return."""


def fails(**_):
    """Raise."""
    raise ValueError("no paper")


async def fails_async(**_):
    """Raise later."""
    await asyncio.sleep(0)
    raise ValueError("no paper")


async def cancel_asend():
    """Cancel who sends, while the receiver waits."""
    began = asyncio.Event()

    async def waits(**_):
        began.set()
        await asyncio.Event().wait()

    with connected(waits):
        sending = asyncio.create_task(signal.asend(sender=int))
        await began.wait()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


def sends_on(**_):
    """Send another signal."""
    inner.send(sender=None)


def saves_again(instance, level=0, **_):
    """Send its own signal once more for the same instance."""
    if level == 0:
        signal.send(sender=type(instance), instance=instance, level=1)


# --- Where an application logs, each with the receiver that its line has to name ------------------


def play(log):
    """Let an application log in all sorts of places; return the receiver that each line is in.

    `log` is given the name of the place, which no other line has.
    """
    where = {}

    def at(place, receiver):
        where[place] = None if receiver is None else receiver.__name__
        log(place)

    _play_sync(at)
    asyncio.run(_play_async(at))
    _play_after(at)
    return where


def _play_sync(at):
    def first(**_):
        at("first receiver", first)

    def outer(**_):
        at("before the inner send", outer)
        inner.send(sender=None)
        at("after the inner send", outer)
        with signalscope.record():
            at("in a recording within a receiver", outer)

    def nested(**_):
        at("inner receiver", nested)

    def raising(**_):
        at("in one that raises", raising)
        raise ValueError

    def pooled(**_):
        context = contextvars.copy_context()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(context.run, at, "in a thread with its context", pooled).result()
            pool.submit(at, "in a thread of its own", None).result()

    at("before", None)
    with connected(first, outer, raising, pooled), connected(nested, to=inner):
        signal.send_robust(sender=int)
    at("after", None)


async def _play_async(at):
    async def one(**_):
        at("first step", one)
        await asyncio.sleep(0)
        at("second step", one)
        await sync_to_async(at)("in a thread of sync_to_async", one)
        await asyncio.create_task(task())

    async def task():
        await asyncio.sleep(0)
        at("in a task of the receiver", one)

    async def other(**_):
        at("beside it, first step", other)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        at("beside it, third step", other)

    def synchronous(**_):
        at("a synchronous one under asend", synchronous)

    with connected(one, other, synchronous):
        await signal.asend(sender=int)
    at("after asend", None)


def _play_after(at):
    """What goes on after its receiver has ended."""

    async def main():
        tasks, ended = [], asyncio.Event()

        async def outlives():
            await ended.wait()
            at("in a task that outlived its receiver", None)

        async def starts(**_):
            tasks.append(asyncio.create_task(outlives()))

        with connected(starts):
            await signal.asend(sender=int)
        ended.set()
        await asyncio.gather(*tasks)

    asyncio.run(main())

    def inside(contexts):
        def keeps(**_):
            contexts.append(contextvars.copy_context())

        def outer(**_):
            with connected(keeps, to=inner):
                inner.send(sender=None)
            contexts[0].run(at, "in what outlived the inner one only", outer)

        return outer

    outer = inside([])
    with connected(outer):
        signal.send(sender=int)


def play_on_commit(log):
    """Log in a callback on commit, and in what that leaves behind; needs a database."""
    where = {}
    contexts = []

    def asks(**_):
        transaction.on_commit(callback)

    def callback():
        log("on commit")
        contexts.append(contextvars.copy_context())

    with connected(asks), transaction.atomic():
        signal.send(sender=int)
        log("before the commit")
    contexts[0].run(log, "after the callback")
    where["on commit"] = "asks"
    where["before the commit"] = where["after the callback"] = None
    return where
