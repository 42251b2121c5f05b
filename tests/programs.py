"""Small programs that the tests of the rules run: receivers, real sends, a database."""

from __future__ import annotations

import asyncio
import itertools
import time

import pytest

import signalscope
from signalscope import patching
from signalscope.patching import originals


class World:
    """What a program has at hand."""

    def __init__(self) -> None:
        self._connected = []

    def connect(self, signal, *receivers, sender=None):
        """Connect receivers until the test is over."""
        for receiver in receivers:
            signal.connect(receiver, sender=sender, weak=False)
            self._connected.append((signal, receiver, sender))

    def close(self):
        """Disconnect them."""
        for signal, receiver, sender in self._connected:
            signal.disconnect(receiver, sender=sender)

    @staticmethod
    def wait(milliseconds):
        """Let time go by on the clock that is turned by hand."""
        _clock.added += int(milliseconds * 1_000_000)


class _Clock:
    """A clock, in nanoseconds, on which time goes by where somebody says so."""

    def __init__(self) -> None:
        self.added = time.perf_counter_ns()
        self._readings = itertools.count(1)

    def __call__(self):
        """Tell the time; never the same twice."""
        return self.added + next(self._readings)


_clock = _Clock()
_woven = {}


@pytest.fixture
def world():
    """Give a program what it needs."""
    world = World()
    yield world
    world.close()


@pytest.fixture
def turned_by_hand(monkeypatch):
    """Record by a clock that stands still but for `World.wait`."""
    monkeypatch.setattr(patching.recorder, "clock", _clock)
    # The clock is a constant of the woven code.
    monkeypatch.setattr(originals, "_woven", _woven)


def two_tasks(signal, inside):
    """Return a receiver and a function that sends `signal` by ``int`` and ``str`` in two tasks.

    The receiver awaits `inside`, of the sender, while both tasks are in it.
    """
    both = None

    async def meets(sender, **_):
        await both.wait()
        await inside(sender)
        await both.wait()

    async def main():
        nonlocal both
        both = asyncio.Barrier(2)
        await asyncio.gather(signal.asend(sender=int), signal.asend(sender=str))

    return meets, lambda: asyncio.run(main())


def findings_of(program, world):
    """Return what is found in a program, a generator: it is recorded from its `yield` on."""
    return recording_of(program, world).findings


def recording_of(program, world):
    """Return the recording of a program from its `yield` on."""
    steps = program(world)
    next(steps)
    with signalscope.record() as recording:
        next(steps, None)
    return recording


def ids_of(findings):
    """Return the ids of findings, in order."""
    return [each.id for each in findings]


def named(programs):
    """Return programs as parameters of a test, under their names."""
    return [pytest.param(program, id=program.__name__) for program in programs]
