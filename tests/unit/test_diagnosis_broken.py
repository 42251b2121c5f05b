"""W105 for transactions that a receiver leaves broken: programs, and near misses."""

from __future__ import annotations

import json
import traceback
import types

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, IntegrityError, connection, transaction

import signalscope
from signalscope import patching, transactions
from tests.testapp.models import Tag
from tests.unit.programs import connections, found_in, fresh

pytestmark = pytest.mark.django_db(transaction=True)


def twice():
    """Break a constraint."""
    Group.objects.create(name="g")
    Group.objects.create(name="g")


def handled(work=twice):
    """Handle the error, which is too late."""
    try:
        work()
    except DatabaseError:
        return


def in_a_block():
    """Handle the error in time."""
    try:
        with transaction.atomic():
            twice()
    except IntegrityError:
        return


def without_savepoint():
    """Handle the error of a block that has no savepoint."""
    try:
        with transaction.atomic(savepoint=False):
            twice()
    except IntegrityError:
        return


def cleared():
    """Handle the error, and tell Django so."""
    handled()
    transaction.set_rollback(False)


def given_up():
    """Ask for the rollback, though nothing failed."""
    transaction.set_rollback(True)


def nonsense():
    """Run a statement that fails, and that SQLite forgets at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nonsense")


def send(*works, method="send", around=True):
    """Return a program whose receivers do this, in a transaction."""

    def program(connect):
        receivers = [lambda work=work, **_: work() for work in works]
        signal = fresh(*receivers, connect=connect)
        if around:
            with transaction.atomic():
                getattr(signal, method)(sender=None)
                transaction.set_rollback(True)
        else:
            getattr(signal, method)(sender=None)

    return program


def inner(work, method="send"):
    """Return what sends to a receiver that does it."""

    def outer():
        signal = fresh(connect=lambda *_: None)
        signal.connect(lambda **_: work(), weak=False)
        getattr(signal, method)(sender=None)

    return outer


BROKEN = {
    "handled": send(handled),
    "under send_robust": send(handled, method="send_robust"),
    "without a savepoint": send(without_savepoint),
    "kept by send_robust": send(twice, method="send_robust"),
    "inside another": send(inner(handled)),
    "by another receiver, which raised": send(lambda: handled(inner(twice))),
    "kept from below": send(inner(twice, "send_robust")),
    "first of two": send(handled, lambda: None),
    "the second only fails as the first did": send(handled, lambda: handled(Tag.objects.count)),
    "in a block of its own, which is over": send(
        lambda: [in_a_block(), Group.objects.all().delete(), handled()]
    ),
}
WHOLE = {
    "in a block": send(in_a_block),
    "in autocommit": send(handled, around=False),
    "cleared": send(cleared),
    "given up": send(given_up),
    "nothing fails": send(Tag.objects.count),
    "get_or_create": send(lambda: [Group.objects.get_or_create(name="g") for _ in range(2)]),
    "inside another, in a block": send(inner(in_a_block)),
    "its own transaction": send(in_a_block, around=False),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_transaction_is_found(case):
    """At the receiver that went on as if nothing had happened."""
    (found,) = found_in(BROKEN[case], "W105")
    assert found.evidence["broken"] is True
    assert found.evidence["count"] == 1


@pytest.mark.parametrize("case", WHOLE)
def test_no_broken_transaction(case):
    """It can go on, or there is none."""
    if case == "cleared" and connection.vendor == "postgresql":
        pytest.skip("PostgreSQL does not take Django's word for it")
    assert found_in(WHOLE[case], "W105") == []


@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
def test_a_statement_outside_of_the_orm(vendor):
    """It breaks the transaction where the database says so."""
    if connection.vendor != vendor:
        pytest.skip("Another database")
    found = found_in(send(lambda: handled(nonsense)), "W105")
    assert len(found) == (1 if vendor == "postgresql" else 0)


def test_the_error_takes_its_way():
    """Under a plain send the sender gets it, and nobody swallowed it."""
    with connections() as connect, signalscope.record() as recording:
        with pytest.raises(IntegrityError), transaction.atomic():
            fresh(lambda **_: twice(), connect=connect).send(sender=None)
        assert [each.id for each in recording.findings] == []


@pytest.mark.django_db(transaction=False)
class TestInsideATestCase:
    # Without the test case, the block of the second is the outermost one, and rolled back.
    @pytest.mark.parametrize("work", [handled, without_savepoint])
    def test_its_own_transaction_is_none(self, work):
        """In production there may be none."""
        assert found_in(send(work, around=False), "W105") == []

    def test_a_transaction_within_is_one(self):
        """Which a program opened."""
        assert len(found_in(send(handled), "W105")) == 1


def test_the_same_traceback():
    """Of a statement that fails inside a receiver, as without us."""

    def frames():
        signal = fresh(connect=lambda *_: None)
        signal.connect(nonsense_of, weak=False)
        with transaction.atomic():
            ((_, error),) = signal.send_robust(sender=None)
            transaction.set_rollback(True)
        lines = traceback.extract_tb(error.__traceback__)
        return [(each.filename, each.name, each.lineno) for each in lines], repr(error)

    plain = frames()
    with signalscope.record():
        recorded = frames()
    assert recorded == plain


def nonsense_of(**_):
    """Run a statement that fails."""
    nonsense()


def test_it_is_saved():
    """So that a saved recording finds the same."""
    with connections() as connect, signalscope.record() as recording:
        send(handled)(connect)
    saved = json.loads(json.dumps(recording.to_dict()))
    del saved["findings"]
    assert signalscope.Recording.from_dict(saved).findings == recording.findings != []


def test_nothing_is_left_switched_on():
    """Calls are looked at for as long as one has failed."""
    found_in(send(handled, twice, method="send_robust"), "W105")
    assert patching.recorder._doubts == {}
    assert patching.recorder.tells is False


@pytest.mark.parametrize(("status", "broken"), [(3, True), (2, False), (None, False)])
def test_what_postgresql_says(status, broken):
    """By the status of the transaction, where Django knows of no fault."""
    fake = types.SimpleNamespace(
        alias="default",
        in_atomic_block=True,
        needs_rollback=False,
        atomic_blocks=[types.SimpleNamespace(_from_testcase=False)],
        connection=types.SimpleNamespace(info=types.SimpleNamespace(transaction_status=status)),
    )
    handler = types.SimpleNamespace(all=lambda **_: [fake])
    assert transactions._is_broken(handler, "default") is broken
    assert transactions._is_broken(handler, "other") is False
