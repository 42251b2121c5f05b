"""What is timed, in pieces of about a millisecond.

A program is made once in its process. Before each round `prepare` runs, and is not timed; `run`
is, and does the thing `times` times.
"""

from __future__ import annotations

import time
from itertools import repeat

from django.db import connection, models
from django.db.models.signals import post_save
from django.dispatch import Signal

CLOCK = time.perf_counter_ns


class Thing(models.Model):
    """As small as a model can be, so that what is added to making one shows most."""

    name = models.CharField(max_length=20)

    class Meta:
        app_label = "benchmarks"

    def __str__(self):
        return self.name


class Program:
    times = 300
    collects = False
    """Whether Python's garbage collector runs in the timed part. In short rounds the least of many
    never has a collection in it, so there it is off for everybody, as in `timeit`."""

    def __init__(self, variant, size):
        self.variant = variant
        self.size = size

    def prepare(self):
        """Bring what the next round needs."""

    def run(self):
        raise NotImplementedError

    def spent(self, variant):
        """Return the nanoseconds that `run` takes."""
        with variant.open():
            started = CLOCK()
            self.run()
            return CLOCK() - started


class Floor(Program):
    """Two readings of the clock, one tuple, one append: the least that timing a call can be."""

    times = 1000

    def prepare(self):
        self.kept = []

    def run(self):
        clock, append = CLOCK, self.kept.append
        for _ in repeat(None, self.times):
            started = clock()
            append((started, clock()))


class Loop(Program):
    """The loop around the floor, which is taken off it: a receiver call has no loop of ours."""

    times = 1000

    def run(self):
        for _ in repeat(None, self.times):
            pass


def new_receiver():
    def receiver(**_):
        return None

    return receiver


class Send(Program):
    """A send to `size` receivers that do nothing, with the sender alone."""

    def __init__(self, variant, size):
        super().__init__(variant, size)
        if size:
            self.times = max(1, 300 // size * 3) if size > 3 else 300
        else:
            self.times = 2000
        self.signal = Signal()
        self.receivers = [variant.wrapped(new_receiver()) for _ in range(size)]
        for receiver in self.receivers:
            self.signal.connect(receiver)

    def run(self):
        send = self.variant.sending(self.signal.send)
        for _ in repeat(None, self.times):
            send(sender=None)


class SendKwargs(Send):
    """The same, with what ``post_save`` sends."""

    def __init__(self, variant, size):
        super().__init__(variant, size)
        self.instance = Thing(pk=1, name="x")

    def run(self):
        send, instance = self.signal.send, self.instance
        for _ in repeat(None, self.times):
            send(
                sender=Thing,
                instance=instance,
                created=True,
                update_fields=None,
                raw=False,
                using="default",
            )


class MakeModel(Program):
    """``Model()``, which sends two signals that nobody is connected to."""

    def run(self):
        for _ in repeat(None, self.times):
            Thing(name="x")


class Nested(Program):
    """A receiver that sends its signal again, `size` sends deep."""

    def __init__(self, variant, size):
        super().__init__(variant, size)
        self.times = max(1, 300 // size)
        self.signal = signal = Signal()

        def receiver(level, **_):
            if level > 1:
                signal.send(sender=None, level=level - 1)

        self.receiver = variant.wrapped(receiver)
        signal.connect(self.receiver)

    def run(self):
        send, depth = self.signal.send, self.size
        for _ in repeat(None, self.times):
            send(sender=None, level=depth)


class Kept(Program):
    """As many sends as always, `size` of them in one recording; with the garbage collector on.

    Its runs fall where they fall, over many small recordings or one large, so that each size bears
    its share of them.
    """

    collects = True
    times = 20_000

    def __init__(self, variant, size):
        super().__init__(variant, size)
        self.times = max(self.times, size)
        self.signal = Signal()
        self.receiver = variant.wrapped(new_receiver())
        self.signal.connect(self.receiver)

    def spent(self, variant):
        send, spent = self.signal.send, 0
        for _ in range(self.times // self.size):
            with variant.open():
                started = CLOCK()
                for _ in repeat(None, self.size):
                    send(sender=None)
                spent += CLOCK() - started
        return spent


class Save(Program):
    """``save()`` of a row that exists, with one receiver of ``post_save``, in SQLite's memory."""

    times = 100

    def __init__(self, variant, size):
        super().__init__(variant, size)
        with connection.schema_editor() as editor:
            editor.create_model(Thing)
        self.thing = Thing.objects.create(name="x")
        self.receiver = variant.wrapped(new_receiver())
        if size:
            post_save.connect(self.receiver, sender=Thing)

    def run(self):
        save = self.thing.save
        for _ in repeat(None, self.times):
            save()


class Query(Program):
    """A statement through Django's cursor: outside of any receiver, or (size 1) in one."""

    def __init__(self, variant, size):
        super().__init__(variant, size)
        self.cursor = connection.cursor()
        self.signal = Signal()
        self.signal.connect(self._queries)

    def _queries(self, **_):
        execute = self.cursor.execute
        for _ in repeat(None, self.times):
            execute("SELECT 1")

    def run(self):
        if self.size:
            self.signal.send(sender=None)
        else:
            self._queries()


class MakeSignal(Program):
    def run(self):
        for _ in repeat(None, self.times):
            Signal()


class Connect(Program):
    """``connect()`` and ``disconnect()``."""

    def __init__(self, variant, size):
        super().__init__(variant, size)
        self.signal = Signal()
        self.receiver = new_receiver()

    def run(self):
        connect, disconnect, receiver = (
            self.signal.connect,
            self.signal.disconnect,
            self.receiver,
        )
        for _ in repeat(None, self.times):
            connect(receiver)
            disconnect(receiver)


PROGRAMS = {
    "floor": Floor,
    "loop": Loop,
    "send": Send,
    "send_kwargs": SendKwargs,
    "model": MakeModel,
    "nested": Nested,
    "kept": Kept,
    "save": Save,
    "query": Query,
    "signal": MakeSignal,
    "connect": Connect,
}
