"""Sinks are told of everything, and their faults stay theirs."""

from __future__ import annotations

import asyncio
import functools
import os
import subprocess
import sys

import pytest
from django.dispatch import Signal

import signalscope
from signalscope.sinks import MAX_FAILURES, made_from

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


class TestSettings:
    @pytest.mark.parametrize(
        "entry",
        [Diary, Diary(), f"{__name__}.Diary", f"{__name__}.make_diary", functools.partial(Diary)],
        ids=["class", "sink", "path", "path of a factory", "factory"],
    )
    def test_what_gives_a_sink(self, entry):
        """A sink, a callable that makes one, or the dotted path of either."""
        assert isinstance(made_from(entry), Diary)

    @pytest.mark.parametrize(
        ("entry", "message"),
        [
            ("no.such.module", "'no.such.module', which cannot be imported .ModuleNotFoundError"),
            (f"{__name__}.nothing", "which cannot be imported .AttributeError"),
            ("", "which cannot be imported"),
            (f"{__name__}.fails", "which gives no sink .ValueError"),
            (f"{__name__}.works", "gives NoneType: that has not the four methods"),
            (3, "'int', which gives no sink"),
        ],
        ids=str,
    )
    def test_what_gives_none_is_named(self, entry, message):
        """With the reason, and what to name instead."""
        with pytest.raises(signalscope.ConfigurationError, match=message):
            made_from(entry)

    def test_denied_signals_reach_no_sink(self, listen, settings):
        """A recording that names one sees it; a sink does not."""
        settings.SIGNALSCOPE = {"DENY": [signal]}
        diary = listen(Diary())
        signal.connect(works)
        with signalscope.record(signal) as recording:
            signal.send(sender=None)
            asyncio.run(signal.asend_robust(sender=None))
        signal.send(sender=None)
        signal.disconnect(works)
        assert diary.lines == []
        assert len(recording.dispatches) == 2

    def test_the_app_adds_them(self, tmp_path):
        """At start, where it is enabled; a wrong one is left out with a warning."""
        (tmp_path / "diary.py").write_text(
            "class Sink:\n"
            "    def dispatch_started(self, dispatch): print('began', dispatch.label)\n"
            "    dispatch_finished = receiver_started = receiver_finished = lambda *_: None\n"
        )
        program = """
import django
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["signalscope"],
    SIGNALSCOPE={"ENABLED": True, "SINKS": ["diary.Sink", "diary.Pen"]},
)
django.setup()
from django.dispatch import Signal
signal = Signal()
signal.connect(lambda **_: None, weak=False)
signal.send(sender=None)
"""
        result = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        )
        assert result.stdout.startswith("began signal")
        assert "A sink is left out" in result.stderr
        assert "diary.Pen" in result.stderr


def make_diary():
    """Make a sink."""
    return Diary()


def test_what_is_no_sink_is_refused(installed):
    """A class that was not called, say; the message says so, and nothing is added."""
    with pytest.raises(signalscope.ConfigurationError, match="which has not the four methods"):
        signalscope.add_sink(object())


def test_a_sink_may_follow_steps(listen):
    """It is told of each step of an asynchronous receiver, in the step's own context."""

    class Follower(Diary):
        def receiver_resumed(self, call):
            self.lines.append("resumed")

        def receiver_suspended(self, call):
            self.lines.append("suspended")

    async def rests(**_):
        follower.lines.append("one")
        await asyncio.sleep(0)
        follower.lines.append("two")

    follower = listen(Follower())
    own = Signal()
    own.connect(rests)
    asyncio.run(own.asend(None))
    steps = [line for line in follower.lines if type(line) is str]
    assert steps == ["resumed", "one", "suspended", "resumed", "two", "suspended"]


def test_a_sink_may_decline_a_dispatch(listen):
    """It hears no more of it, unless another one wants to."""

    class Picky(Diary):
        def dispatch_started(self, dispatch):
            super().dispatch_started(dispatch)
            return False

    def receiver(**_):
        pass

    own = Signal()
    own.connect(receiver)
    picky = listen(Picky())
    own.send(None)
    assert [line[0] for line in picky.lines] == ["dispatch began"]
    with signalscope.record() as recording:
        own.send(None)
    assert len(recording.calls(receiver)) == 1
    assert [line[0] for line in picky.lines] == ["dispatch began"] * 2
    diary = listen(Diary())
    own.send(None)
    assert [line[0] for line in diary.lines] == [
        "dispatch began",
        "receiver began",
        "receiver ended",
        "dispatch ended",
    ]
    assert len(picky.lines) == 2 + 4
