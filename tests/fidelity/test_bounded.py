"""However long a recording is open, and whatever comes and goes meanwhile, memory stays flat.

Memory is counted by `tracemalloc`, so neither time nor other processes play a part. How often each
program runs follows from ``SIGNALSCOPE_SENDS``; `nox -s bounded` makes it a million.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import logging
import os
import sys
import threading
import tracemalloc
import weakref
from contextvars import copy_context

import django
import pytest
from asgiref.sync import sync_to_async
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.db.models.signals import post_save
from django.dispatch import Signal

import signalscope
from signalscope import naming
from signalscope.registry import connect_log
from tests.testapp.models import Note

pytestmark = pytest.mark.skipif(
    "SIGNALSCOPE_SENDS" not in os.environ,
    reason="nox -s bounded: where coverage is measured, memory is not ours alone",
)

SENDS = int(os.environ.get("SIGNALSCOPE_SENDS", "2000"))
SLOW_SENDS = max(1000, SENDS // 200)
"""For what takes longer: SQL, tasks, connections."""
SETTLE = 1000
"""Until caches are full: our logs keep a few hundred connections that are gone."""
MOST_RECORDS = 100
ROOM = 12 * 1024
"""Bytes: what allocators and dictionaries may take at their next step. Were one pointer kept for
each send, it would be more."""

WEAK = django.VERSION >= (6, 0)
"""How receivers that live on are connected: for each weak connection to one, Django 5.2 keeps a
finalizer, and with it the signal, until the receiver dies."""

noted = Signal()
followed = Signal()


@pytest.fixture(autouse=True)
def _few_records(settings, monkeypatch):
    settings.SIGNALSCOPE = {"MAX_RECORDS": MOST_RECORDS}
    # pytest keeps what is logged, and Django logs what its robust sends catch.
    monkeypatch.setattr(logging.getLogger("django.dispatch"), "disabled", True)


@pytest.fixture
def connect():
    """Connect receivers for one test."""
    connected = []

    def connect(signal, receiver, sender=None):
        signal.connect(receiver, sender=sender, weak=False)
        connected.append((signal, receiver, sender))
        return receiver

    yield connect
    for signal, receiver, sender in connected:
        signal.disconnect(receiver, sender=sender)


class Payload:
    """What a program may send, and expects to be rid of."""


class Failure(Exception):
    """What a program may raise."""


def growth(step, times):
    """Return by how many bytes memory grows while `step` runs so many times."""
    for number in range(SETTLE):
        step(number)
    gc.collect()
    tracemalloc.start()
    try:
        # Once more, so that what is replaced from here on is counted on both sides.
        for number in range(SETTLE):
            step(SETTLE + number)
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        for number in range(times):
            step(2 * SETTLE + number)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return after - before


def sent(times):
    return times + 2 * SETTLE


def assert_full(recording, dispatches):
    """Every dispatch was kept or counted, and no more were kept than was allowed."""
    assert len(list(recording.walk())) == MOST_RECORDS
    assert recording.dropped == dispatches - MOST_RECORDS


def returns(**_):
    return Payload()


def raises(**_):
    raise Failure(Payload())


class TestSends:
    @pytest.mark.parametrize("method", ["send", "send_robust"])
    def test_plain(self, connect, method):
        """Each with an instance and a result of its own."""
        connect(noted, returns)
        send = getattr(noted, method)
        with signalscope.record() as recording:
            assert growth(lambda _: send(sender=Payload, instance=Payload()), SENDS) < ROOM
            assert_full(recording, sent(SENDS))

    @pytest.mark.parametrize("method", ["send", "send_robust"])
    def test_that_raise(self, connect, method):
        connect(noted, raises)
        connect(noted, returns)

        def step(_):
            with contextlib.suppress(Failure):
                getattr(noted, method)(sender=Payload, instance=Payload())

        with signalscope.record() as recording:
            assert growth(step, SLOW_SENDS) < ROOM
            assert_full(recording, sent(SLOW_SENDS))

    def test_nested(self, connect):
        connect(noted, lambda **_: followed.send(sender=Payload))
        connect(followed, returns)
        with signalscope.record() as recording:
            assert growth(lambda _: noted.send(sender=None), SLOW_SENDS) < ROOM
            assert_full(recording, 2 * sent(SLOW_SENDS))

    def test_inside_one_receiver_call(self, connect):
        """The call is kept, and what it sends is not listed with it."""
        grown = []

        def loop(**_):
            grown.append(growth(lambda _: followed.send(sender=Payload), SLOW_SENDS))

        connect(noted, loop)
        connect(followed, returns)
        with signalscope.record() as recording:
            noted.send(sender=None)
            assert grown[0] < ROOM
            assert_full(recording, 1 + sent(SLOW_SENDS))

    def test_in_recordings_of_which_one_has_room(self, connect):
        """One that wants nothing of this is not charged for it."""
        connect(noted, returns)
        with signalscope.record(followed) as inner, signalscope.record() as recording:
            assert growth(lambda _: noted.send(sender=Payload), SLOW_SENDS) < ROOM
            assert_full(recording, sent(SLOW_SENDS))
        assert (list(inner.walk()), inner.dropped) == ([], 0)

    @pytest.mark.parametrize("method", ["asend", "asend_robust"])
    def test_asynchronous(self, connect, method):
        async def answers(**_):
            await asyncio.sleep(0)
            return Payload()

        connect(noted, answers)
        connect(noted, raises)
        times = SLOW_SENDS

        async def main():
            async def step():
                with contextlib.suppress(Failure):
                    await getattr(noted, method)(sender=Payload, instance=Payload())

            # `growth`, in a loop that runs.
            for _ in range(SETTLE):
                await step()
            gc.collect()
            tracemalloc.start()
            try:
                # As often as what is measured: CPython keeps some hundred contexts and handles for
                # later, and it takes a loop that long to have replaced those of before.
                for _ in range(times):
                    await step()
                gc.collect()
                before, _ = tracemalloc.get_traced_memory()
                for _ in range(times):
                    await step()
                gc.collect()
                return tracemalloc.get_traced_memory()[0] - before
            finally:
                tracemalloc.stop()

        with signalscope.record() as recording:
            assert asyncio.run(main()) < ROOM
            assert_full(recording, SETTLE + 2 * times)

    def test_from_threads(self, connect, monkeypatch):
        """That share a recording: all is counted, and no thread gets past the limit."""
        interval = sys.getswitchinterval()
        connect(noted, returns)
        threads, rounds = 4, SENDS // 4

        def loop():
            for _ in range(rounds):
                noted.send(sender=Payload)

        try:
            sys.setswitchinterval(1e-6)
            with signalscope.record() as recording:
                running = [
                    threading.Thread(target=copy_context().run, args=(loop,))
                    for _ in range(threads)
                ]
                for thread in running:
                    thread.start()
                for thread in running:
                    thread.join()
        finally:
            sys.setswitchinterval(interval)
        assert_full(recording, threads * rounds)

    def test_to_a_sink_from_tasks_that_start_one_another(self, connect):
        """Each task begins in the context of a receiver call; the calls are not chained for it."""
        times = SLOW_SENDS
        grown = []

        class Deaf:
            def dispatch_started(self, dispatch):
                pass

            dispatch_finished = receiver_started = receiver_finished = dispatch_started

        async def main():
            done = asyncio.Event()
            sizes = []
            left = [sent(times)]

            def again(**_):
                left[0] -= 1
                if left[0] == times:
                    gc.collect()
                    sizes.append(tracemalloc.get_traced_memory()[0])
                if left[0] == 0:
                    gc.collect()
                    sizes.append(tracemalloc.get_traced_memory()[0])
                    done.set()
                else:
                    asyncio.get_running_loop().call_soon(go)

            def go():
                noted.send(sender=Payload)

            connect(noted, again)
            tracemalloc.start()
            try:
                go()
                await done.wait()
            finally:
                tracemalloc.stop()
            grown.append(sizes[1] - sizes[0])

        sink = Deaf()
        signalscope.install()
        signalscope.add_sink(sink)
        try:
            asyncio.run(main())
        finally:
            signalscope.remove_sink(sink)
            signalscope.uninstall()
        assert grown[0] < ROOM


@pytest.mark.django_db(transaction=True)
class TestDatabase:
    def test_callbacks_on_commit(self, connect, waiting):
        """That send, and were asked for by dispatches kept and not kept."""
        times = SLOW_SENDS

        def asks(**_):
            transaction.on_commit(lambda: followed.send(sender=Payload, instance=Payload()))

        connect(noted, asks)
        connect(followed, returns)

        def step(number):
            with contextlib.suppress(Failure), transaction.atomic():
                noted.send(sender=None)
                if number % 2:
                    raise Failure

        with signalscope.record() as recording:
            assert growth(step, times) < ROOM
            assert_full(recording, sent(times) + sent(times) // 2)
        assert waiting == {}

    def test_statements_of_one_receiver_call(self, connect):
        """The call is kept; of its statements, the first thousand."""
        grown = []

        def loop(**_):
            def query(number):
                with connection.cursor() as cursor:
                    cursor.execute(f"SELECT {number}")

            grown.append(growth(query, SLOW_SENDS))

        connect(noted, loop)
        with signalscope.record() as recording:
            noted.send(sender=None)
            assert grown[0] < ROOM
            assert recording.calls()[0].queries.count == sent(SLOW_SENDS)

    def test_bypasses(self, connect):
        connect(post_save, returns, sender=Note)
        with signalscope.record() as recording:
            assert growth(lambda _: Note.objects.update(title="x"), SLOW_SENDS) < ROOM
            assert len(recording.bypasses) == MOST_RECORDS
            assert recording.dropped == sent(SLOW_SENDS) - MOST_RECORDS

    def test_mails(self, settings):
        backend = "django.core.mail.backends.dummy.EmailBackend"
        if django.VERSION >= (6, 1):
            settings.MAILERS = {"default": {"BACKEND": backend}}
        else:
            settings.EMAIL_BACKEND = backend
        message = EmailMessage("hello", "text", None, ["reader@example.org"])
        with signalscope.record() as recording:
            assert growth(lambda _: message.send(), SLOW_SENDS) < ROOM
            assert len(recording.to_dict()["effects"]) == MOST_RECORDS
            assert recording.dropped == sent(SLOW_SENDS) - MOST_RECORDS


# --- What comes and goes --------------------------------------------------------------------------


def short_lived_receivers():
    signal = Signal()

    def step(_):
        def receiver(**_):
            return Payload()

        signal.connect(receiver)
        signal.send(sender=None)

    return step


def short_lived_methods():
    signal = Signal()

    class Listener:
        def method(self, **_):
            return Payload()

    def step(_):
        listener = Listener()
        signal.connect(listener.method)
        signal.send(sender=None)

    return step


def short_lived_signals():
    def step(_):
        signal = Signal()
        signal.connect(returns, weak=WEAK)
        signal.send(sender=None)

    return step


def short_lived_senders():
    signal = Signal()
    signal.connect(returns)
    return lambda _: signal.send(sender=Payload())


def senders_without_weak_references():
    signal = Signal()
    signal.connect(returns)
    return lambda number: signal.send(sender=f"sender {number}")


def receivers_of_short_lived_senders():
    """From Django 6.0 on, such connections go with their sender; before, Django keeps them."""
    signal = Signal()

    def step(_):
        sender = Payload()
        signal.connect(returns, sender=sender, weak=WEAK)
        signal.send(sender=sender)
        del sender
        if signal.receivers and len(signal.receivers[0]) == 3:
            signal.receivers.clear()

    return step


def one_receiver_again_and_again():
    signal = Signal()

    def step(_):
        signal.connect(returns, weak=WEAK)
        signal.send(sender=None)
        signal.disconnect(returns)

    return step


def strong_receivers():
    signal = Signal()

    def step(_):
        def receiver(**_):
            return Payload()

        signal.connect(receiver, weak=False)
        signal.send(sender=None)
        signal.disconnect(receiver)

    return step


def a_list_that_is_swapped():
    """As factory_boy's ``mute_signals`` does, and other test helpers."""
    signal = Signal()

    def step(number):
        signal.connect(returns, weak=False, dispatch_uid=str(number))
        signal.send(sender=None)
        signal.receivers = []

    return step


