"""Sinks are told of everything, and their faults stay theirs."""

from __future__ import annotations

import asyncio

import pytest
from django.dispatch import Signal

import signalscope
from signalscope.sinks import MAX_FAILURES

signal = Signal()


class Diary:
    """Write down what is told."""

    def __init__(self):
        self.lines = []

    def dispatch_started(self, dispatch):
        self.lines.append(("dispatch began", dispatch.label, dispatch.duration_ns))

    def dispatch_finished(self, dispatch):
        self.lines.append(("dispatch ended", dispatch.label, dispatch.duration_ns > 0))

    def receiver_started(self, call):
        self.lines.append(("receiver began", call.receiver_name.rpartition(".")[2], call.order))

    def receiver_finished(self, call):
        self.lines.append(("receiver ended", call.duration_ns > 0, call.error and call.error.type))


@pytest.fixture
def installed():
    """Install for one test."""
    signalscope.install()
    yield
    signalscope.uninstall()


@pytest.fixture
def listen(installed):
    """Add sinks for one test."""
    added = []

    def add(sink):
        signalscope.add_sink(sink)
        added.append(sink)
        return sink

    yield add
    for sink in added:
        signalscope.remove_sink(sink)


def works(**_):
    """Return."""


def fails(**_):
    """Raise."""
    raise ValueError


async def works_async(**_):
    """Return later."""
    await asyncio.sleep(0)


async def fails_async(**_):
    """Raise later."""
    await asyncio.sleep(0)
    raise ValueError


@pytest.mark.parametrize("method", ["send_robust", "asend_robust", "send", "asend"])
@pytest.mark.parametrize("receivers", [(works, fails), (works_async, fails_async)])
def test_every_event_is_told_once_and_in_order(listen, method, receivers):
    """Begin and end of the dispatch enclose those of its calls, whose errors are known."""
    for receiver in receivers:
        signal.connect(receiver)
    diary = listen(Diary())
    assert isinstance(diary, signalscope.Sink)

    async def main():
        return await getattr(signal, method)(sender=None)

    try:
        if method.startswith("a"):
            asyncio.run(main())
        else:
            getattr(signal, method)(sender=None)
    except ValueError:
        assert "robust" not in method
    finally:
        for receiver in receivers:
            signal.disconnect(receiver)
    lines = diary.lines
    assert lines[0] == ("dispatch began", "signal", None)
    assert lines[-1] == ("dispatch ended", "signal", True)
    assert [line[1:] for line in lines if line[0] == "receiver began"] == [
        (receivers[0].__name__, 0),
        (receivers[1].__name__, 1),
    ]
    assert [line[1:] for line in lines if line[0] == "receiver ended"] == [
        (True, None),
        (True, "ValueError"),
    ]


def test_a_removed_sink_hears_nothing_more(listen):
    """And one added twice hears everything once."""
    signal.connect(works)
    diary = listen(Diary())
    signalscope.add_sink(diary)
    signal.send(sender=None)
    assert len(diary.lines) == 4
    signalscope.remove_sink(diary)
    signal.send(sender=None)
    signal.disconnect(works)
    assert len(diary.lines) == 4


def test_a_failing_sink_is_reported_once_and_dropped(listen, caplog):
    """The program and the other sinks do not notice."""

    class Broken(Diary):
        def receiver_started(self, call):
            raise RuntimeError("out of ink")

    listen(Broken())
    healthy = listen(Diary())
    signal.connect(works)
    for _ in range(MAX_FAILURES + 2):
        assert signal.send(sender=None) == [(works, None)]
    signal.disconnect(works)
    assert len(healthy.lines) == 4 * (MAX_FAILURES + 2)
    name = f"{__name__}.{Broken.__qualname__}"
    messages = [record.getMessage() for record in caplog.records if record.name == "signalscope"]
    assert messages == [
        f"Sink {name} failed in receiver_started",
        f"Sink {name} failed {MAX_FAILURES} times and was dropped",
    ]
