"""What a recording knows of a database that has cursors on the server, and of several at once."""

from __future__ import annotations

import contextlib

import pytest
from django.conf import settings
from django.db import IntegrityError, connections, transaction
from django.db.models.signals import post_save
from django.dispatch import Signal

import signalscope
from tests.testapp.models import Note, Tag

ALIASES = ("default", "second", "light")

pytestmark = [
    pytest.mark.skipif(
        not settings.SIGNALSCOPE_POSTGRESQL, reason="needs a PostgreSQL: nox -s postgresql"
    ),
    # Real transactions, since commits are what much of this is about.
    pytest.mark.django_db(transaction=True, databases=ALIASES),
]

noted = Signal()
followed = Signal()


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


def leaf(**_):
    """Do nothing."""


def queries_of(recording, receiver):
    (call,) = recording.calls(receiver)
    return call.queries


def test_the_databases_are_what_they_should_be():
    """Else nothing below says what it seems to say."""
    vendors = {alias: connections[alias].vendor for alias in ALIASES}
    assert vendors == {"default": "postgresql", "second": "postgresql", "light": "sqlite"}


def test_a_cursor_on_the_server_counts_once(connect):
    """However many batches are fetched by it."""
    Tag.objects.bulk_create([Tag(name=str(number)) for number in range(7)])
    seen = []

    def iterates(**_):
        rows = Tag.objects.iterator(chunk_size=2)
        seen.append(next(rows))
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_cursors")
            assert cursor.fetchone() == (1,)
        seen.extend(rows)

    connect(noted, iterates)
    with signalscope.record() as recording:
        noted.send(sender=None)
    assert len(seen) == 7
    queries = queries_of(recording, iterates)
    # The other is the look at the server's list.
    assert (queries.count, queries.repeated) == (2, {})
    assert queries.duration_ns > 0


@pytest.mark.parametrize("ignore", [False, True])
def test_bulk_create(connect, ignore):
    """The keys come back from the database; a conflict leaves the rows unknown."""
    kept = Tag.objects.create(name="kept")
    notes = [Note(title="a"), Note(title="b")]

    def creates(**_):
        Note.objects.bulk_create(notes, ignore_conflicts=ignore)

    connect(noted, creates)
    connect(post_save, leaf, sender=Note)
    with signalscope.record() as recording:
        noted.send(sender=None, instance=kept)
    (bypass,) = recording.bypasses
    assert (bypass.operation, bypass.model_name) == ("bulk_create", "testapp.Note")
    assert bypass.rows == (None if ignore else 2)
    assert all(note.pk for note in notes) is not ignore
    assert queries_of(recording, creates).count == 1


def test_each_receiver_counts_its_own_on_every_alias(connect):
    """In one dispatch, one receiver for each database, and one for all of them."""

    def on_default(**_):
        Tag.objects.using("default").count()

    def on_second(**_):
        for _ in range(2):
            Tag.objects.using("second").count()

    def on_light(**_):
        for _ in range(3):
            Tag.objects.using("light").count()

    def on_all(**_):
        for alias in ALIASES:
            Tag.objects.using(alias).count()

    receivers = (on_default, on_second, on_light, on_all)
    for receiver in receivers:
        connect(noted, receiver)
    with signalscope.record() as recording:
        noted.send(sender=None)
    assert [queries_of(recording, receiver).count for receiver in receivers] == [1, 2, 3, 3]


@pytest.mark.parametrize("commits", ["default", "second", "light"])
def test_a_commit_on_one_alias_and_a_rollback_on_the_others(connect, commits, waiting):
    """The callback of the one hangs under who asked for it; those of the others leave no trace."""

    def asks(sender, **_):
        for alias in ALIASES:
            transaction.on_commit(lambda alias=alias: followed.send(sender=alias), using=alias)

    connect(noted, asks)
    connect(followed, leaf)
    with signalscope.record() as recording, contextlib.ExitStack() as stack:
        for alias in ALIASES:
            stack.enter_context(transaction.atomic(using=alias))
        noted.send(sender=None)
        for alias in ALIASES:
            transaction.set_rollback(alias != commits, using=alias)
    assert [(d.label, d.depth, d.deferred) for d in recording.walk()] == [
        ("noted", 0, False),
        (f"followed {commits}", 1, True),
    ]
    assert recording.dispatches[0].calls[0].dispatches == list(recording.walk())[1:]
    assert waiting == {}