def code_that_is_generated():
    """With a file name for each piece, as a shell has it."""
    signal = Signal()
    # Python keeps these names itself, so they are made before anything is measured.
    files = [sys.intern(f"<cell {number}>") for number in range(sent(SLOW_SENDS))]

    def step(number):
        namespace = {"signal": signal, "returns": returns}
        lines = (
            f"signal.connect(returns, weak={WEAK})\n"
            "signal.send(sender=None)\n"
            "signal.disconnect(returns)"
        )
        exec(compile(lines, files[number], "exec"), namespace)  # noqa: S102

    return step


PASSERS_BY = [
    short_lived_receivers,
    short_lived_methods,
    short_lived_signals,
    short_lived_senders,
    senders_without_weak_references,
    receivers_of_short_lived_senders,
    one_receiver_again_and_again,
    strong_receivers,
    a_list_that_is_swapped,
    code_that_is_generated,
]


class TestWhatComesAndGoes:
    @pytest.mark.parametrize("program", PASSERS_BY)
    def test_in_an_open_recording(self, program):
        """Names and the log of connections keep a constant number, be it recorded or dropped."""
        with signalscope.record() as recording:
            assert growth(program(), SLOW_SENDS) < ROOM
            assert_full(recording, sent(SLOW_SENDS))

    @pytest.mark.parametrize("program", PASSERS_BY)
    def test_in_a_recording_of_chosen_senders(self, program):
        """What it decided of a sender or signal goes with that."""
        with signalscope.record(senders=["another.Sender"]) as recording:
            assert growth(program(), SLOW_SENDS) < ROOM
        assert (list(recording.walk()), recording.dropped) == ([], 0)

    def test_connections_made_between_recordings(self):
        """Nobody hears of these; each recording begins and ends with a look at what is there."""
        signal = Signal()

        def step(_):
            signal.connect(returns, weak=WEAK)
            with signalscope.record():
                signal.send(sender=None)
            signal.disconnect(returns)

        assert growth(step, SLOW_SENDS) < ROOM

    def test_nothing_is_left(self):
        """When all is gone, what we knew of it is gone as well."""
        known = (naming.known_receivers, naming.known_senders, naming.known_signals)
        gc.collect()
        before = [*map(len, known), len(connect_log._logs)]
        with signalscope.record():
            for program in PASSERS_BY:
                step = program()
                for number in range(3 * MOST_RECORDS):
                    step(number)
        del step
        gc.collect()
        # One for `returns`, one for None, one for what only the first of these sends had met.
        after = [*map(len, known), len(connect_log._logs)]
        assert all(now <= then + 3 for now, then in zip(after, before, strict=True))


