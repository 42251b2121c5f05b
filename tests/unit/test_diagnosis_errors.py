"""W105 swallowed-error, W106 skipped-after-error and W108 bypassed: programs, and near misses."""

from __future__ import annotations

import asyncio

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.management.color import no_style
from django.db import connection
from django.db.models import F
from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import Signal

import signalscope
from tests.saved import call, dispatch, recorded
from tests.testapp.models import Note, Tag
from tests.unit.programs import broken, found_in, fresh

pytestmark = pytest.mark.django_db


def plain(**_):
    """Do nothing."""


def handled(**_):
    """Handle an error of one's own."""
    try:
        broken()
    except ValueError:
        return


async def breaks(**_):
    """Raise when awaited."""
    raise ValueError("broken")


async def runs(**_):
    """Do nothing."""


def sent(method, *receivers, times=1):
    """Return a program that sends by `method`."""

    def program(connect):
        signal = fresh(*receivers, connect=connect)
        for _ in range(times):
            result = getattr(signal, method)(sender=None)
            if method.startswith("a"):
                asyncio.run(result)

    return program


def saved(*receivers, signal=post_save):
    """Return a program that saves a note."""

    def program(connect):
        for receiver in receivers:
            connect(signal, receiver, Note)
        Note.objects.create(title="a")

    return program


def vetoes(**_):
    """Forbid it."""
    raise ValidationError("no")


def vetoed(connect):
    """Raise, before a save, what forbids it."""
    with pytest.raises(ValidationError):
        saved(vetoes, plain, signal=pre_save)(connect)


def inner_send(method):
    """Return a receiver that sends to a broken one."""

    def receiver(**_):
        inner = Signal()
        inner.connect(broken)
        getattr(inner, method)(sender=None)

    return receiver


SWALLOWED = {
    "send_robust": sent("send_robust", broken),
    "asend_robust": sent("asend_robust", breaks),
    "async under send_robust": sent("send_robust", breaks),
    "sync under asend_robust": sent("asend_robust", broken),
    "one of three": sent("send_robust", plain, broken, plain),
    "often": sent("send_robust", broken, times=9),
    "inside another": sent("send", inner_send("send_robust")),
    "after a save": saved(inner_send("send_robust")),
}
KEPT_BY_NOBODY = {
    "send": sent("send", broken),
    "asend": sent("asend", breaks),
    "plain": sent("send_robust", plain),
    "async": sent("asend_robust", runs),
    "handled": sent("send_robust", handled),
    "handled under send": sent("send", handled),
    "save": saved(broken),
    "none": sent("send_robust"),
    "veto": vetoed,
}
SKIPPED = {
    "send": sent("send", broken, plain),
    "first of three": sent("send", broken, plain, handled),
    "second of three": sent("send", plain, broken, handled),
    "sync before async": sent("send", broken, runs),
    "save": saved(broken, plain),
    "before a save": saved(broken, plain, signal=pre_save),
    "handled send": lambda connect: [quietly(sent("send", broken, plain), connect)],
    "error from below": sent("send", inner_send("send"), plain),
}
NOT_SKIPPED = {
    "the last": sent("send", plain, broken),
    "the only one": sent("send", broken),
    "none raises": sent("send", plain, handled),
    "robust": sent("send_robust", broken, plain),
    "async, robust": sent("asend_robust", breaks, runs),
    "handled": sent("send", handled, plain),
    "save": saved(plain, broken),
    "veto": vetoed,
    "robust below": sent("send", inner_send("send_robust"), plain),
}


def quietly(program, connect):
    """Run a program, and mind no error."""
    with pytest.raises(ValueError, match="broken"):
        program(connect)


@pytest.mark.parametrize("case", SWALLOWED)
def test_swallowed_error_is_found(case):
    """With the error; often is one finding."""
    (found,) = found_in(SWALLOWED[case], "W105")
    assert "ValueError: broken" in found.message
    assert found.evidence["count"] == (9 if case == "often" else 1)


@pytest.mark.parametrize("case", KEPT_BY_NOBODY)
def test_no_swallowed_error(case):
    """What is raised to the sender, or handled, is not swallowed."""
    assert found_in(KEPT_BY_NOBODY[case], "W105") == []


@pytest.mark.parametrize("case", SKIPPED)
def test_skipped_receiver_is_found(case):
    """It names those that did not run."""
    (found,) = found_in(SKIPPED[case], "W106")
    assert found.evidence["skipped"]
    assert all(name in found.message for name in found.evidence["skipped"])


