"""W102, W103, W104 and W110: programs in which single receiver calls do it, and near misses."""

from __future__ import annotations

import asyncio
import time

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.core.signals import request_started
from django.db import connection, transaction
from django.db.models import F
from django.db.models.signals import post_migrate, post_save, pre_save

import signalscope
from tests.saved import call, dispatch, recorded
from tests.testapp.models import Note, Tag
from tests.unit.programs import broken, found_in, fresh

pytestmark = pytest.mark.django_db


def execute(sql, *args):
    """Run a statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, args)


def loading(work, signal=post_save, *, is_raw=True):
    """Return a program that loads a row as a fixture does, with a receiver that does `work`."""

    def program(connect):
        tag = Tag(pk=1, name="t")
        Tag.objects.create(pk=2, name="u")
        connect(signal, lambda **_: work(), Tag)
        tag.save_base(raw=is_raw)

    return program


WRITES = {
    "insert": lambda: Group.objects.create(name="g"),
    "update": lambda: Group.objects.update(name="g"),
    "save": lambda: Note(title="n").save(),
    "bulk_create": lambda: Group.objects.bulk_create([Group(name="g"), Group(name="h")]),
    "delete": lambda: Tag.objects.filter(pk=2).delete(),
    "replace": lambda: execute("REPLACE INTO auth_group (id, name) VALUES (1, %s)", "g"),
    "in a transaction": lambda: atomically(lambda: Group.objects.create(name="g")),
    "get_or_create": lambda: Group.objects.get_or_create(name="g"),
}
READS = {
    "nothing": lambda: None,
    "get": lambda: Tag.objects.get(pk=2),
    "count": Tag.objects.count,
    "savepoint": lambda: atomically(Tag.objects.count),
    "existing": lambda: Tag.objects.get_or_create(pk=2),
    "word in a literal": lambda: execute("SELECT 'INSERT INTO x'"),
    "column of that name": lambda: execute("SELECT 1 AS updated"),
    "plan": lambda: execute("EXPLAIN DELETE FROM auth_group"),
}


def atomically(work):
    """Do it in a transaction."""
    with transaction.atomic():
        work()


def skip_unless_known(write):
    """Skip a statement that the database does not have."""
    if write == "replace" and connection.vendor == "postgresql":
        pytest.skip("PostgreSQL has no REPLACE")


@pytest.mark.parametrize("signal", [post_save, pre_save], ids=["post", "pre"])
@pytest.mark.parametrize("write", WRITES)
def test_write_on_raw_is_found(write, signal):
    """With the statement."""
    skip_unless_known(write)
    found = found_in(loading(WRITES[write], signal), "W102")
    assert len(found) == 1
    assert "raw=True" in found[0].message
    assert found[0].evidence["sql"]


@pytest.mark.parametrize("read", READS)
def test_no_write_on_raw(read):
    """What reads, harms no fixture; and what is no fixture, may write."""
    assert found_in(loading(READS[read]), "W102") == []


@pytest.mark.parametrize("write", WRITES)
def test_write_without_raw(write):
    """It is what receivers are for."""
    skip_unless_known(write)
    assert found_in(loading(WRITES[write], is_raw=False), "W102") == []


# --- W103 ---


def spin(milliseconds):
    """Keep the processor busy."""
    until = time.perf_counter_ns() + milliseconds * 1_000_000
    while time.perf_counter_ns() < until:
        pass


def lasting(*own, **more):
    """Return a saved recording of calls of these times, in milliseconds."""
    calls = [call("shop.bill", 0, ms * 1_000_000, order=at) for at, ms in enumerate(own)]
    return recorded(dispatch(0, 10**9, calls=calls, **more))


@pytest.mark.parametrize(
    ("own", "longest"),
    [
        ((100,), 100),
        ((101,), 101),
        ((5_000,), 5_000),
        ((100, 100), 100),
        ((3, 200), 200),
        ((200, 300, 1), 300),
    ],
    ids=str,
)
def test_slow_receiver_is_found(own, longest):
    """From SLOW_MS on; equal calls are one finding."""
    (found,) = signalscope.Recording.from_dict(lasting(*own)).findings
    assert found.id == "W103"
    assert found.evidence["longest_ns"] == longest * 1_000_000
    assert found.evidence["count"] == sum(1 for each in own if each >= 100)


@pytest.mark.parametrize(
    "own", [(0,), (1,), (50,), (99,), (99.9,), (99, 99), (60, 60), ()], ids=str
)
def test_quick_receiver(own):
    """Many quick calls are not one slow one."""
    own = [int(each) for each in own]
    assert signalscope.Recording.from_dict(lasting(*own)).findings == []


def test_running_slow_receivers(settings):
    """The inner one is slow, not the one around it."""
    settings.SIGNALSCOPE = {"SLOW_MS": 40}

    def inner(**_):
        spin(60)

    def program(connect):
        signal = fresh(inner, connect=connect)
        fresh(lambda **_: signal.send(sender=None), connect=connect).send(sender=None)

    (found,) = found_in(program, "W103")
    assert found.receiver.endswith("inner")


def test_concurrent_receivers_are_not_told_apart(settings):
    """Each of the two waits for the other, so the time of neither is known."""
    settings.SIGNALSCOPE = {"SLOW_MS": 40}

    async def busy(**_):
        await asyncio.sleep(0)
        spin(60)

    async def idle(**_):
        await asyncio.sleep(0)

    def program(connect):
        asyncio.run(fresh(busy, idle, connect=connect).asend(sender=None))

    def alone(connect):
        asyncio.run(fresh(busy, connect=connect).asend(sender=None))

    assert found_in(program, "W103") == []
    assert len(found_in(alone, "W103")) == 1


# --- W104 ---


def calling(work, calls=1):
    """Return a program whose receiver does `work` in each of so many calls."""

    def program(connect):
        Tag.objects.bulk_create([Tag(name=str(at)) for at in range(30)])
        signal = fresh(lambda **_: work(), connect=connect)
        for _ in range(calls):
            signal.send(sender=None)

    return program


REPEATS = {
    "get": (lambda: [Tag.objects.get(pk=pk) for pk in tag_keys()[:5]], 1),
    "related": (lambda: [list(tag.note_set.all()) for tag in Tag.objects.all()], 1),
    "save": (lambda: [tag.save() for tag in Tag.objects.all()[:9]], 1),
    "create": (lambda: [Group.objects.create(name=str(at)) for at in range(5)], 1),
    "delete": (lambda: [execute("DELETE FROM auth_group WHERE id = %s", at) for at in range(5)], 1),
    "update": (lambda: [Tag.objects.filter(pk=at).update(name="x") for at in range(6)], 1),
    "over calls": (lambda: Tag.objects.filter(name="1").first(), 5),
    "over many calls": (Tag.objects.count, 100),
    "twice in each": (lambda: [Tag.objects.count() for _ in range(2)], 3),
}
FEW = {
    "nothing": (lambda: None, 99),
    "four": (lambda: [Tag.objects.count() for _ in range(4)], 1),
    "four calls": (Tag.objects.count, 4),
    "one write in each call": (lambda: Tag.objects.create(name="log"), 20),
    "savepoints": (lambda: [atomically(lambda: None) for _ in range(20)], 1),
    "batches of rows": (
        lambda: Group.objects.bulk_create([Group(name=str(at)) for at in range(60)], batch_size=10),
        1,
    ),
    "batches of updates": (
        lambda: Tag.objects.bulk_update(
            [Tag(pk=pk, name="n") for pk in tag_keys()], ["name"], batch_size=5
        ),
        1,
    ),
    "chunks of keys": (
        lambda: [list(Tag.objects.filter(pk__in=range(at, at + 10))) for at in range(6)],
        1,
    ),
    "another statement each": (
        lambda: [list(Tag.objects.filter(name="n")[:at]) for at in range(1, 2)],
        4,
    ),
    "one update in each": (lambda: Tag.objects.update(name=F("name")), 20),
}


def tag_keys():
    """Return the keys of all tags."""
    return list(Tag.objects.values_list("pk", flat=True))


@pytest.mark.parametrize("case", REPEATS)
def test_repeated_query_is_found(case):
    """With the statement and how often it ran."""
    work, calls = REPEATS[case]
    (found,) = found_in(calling(work, calls), "W104")
    (sql, count), *_ = found.evidence["sql"]
    assert count >= 5
    assert " ".join(sql.split())[:30] in found.message


@pytest.mark.parametrize("case", FEW)
def test_no_repeated_query(case):
    """Few are none, and batches are one operation."""
    work, calls = FEW[case]
    assert found_in(calling(work, calls), "W104") == []


def test_receivers_of_django_are_left_alone():
    """Nobody here can change them."""

    def program(connect):
        for _ in range(3):
            for config in apps.get_app_configs():
                post_migrate.send(sender=config, app_config=config, verbosity=0, using="default")

    assert found_in(program, "W104") == []


# --- W110 ---


def plain(**_):
    """Do nothing."""


async def coroutine(**_):
    """Do nothing, and be awaited."""


class Waits:
    """An object with a coroutine method."""

    async def receive(self, **_):
        """Do nothing."""

    def hear(self, **_):
        """Do nothing at once."""


def sent(method, *receivers):
    """Return a program that sends by `method`."""

    def program(connect):
        result = getattr(fresh(*receivers, connect=connect), method)(sender=None)
        if method.startswith("a"):
            asyncio.run(result)

    return program


HOPS = {
    "sync under asend": sent("asend", plain),
    "sync under asend_robust": sent("asend_robust", plain),
    "async under send": sent("send", coroutine),
    "async under send_robust": sent("send_robust", coroutine),
    "one of two": sent("asend", coroutine, plain),
    "one of two, async": sent("send", plain, coroutine),
    "async method": sent("send", Waits().receive),
    "method": sent("asend", Waits().hear),
    "lambda": sent("asend", lambda **_: None),
}
STAYS = {
    "sync under send": sent("send", plain),
    "sync under send_robust": sent("send_robust", plain),
    "async under asend": sent("asend", coroutine),
    "async under asend_robust": sent("asend_robust", coroutine),
    "two": sent("asend", coroutine, Waits().receive),
    "two at once": sent("send", plain, Waits().hear),
    "method": sent("send", Waits().hear),
    "broken": sent("send", broken),
    "none": sent("asend"),
    "of Django": lambda _: asyncio.run(request_started.asend(sender=None, environ={})),
}


@pytest.mark.parametrize("case", HOPS)
def test_hop_is_found(case):
    """It names the way of sending."""
    (found,) = found_in(HOPS[case], "W110")
    assert found.evidence["method"] in found.message


@pytest.mark.parametrize("case", STAYS)
def test_no_hop(case):
    """Each way of sending has receivers of its own kind."""
    assert found_in(STAYS[case], "W110") == []