# --- What is kept alive ---------------------------------------------------------------------------


class Mortals:
    """Weak references to all that a program used."""

    def __init__(self):
        self.references = []

    def add(self, target):
        self.references.append(weakref.ref(target))
        return target

    def living(self):
        return [reference() for reference in self.references if reference() is not None]


@pytest.mark.parametrize("method", ["send", "send_robust", "asend", "asend_robust"])
@pytest.mark.parametrize("kept", [True, False], ids=["kept", "dropped"])
def test_what_was_sent_dies_in_an_open_recording(method, kept, connect):
    """Senders, instances, payloads, results, errors: at once, with no help of the collector."""
    mortals = Mortals()

    def answers(sender, **_):
        return mortals.add(Payload())

    def fails(sender, instance, **_):
        failure = mortals.add(Failure())
        failure.instance = instance  # not an argument: asyncio and Django show these
        raise failure

    async def awaits(**_):
        return mortals.add(Payload())

    signal = Signal()
    for receiver in (answers, awaits) if method == "send" else (answers, awaits, fails):
        signal.connect(receiver)

    def program():
        instance = mortals.add(Note(title="x"))
        instance.pk = mortals.add(Payload())
        named = {
            "instance": instance,
            "pk_set": {mortals.add(Payload())},
            "update_fields": frozenset({mortals.add(Payload())}),
            "using": mortals.add(Payload()),
            "payload": mortals.add(Payload()),
        }
        sender = mortals.add(Payload())
        with contextlib.suppress(Failure):
            result = getattr(signal, method)(sender=sender, **named)
            if asyncio.iscoroutine(result):
                asyncio.run(result)

    with signalscope.record() as recording:
        for _ in range(0 if kept else MOST_RECORDS):
            signal.send_robust(sender=None, instance=None)
        # What asyncio leaves in a context is not ours.
        contextvars.copy_context().run(program)
        if method != "send":
            # The thread of synchronous receivers holds its last work until it has the next.
            contextvars.copy_context().run(asyncio.run, sync_to_async(int)())
            gc.collect()  # errors and tasks refer to themselves
        assert mortals.living() == []
        assert len(recording.calls()) >= 2
        recording.tree()
        recording.to_dict()
    gc.collect()
    assert mortals.living() == []


def test_classes_signals_and_receivers_die_in_an_open_recording():
    mortals = Mortals()

    def program():
        sender = mortals.add(type("Sender", (), {}))
        signal = mortals.add(Signal())

        def receiver(**_):
            """Do nothing."""

        signal.connect(mortals.add(receiver), sender=sender)
        signal.send(sender=sender, instance=sender())

    with signalscope.record() as recording:
        program()
        gc.collect()
        assert mortals.living() == []
        assert len(recording.calls()) == 1
    assert "Sender" in recording.tree()
