"""What docs/explanation/awkward-parts.md says is not seen, or cannot be told, is so."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import re
import threading
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest
from django.db import connection
from django.db.models.signals import post_init, post_save
from django.dispatch import Signal

import signalscope
from tests.testapp.models import Tag

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "awkward-parts.md"

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not here")

LINES = {}


def line(what):
    """Let a function try the line of a table that begins with these words."""

    def add(function):
        LINES[what] = function
        return function

    return add


def hear(**_):
    """Do nothing."""


def signal_with(*receivers, kind=Signal):
    signal = kind()
    for receiver in receivers:
        signal.connect(receiver, weak=False)
    return signal


@contextmanager
def installed():
    signalscope.install()
    try:
        yield
    finally:
        signalscope.uninstall()


@contextmanager
def hearing(signal, receiver, sender):
    signal.connect(receiver, sender=sender)
    try:
        yield
    finally:
        signal.disconnect(receiver, sender=sender)


class Told:
    """A sink that notes what begins."""

    def __init__(self):
        self.dispatches = []

    def dispatch_started(self, dispatch):
        self.dispatches.append(dispatch)

    def dispatch_finished(self, dispatch):
        """Hear nothing."""

    receiver_started = receiver_finished = dispatch_finished


# --- What is not seen -----------------------------------------------------------------------------


@line("a receiver that the program calls itself")
def called_directly():
    with signalscope.record() as recording:
        hear(signal=signal_with(hear), sender=None)
    assert recording.dispatches == []
    assert recording.unheard == {}


@line("a class that overrides `send()` and calls the receivers itself")
def overridden():
    class Own(Signal):
        def send(self, sender, **named):
            found, _ = self._live_receivers(sender)
            return [(each, each(signal=self, sender=sender, **named)) for each in found]

    class Above(Signal):
        def send(self, sender, **named):
            return super().send(sender, **named)

    for kind, seen in ((Own, 0), (Above, 1)):
        signal = signal_with(hear, kind=kind)
        with signalscope.record() as recording:
            assert signal.send(sender=None) == [(hear, None)]
        assert len(recording.calls(hear)) == seen


@line("a send while `Signal.send` is a mock")
def mocked():
    signal = signal_with(hear)
    with signalscope.record() as recording, mock.patch.object(Signal, "send") as send:
        signal.send(sender=None)
    send.assert_called_once()
    assert recording.dispatches == []


@line("a send that finds no receiver")
def unheard():
    signal = Signal()
    with signalscope.record() as recording:
        signal.send(sender=Tag)
        signal.send(sender=Tag)
    assert recording.dispatches == []
    assert [(key[1], number) for key, number in recording.unheard.items()] == [("testapp.Tag", 2)]


@line("`pre_init` and `post_init`")
def instances(settings):
    def seen(*signals):
        with signalscope.record(*signals) as recording:
            Tag(name="a")
        return len(recording.calls(hear))

    with hearing(post_init, hear, Tag):
        assert seen() == 0
        assert seen(post_init) == 1
        settings.SIGNALSCOPE = {"DENY": []}
        assert seen() == 1


@line("a plain thread")
def in_a_thread():
    signal, told = signal_with(hear), Told()
    with installed():
        signalscope.add_sink(told)
        try:
            with signalscope.record() as recording:
                thread = threading.Thread(target=signal.send, args=(None,))
                thread.start()
                thread.join()
        finally:
            signalscope.remove_sink(told)
    assert recording.dispatches == []
    assert len(told.dispatches) == 1


@line("a send after the first `MAX_RECORDS`")
def beyond_the_limit(settings):
    settings.SIGNALSCOPE = {"MAX_RECORDS": 2}
    signal = signal_with(hear)
    with signalscope.record() as recording:
        for _ in range(5):
            signal.send(sender=None)
    assert (len(recording.dispatches), recording.dropped) == (2, 3)


# --- Without a signal -----------------------------------------------------------------------------


def bulk():
    tag = Tag(name="a")
    Tag.objects.bulk_create([tag])
    Tag.objects.bulk_update([tag], ["name"])
    Tag.objects.filter(pk=tag.pk).update(name="b")


@line("`bulk_create()`, `bulk_update()`, `update()`")
def bypasses():
    with hearing(post_save, hear, Tag), signalscope.record() as recording:
        bulk()
    assert [each.operation for each in recording.bypasses] == [
        "bulk_create",
        "bulk_update",
        "update",
    ]
    assert all(each.receivers == (f"{__name__}.hear",) for each in recording.bypasses)


@line("the same, where nobody listens for the model")
def bypassing_nobody():
    with signalscope.record() as recording:
        bulk()
    assert recording.bypasses == []


INSERT = "INSERT INTO testapp_tag (name) VALUES ('c')"


@line("rows that the program's own SQL writes")
def own_sql():
    def writes(**_):
        with connection.cursor() as cursor:
            cursor.execute(INSERT)

    signal = signal_with(writes)
    with hearing(post_save, hear, Tag), signalscope.record() as recording:
        signal.send(sender=None)
    assert Tag.objects.filter(name="c").exists()
    assert recording.bypasses == []
    assert [call.queries.count for call in recording.calls()] == [1]


@line("SQL on the database driver's own connection, past Django's cursors")
def drivers_sql():
    connection.ensure_connection()

    def writes(**_):
        cursor = connection.connection.cursor()
        cursor.execute(INSERT)
        cursor.close()

    signal = signal_with(writes)
    with hearing(post_save, hear, Tag), signalscope.record() as recording:
        signal.send(sender=None)
    assert Tag.objects.filter(name="c").exists()
    assert recording.bypasses == []
    assert [call.queries.count for call in recording.calls()] == [0]


# --- What nobody can tell -------------------------------------------------------------------------


def dies(signal):
    def local(**_):
        """Be gone when `dies` returns."""

    signal.connect(local)


def missed_by(signal):
    signal.connect(hear)
    gc.collect()
    with signalscope.record() as recording:
        signal.send(sender=None)
    (dispatch,) = recording.dispatches
    return [(each.receiver_name, each.reason) for each in dispatch.not_called]


@line("a receiver that died, connected while Signalscope was installed")
def died():
    signal = Signal()
    with installed():
        dies(signal)
        assert missed_by(signal) == [(f"{__name__}.dies.<locals>.local", "dead")]


@line("a receiver that died, connected before")
def died_before():
    signal = Signal()
    dies(signal)
    with installed():
        assert missed_by(signal) == []


@line("where a receiver was connected before the install")
def connected_before():
    before, after = Signal(), Signal()
    before.connect(hear)
    with installed():
        after.connect(hear)
        (unknown,) = signalscope.connections(before)
        (known,) = signalscope.connections(after)
    assert unknown.connected_at is None
    assert known.connected_at.file == __file__


def calls_of(*receivers):
    signal = signal_with(*receivers)
    with signalscope.record() as recording:
        signal.send(sender=None)
    return [(call.receiver_name, call.file, call.line) for call in recording.calls()]


@line("two lambdas in one line")
def lambdas():
    one, two = calls_of(*[(lambda **_: None), (lambda **_: None)])
    assert one == two


@line("a receiver behind a decorator without `functools.wraps`")
def behind_a_decorator():
    def bare(function):
        def inner(**named):
            return function(**named)

        return inner

    def receiver(**_):
        """Do nothing."""

    ((name, file, number),) = calls_of(bare(receiver))
    assert name.endswith("bare.<locals>.inner")
    assert (file, number) == (__file__, bare(receiver).__code__.co_firstlineno)


@line("a receiver that is no Python function, as a class written in C")
def written_in_c():
    assert calls_of(dict) == [("dict", None, None)]


@line("an instance that has no primary key yet")
def without_a_key():
    signal = signal_with(hear)
    with signalscope.record() as recording:
        signal.send(sender=Tag, instance=Tag(name="a"))
    assert recording.dispatches[0].kwargs == {"instance": "testapp.Tag pk=None"}


# --- Others who patch -----------------------------------------------------------------------------


def wrapper(original):
    @functools.wraps(original)
    def send(self, sender, **named):
        return original(self, sender, **named)

    return send


@line("a wrapper around `Signal.send` that keeps Django's function in reach")
def wrapped():
    signal, around = signal_with(hear), mock.patch.object(Signal, "send", wrapper(Signal.send))
    with around, signalscope.record() as theirs_first:
        signal.send(sender=None)
    with signalscope.record() as ours_first, around:
        signal.send(sender=None)
    assert len(theirs_first.calls()) == len(ours_first.calls()) == 1


def nothing(self, sender, **named):
    return []


@line("`Signal.send` replaced, and Django's function nowhere in reach")
def replaced_before():
    code = Signal.send_robust.__code__
    with mock.patch.object(Signal, "send", nothing):
        with pytest.raises(signalscope.SignalscopeError, match=r"Signal\.send is not Django"):
            signalscope.install()
        assert not signalscope.is_installed()
        assert Signal.send_robust.__code__ is code


@line("`Signal.send` replaced after the install, with a function that never calls Django's")
def replaced_after():
    signal = signal_with(hear)
    with signalscope.record() as recording, mock.patch.object(Signal, "send", nothing):
        signal.send(sender=None)
    assert recording.dispatches == []


@line("wrappers in place of the receivers, as Sentry's")
def receivers_wrapped():
    signal, before = signal_with(hear), Signal._live_receivers

    def _live_receivers(self, sender):
        def wrapping(receiver):
            @functools.wraps(receiver)
            def inner(**named):
                return receiver(**named)

            return inner

        found, asynchronous = before(self, sender)
        return list(map(wrapping, found)), asynchronous

    # Theirs is a function of a function, too.
    with mock.patch.object(Signal, "_live_receivers", _live_receivers):
        with signalscope.record() as recording:
            ((answers, _),) = signal.send(sender=None)
        with signalscope.muted(receiver=hear):
            assert signal.send(sender=None) == []
    assert answers is not hear
    recording.assert_called(hear, times=1)


# --- All of them ----------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("what", LINES)
def test_line(what, settings):
    settings.SIGNALSCOPE = {}
    function = LINES[what]
    function(*([settings] if inspect.signature(function).parameters else []))


def test_each_line_of_the_tables_is_tried():
    text = PAGE.read_text("utf-8")
    cells = re.findall(r"^\| (.+?) \| .+ \|$", text, re.MULTILINE)
    assert [cell for cell in cells if cell not in {"what", "---"}] == list(LINES)


def test_a_thread_that_copies_its_context_is_seen():
    """The other side of the line on plain threads."""
    signal = signal_with(hear)

    async def main():
        await asyncio.to_thread(signal.send, None)

    with signalscope.record() as recording:
        asyncio.run(main())
    assert len(recording.calls(hear)) == 1