@pytest.mark.parametrize("case", NOT_SKIPPED)
def test_no_skipped_receiver(case):
    """All ran, or the error was meant to stop them."""
    assert found_in(NOT_SKIPPED[case], "W106") == []


# --- W108 ---


def make_tags():
    """Make five, with the keys 1 to 5, whatever keys the tests before used up."""
    Tag.objects.bulk_create([Tag(pk=at, name=str(at)) for at in range(1, 6)])
    for sql in connection.ops.sequence_reset_sql(no_style(), [Tag]):
        with connection.cursor() as cursor:
            cursor.execute(sql)


def heard(work, signal=post_save, model=Tag):
    """Return a program that does `work` on tags, with a receiver for the saves of `model`."""

    def program(connect):
        make_tags()
        connect(signal, plain, model)
        work()

    return program


def in_receiver(work):
    """Return a program whose receiver of the first tag's save does `work`."""

    def program(connect):
        make_tags()
        connect(post_save, lambda instance, **_: work(instance), Tag)
        Tag.objects.get(pk=1).save()

    return program


def changed_tags():
    """Return two tags with other names."""
    return [Tag(pk=1, name="x"), Tag(pk=2, name="y")]


BYPASSED = {
    "bulk_create": (heard(lambda: Tag.objects.bulk_create([Tag(name="n")])), 1),
    "bulk_create, three": (heard(lambda: Tag.objects.bulk_create([Tag(name="n")] * 3)), 3),
    "bulk_update": (heard(lambda: Tag.objects.bulk_update(changed_tags(), ["name"])), 2),
    "update": (heard(lambda: Tag.objects.update(name="n")), 5),
    "update of one": (heard(lambda: Tag.objects.filter(pk=1).update(name=F("name"))), 1),
    "update of many by a receiver": (in_receiver(lambda _: Tag.objects.update(name="n")), 5),
    "of another model's receiver": (
        lambda connect: [
            connect(post_save, lambda **_: Tag.objects.filter(pk=1).update(name="n"), Note),
            connect(post_save, plain, Tag),
            Tag.objects.bulk_create([Tag(pk=1, name="t")]) and None,
            Note.objects.create(title="a"),
        ],
        None,
    ),
    "receiver of all models": (heard(lambda: Tag.objects.update(name="n"), model=None), 5),
    "bulk_create by a receiver": (
        in_receiver(lambda _: Tag.objects.bulk_create([Tag(name="n")])),
        1,
    ),
    "before a save": (heard(lambda: Tag.objects.update(name="n"), signal=pre_save), 5),
}
NOT_BYPASSED = {
    "no rows": heard(lambda: Tag.objects.filter(pk=99).update(name="n")),
    "nothing to create": heard(lambda: Tag.objects.bulk_create([])),
    "own row": in_receiver(lambda tag: Tag.objects.filter(pk=tag.pk).update(name="n")),
    "own row, further down": in_receiver(
        lambda tag: Signal().send(sender=Tag) or Tag.objects.filter(pk=tag.pk).update(name="n")
    ),
    "receivers of deletions": heard(lambda: Tag.objects.update(name="n"), signal=post_delete),
    "receivers of another model": heard(lambda: Tag.objects.update(name="n"), model=Note),
    "save": heard(lambda: Tag.objects.get(pk=1).save()),
    "delete": heard(lambda: Tag.objects.all().delete(), signal=post_delete),
    "many-to-many": heard(lambda: Note.objects.create(title="a").tags.add(1, 2), model=None),
    "reading": heard(Tag.objects.in_bulk),
    "other table": heard(lambda: Group.objects.update(name="g")),
}


@pytest.mark.parametrize("case", BYPASSED)
def test_bypass_is_found(case):
    """With rows and receivers."""
    program, rows = BYPASSED[case]
    found = found_in(program, "W108")
    assert found
    assert rows is None or rows == found[-1].evidence["rows"]
    assert found[-1].evidence["receivers"]
    assert found[-1].places[0].file == __file__


@pytest.mark.parametrize("case", NOT_BYPASSED)
def test_no_bypass(case):
    """Nothing was written that a receiver of it would hear of, or it is the receiver's own row."""
    assert found_in(NOT_BYPASSED[case], "W108") == []


def test_an_error_under_send_is_not_swallowed():
    """Even if nobody saw how the send ended."""
    failed = call("shop.bill", error={"type": "ValueError", "message": "broken"})
    for method, number in (("send", 0), ("asend", 0), ("send_robust", 1)):
        data = recorded(dispatch(method=method, calls=[failed]))
        found = signalscope.Recording.from_dict(data).findings
        assert [each.id for each in found].count("W105") == number