def test_a_rollback_to_a_savepoint(connect, waiting):
    """What was asked for after it does not run, what was before does."""

    def asks(sender, **_):
        transaction.on_commit(lambda: followed.send(sender=sender))

    connect(noted, asks)
    connect(followed, leaf)
    with signalscope.record() as recording, transaction.atomic():
        noted.send(sender="before")
        with transaction.atomic():
            noted.send(sender="after")
            transaction.set_rollback(True)
    assert [d.sender_name for d in recording.walk() if d.deferred] == ["before"]
    assert waiting == {}


class TestErrors:
    def test_one_that_its_receiver_handles(self, connect):
        """A savepoint around it saves the transaction, and the failed statement counts."""
        taken = Tag.objects.create(name="taken")

        def handles(**_):
            with contextlib.suppress(IntegrityError), transaction.atomic():
                Tag.objects.create(pk=taken.pk, name="again")
            Tag.objects.count()

        connect(noted, handles)
        with signalscope.record() as recording, transaction.atomic():
            noted.send(sender=None)
        call = recording.calls(handles)[0]
        assert call.error is None
        statements = ["SAVEPOINT", "INSERT", "ROLLBACK TO", "RELEASE", "SELECT"]
        assert call.queries.count == len(statements)

    @pytest.mark.parametrize("method", ["send", "send_robust"])
    def test_one_that_breaks_the_transaction(self, connect, method):
        """PostgreSQL refuses all that follows; both errors are noted, with their statements."""
        taken = Tag.objects.create(name="taken")

        def breaks(**_):
            with connections["default"].cursor() as cursor:
                cursor.execute(
                    "INSERT INTO testapp_tag (id, name) VALUES (%s, 'again')", [taken.pk]
                )

        def follows(**_):
            with connections["default"].cursor() as cursor:
                cursor.execute("SELECT 1")

        connect(noted, breaks)
        connect(noted, follows)
        outcome = None
        with signalscope.record() as recording, transaction.atomic():
            try:
                outcome = getattr(noted, method)(sender=None)
            except IntegrityError as error:
                outcome = error
            transaction.set_rollback(True)
        (dispatch,) = recording.dispatches
        assert dispatch.calls[0].error.type == "django.db.utils.IntegrityError"
        assert "duplicate key" in dispatch.calls[0].error.message
        assert dispatch.calls[0].queries.count == 1
        if method == "send":
            assert dispatch.error == dispatch.calls[0].error
            assert [each.reason for each in dispatch.not_called] == ["error-before"]
            assert isinstance(outcome, IntegrityError)
        else:
            assert dispatch.error is None
            assert dispatch.calls[1].error.type == "django.db.utils.InternalError"
            assert "aborted" in dispatch.calls[1].error.message
            assert dispatch.calls[1].queries.count == 1
            assert [type(error).__name__ for _, error in outcome] == [
                "IntegrityError",
                "InternalError",
            ]
        assert Tag.objects.count() == 1

    def test_a_commit_that_fails(self, connect, waiting):
        """A deferred constraint speaks up at the commit: its callbacks never ran."""
        connect(noted, lambda **_: transaction.on_commit(lambda: followed.send(sender=None)))
        connect(followed, leaf)

        def commit_with_a_dangling_key():
            with transaction.atomic():
                noted.send(sender=None)
                Note.tags.through.objects.create(note_id=-1, tag_id=-1)

        with signalscope.record() as recording, pytest.raises(IntegrityError):
            commit_with_a_dangling_key()
        assert recording.calls(leaf) == []
        assert recording.dispatches[0].label == "noted"
        assert waiting == {}
