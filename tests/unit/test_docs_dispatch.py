"""What docs/explanation/django-dispatch.md says of this Django is so."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import importlib.util
import inspect
import threading
from pathlib import Path

import django
import pytest
from django.db.models.signals import m2m_changed
from django.dispatch import Signal

from tests.testapp.models import Note, Tag

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "django-dispatch.md"

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not here")


def table():
    """Return what the page says of this Django, by what it says it of."""
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    column = rows[0].index(".".join(map(str, django.VERSION[:2])))
    return {row[0]: row[column] for row in rows[2:]}


def hear(**_):
    """Do nothing."""


def parts():
    signal = Signal()
    signal.connect(hear)
    return str(len(signal.receivers[0]))


def dead_sender():
    class Sender:
        pass

    signal = Signal()
    sender = Sender()
    signal.connect(hear, sender=sender)
    del sender
    gc.collect()
    signal.send(sender=None)  # what is dead is cleared at the next look
    return "no" if signal.receivers else "yes"


def run_by():
    names = inspect.getsource(inspect.getmodule(Signal))
    return "`TaskGroup`" if "asyncio.TaskGroup" in names else "`gather`"


def order():
    signal, order, begun = Signal(), [], threading.Event()

    def plain(**_):
        order.append("sync")
        # Where it runs before the others, there is nothing to wait for.
        begun.wait(0 if django.VERSION >= (6, 1) else 30)
        order.append("sync ended")

    async def awaited(**_):
        order.append("async")
        begun.set()

    signal.connect(plain)
    signal.connect(awaited)
    asyncio.run(signal.asend(sender=None))
    if order == ["sync", "sync ended", "async"]:
        return "before the asynchronous ones"
    assert order.index("async") < order.index("sync ended")
    return "beside the asynchronous ones"


def siblings():
    signal, ended = Signal(), []
    goes_on, has_ended = asyncio.Event(), asyncio.Event()

    async def raises(**_):
        raise ValueError

    async def waits(**_):
        try:
            await goes_on.wait()
        except asyncio.CancelledError:
            ended.append("are cancelled")
            raise
        else:
            ended.append("go on")
        finally:
            has_ended.set()

    async def main():
        with pytest.raises(ValueError):  # noqa: PT011 - it has no words
            await signal.asend(sender=None)
        goes_on.set()
        await has_ended.wait()

    signal.connect(waits)
    signal.connect(raises)
    asyncio.run(main())
    return ended[0]


def two_raise():
    signal = Signal()

    async def one(**_):
        raise ValueError("one")

    async def two(**_):
        raise ValueError("two")

    signal.connect(one)
    signal.connect(two)
    try:
        asyncio.run(signal.asend(sender=None))
    except ExceptionGroup:
        return "an `ExceptionGroup`"
    except ValueError as error:
        return "the first" if str(error) == "one" else "another"
    return "none"


def context():
    signal, variable, seen = Signal(), contextvars.ContextVar("v", default="unset"), []

    async def sets(**_):
        variable.set("set")

    async def reads(**_):
        seen.append(variable.get())

    async def main():
        await signal.asend(sender=None)
        seen.append(variable.get())

    signal.connect(sets)
    signal.connect(reads)
    asyncio.run(main())
    return {("set", "set"): "by the others and by the caller"}.get(tuple(seen), "nowhere else")


def raw():
    sent = []

    def note(**named):
        sent.append("raw" in named)

    m2m_changed.connect(note, sender=Note.tags.through)
    try:
        note_with_tag = Note.objects.create(title="a")
        note_with_tag.tags.add(Tag.objects.create(name="b"))
    finally:
        m2m_changed.disconnect(note, sender=Note.tags.through)
    return "yes" if sent[0] else "no"


def tasks():
    return "yes" if importlib.util.find_spec("django.tasks") else "no"


FACTS = {
    "parts of an entry in `Signal.receivers`": parts,
    "a sender that dies takes its connections along": dead_sender,
    "asynchronous receivers are run by": run_by,
    "`asend()` runs synchronous receivers": order,
    "one asynchronous receiver raises: the others": siblings,
    "two raise: `asend()` raises": two_raise,
    "a context variable that an asynchronous receiver sets is seen": context,
    "`m2m_changed` says whether it is `raw`": raw,
    "signals about tasks": tasks,
}


@pytest.mark.django_db
@pytest.mark.parametrize("fact", FACTS)
def test_the_table(fact):
    assert FACTS[fact]() == table()[fact]


def test_the_table_has_no_line_more():
    assert set(table()) == set(FACTS)


def test_a_key_is_sender_and_uid_or_receiver():
    signal = Signal()
    for _ in range(2):
        signal.connect(hear)
        signal.connect(hear, dispatch_uid="uid")
        signal.connect(lambda **_: None, weak=False)
    assert len(signal.receivers) == 4


def test_an_object_with_an_asynchronous_call_counts_as_synchronous():
    class Hears:
        async def __call__(self, **_):
            """Do nothing."""

    signal, receiver = Signal(), Hears()
    signal.connect(receiver)
    ((_, answer),) = signal.send(sender=None)
    assert inspect.iscoroutine(answer)
    answer.close()


@pytest.mark.parametrize(("debug", "left"), [(False, 0), (True, 1)])
def test_debug_keeps_a_local_receiver_alive(settings, debug, left):
    settings.DEBUG = debug
    signal = Signal()

    def connect():
        def local(**_):
            """Be gone when `connect` returns."""

        signal.connect(local)

    connect()
    gc.collect()
    assert len(signal.send(sender=None)) == left


def test_a_send_in_a_running_loop_cannot_run_asynchronous_receivers():
    signal, order = Signal(), []

    async def awaited(**_):
        order.append("async")

    def plain(**_):
        order.append("sync")

    async def main():
        with pytest.raises(RuntimeError):
            signal.send(sender=None)

    signal.connect(awaited)
    signal.connect(plain)
    asyncio.run(main())
    assert order == ["sync"]
