"""What a recording knows of the database: queries, commits, and what skipped receivers."""

from __future__ import annotations

import asyncio
import contextlib
import weakref

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.dispatch import Signal

import signalscope
from tests.testapp.models import Note, Tag

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


@pytest.mark.django_db
class TestQueries:
    def test_each_call_counts_what_its_own_code_runs(self, connect):
        """Not what the calls run that it sets off; repeated statements are listed."""

        def outer(**_):
            for _ in range(3):
                Tag.objects.filter(name="a").exists()
            followed.send(sender=None)

        def inner(**_):
            Tag.objects.count()

        connect(noted, outer)
        connect(followed, inner)
        Tag.objects.count()
        with signalscope.record() as recording:
            Tag.objects.count()
            noted.send(sender=None)
        (call,) = recording.calls(outer)
        assert call.queries.count == 3
        assert 0 < call.queries.duration_ns <= call.duration_ns
        ((sql, times),) = call.queries.repeated.items()
        assert times == 3
        assert "testapp_tag" in sql
        assert recording.calls(inner)[0].queries.count == 1
        assert recording.calls(inner)[0].queries.repeated == {}

    def test_beside_other_wrappers(self, connect):
        """An execute wrapper of the program sees, and may answer, as without us."""
        seen = []

        def wrapper(execute, sql, params, many, context):
            seen.append(many)
            return execute(sql, params, many, context)

        connect(noted, lambda **_: Tag.objects.count())
        with signalscope.record() as recording, connection.execute_wrapper(wrapper):
            noted.send(sender=None)
        assert seen == [False]
        assert recording.dispatches[0].calls[0].queries.count == 1

    def test_a_failing_query_counts(self, connect):
        """The error takes its way."""

        def failing(**_):
            with connection.cursor() as cursor:
                cursor.execute("SELECT nonsense")

        connect(noted, failing)
        with signalscope.record() as recording:
            ((_, error),) = noted.send_robust(sender=None)
        assert "nonsense" in str(error)
        assert recording.dispatches[0].calls[0].queries.count == 1

    def test_executemany_counts_once(self, connect):
        """As the program ran one statement."""

        def many(**_):
            with connection.cursor() as cursor:
                cursor.executemany("INSERT INTO testapp_tag (name) VALUES (%s)", [("a",), ("b",)])

        connect(noted, many)
        with signalscope.record() as recording:
            noted.send(sender=None)
        assert recording.dispatches[0].calls[0].queries.count == 1

    def test_where_they_are_not_counted_there_is_no_number(self, connect, settings):
        """By the recording's choice, or by the setting."""
        connect(noted, lambda **_: Tag.objects.count())
        with signalscope.record(queries=False) as recording:
            noted.send(sender=None)
        assert recording.dispatches[0].calls[0].queries is None
        settings.SIGNALSCOPE = {"QUERIES": False}
        with signalscope.record() as recording:
            noted.send(sender=None)
        assert recording.dispatches[0].calls[0].queries is None


@pytest.mark.django_db(transaction=True)
class TestAsyncQueries:
    def test_async_receivers_that_run_at_once_keep_their_own_queries(self, connect):
        """Though their queries run in a shared thread."""
        arrived = []

        async def one(**_):
            await meet("one")
            await Tag.objects.acount()

        async def two(**_):
            await meet("two")

            @sync_to_async
            def several():
                for _ in range(3):
                    Tag.objects.count()

            await several()

        async def meet(name):
            arrived.append(name)
            while len(arrived) < 2:  # noqa: ASYNC110 - an Event would need the loop
                await asyncio.sleep(0)

        connect(noted, one)
        connect(noted, two)
        with signalscope.record() as recording:
            noted.send(sender=None)
        counts = [recording.calls(receiver)[0].queries.count for receiver in (one, two)]
        assert counts == [1, 3]


@pytest.mark.django_db(transaction=True)
class TestOnCommit:
    @pytest.mark.parametrize("robust", [False, True])
    def test_a_callback_hangs_under_the_receiver_that_asked_for_it(self, connect, robust):
        """However late the commit; and is marked as deferred."""

        def asks(**_):
            transaction.on_commit(announce, robust=robust)

        def announce():
            followed.send(sender=None)

        connect(noted, asks)
        connect(followed, leaf)
        with signalscope.record() as recording, transaction.atomic():
            with transaction.atomic():
                noted.send(sender=None)
            noted.send(sender=int)
        outline = [(d.label, d.depth, d.deferred) for d in recording.walk()]
        assert outline == [
            ("noted", 0, False),
            ("noted int", 0, False),
            ("followed", 1, True),
            ("followed", 1, True),
        ]
        assert [len(call.dispatches) for call in recording.calls(asks)] == [1, 1]
        # What ran after the call had ended is not part of its time.
        assert all(call.self_ns == call.duration_ns for call in recording.calls(asks))

    def test_one_asked_for_outside_a_receiver_is_a_root(self, connect):
        """Deferred as well."""
        connect(followed, leaf)
        with signalscope.record() as recording, transaction.atomic():
            transaction.on_commit(lambda: followed.send(sender=None))
        (dispatch,) = recording.dispatches
        assert (dispatch.parent, dispatch.deferred) == (None, True)

    def test_what_is_rolled_back_leaves_no_trace(self, connect, waiting):
        """Neither in the recording nor in our memory."""

        def asks(**_):
            transaction.on_commit(lambda: followed.send(sender=None))

        connect(noted, asks)
        connect(followed, leaf)
        with signalscope.record() as recording:
            with transaction.atomic():
                noted.send(sender="kept")
                with contextlib.suppress(ZeroDivisionError), transaction.atomic():
                    noted.send(sender="rolled back")
                    1 / 0  # noqa: B018
            assert len(recording.calls(asks)) == 2
        assert [d.parent.dispatch.sender_name for d in recording.walk() if d.deferred] == ["kept"]
        assert waiting == {}

    def test_without_a_transaction_it_runs_at_once(self, connect):
        """Under the receiver that runs, as the callback that it is."""
        connect(noted, lambda **_: transaction.on_commit(lambda: followed.send(sender=None)))
        connect(followed, leaf)
        with signalscope.record() as recording:
            noted.send(sender=None)
        assert [(d.label, d.depth, d.deferred) for d in recording.walk()] == [
            ("noted", 0, False),
            ("followed", 1, True),
        ]

    def test_a_loop_through_commits_is_no_reentry(self, connect):
        """The receiver has returned by then."""
        rounds = []

        def again(**_):
            if len(rounds) < 2:
                rounds.append(1)
                transaction.on_commit(lambda: noted.send(sender=None))

        connect(noted, again)
        with signalscope.record() as recording, transaction.atomic():
            noted.send(sender=None)
        assert [dispatch.recursive for dispatch in recording.walk()] == [False] * 3


@pytest.mark.django_db
def test_captured_callbacks_know_who_asked(connect, django_capture_on_commit_callbacks):
    """Django's own test helper runs them as the commit would."""
    connect(noted, lambda **_: transaction.on_commit(lambda: followed.send(sender=None)))
    connect(followed, leaf)
    with signalscope.record() as recording, django_capture_on_commit_callbacks(execute=True):
        noted.send(sender=None)
    assert [(d.label, d.depth, d.deferred) for d in recording.walk()] == [
        ("noted", 0, False),
        ("followed", 1, True),
    ]


@pytest.mark.django_db
class TestBypasses:
    @pytest.mark.parametrize(
        ("operation", "run", "rows"),
        [
            ("bulk_create", lambda: Note.objects.bulk_create([Note(title="x"), Note()]), 2),
            (
                "bulk_create",
                lambda: Note.objects.bulk_create([Note(title="x")], ignore_conflicts=True),
                None,
            ),
            ("update", lambda: Note.objects.filter(title="a").update(title="b"), 2),
            (
                "bulk_update",
                lambda: Note.objects.bulk_update(list(Note.objects.all()), ["title"]),
                3,
            ),
        ],
        ids=["bulk_create", "ignore_conflicts", "update", "bulk_update"],
    )
    def test_an_operation_that_skips_save_receivers_is_noted_once(
        self, connect, operation, run, rows
    ):
        """With how many rows it wrote, whom it skipped, and where it stands."""
        for title in "aac":
            Note(title=title).save()
        connect(post_save, leaf, sender=Note)
        with signalscope.record() as recording:
            run()
        (bypass,) = recording.bypasses
        assert (bypass.operation, bypass.model_name, bypass.rows) == (
            operation,
            "testapp.Note",
            rows,
        )
        assert bypass.receivers == (f"{__name__}.leaf",)
        assert bypass.location.file == __file__
        assert recording.dispatches == []

    def test_a_raw_delete_skips_delete_receivers(self, connect):
        """Which a usual delete does not."""
        Note(title="a").save()
        connect(post_delete, leaf, sender=Note)
        with signalscope.record() as recording:
            Note.objects.all()._raw_delete("default")
            Note.objects.all().delete()
        (bypass,) = recording.bypasses
        assert (bypass.operation, bypass.rows) == ("_raw_delete", 1)

    def test_it_hangs_under_the_receiver_that_did_it(self, connect):
        """With the time that it took, which is within the receiver's; at the top it has none."""

        def restock(**_):
            Note.objects.bulk_create([Note(title="x")])

        connect(post_save, leaf, sender=Note)
        connect(noted, restock)
        with signalscope.record() as recording:
            Note.objects.update(title="y")
            noted.send(sender=None)
        top, inside = recording.bypasses
        (call,) = recording.calls(restock)
        assert (top.parent, inside.parent) == (None, call)
        assert top.started + top.duration_ns <= call.started <= inside.started
        assert inside.started + inside.duration_ns <= call.ended
        assert 0 < inside.duration_ns < call.duration_ns
        assert not inside.deferred

    def test_each_recording_hangs_it_under_what_it_has(self, connect):
        """One that begins in the receiver, or leaves the receiver out, has other parents."""
        inner = []

        def outer(**_):
            followed.send(sender=None)

        def restock(**_):
            with signalscope.record() as recording:
                Note.objects.bulk_create([Note(title="x")])
            inner.extend(recording.bypasses)

        connect(post_save, leaf, sender=Note)
        connect(noted, outer)
        connect(followed, restock)
        with signalscope.record() as recording, signalscope.record(noted) as narrow:
            noted.send(sender=None)
        assert [bypass.parent for bypass in inner] == [None]
        assert [bypass.parent for bypass in recording.bypasses] == recording.calls(restock)
        assert [bypass.parent for bypass in narrow.bypasses] == narrow.calls(outer)

    def test_a_callback_on_commit_does_it_for_the_receiver_that_asked(
        self, connect, django_capture_on_commit_callbacks
    ):
        """As with what such a callback sends."""

        def ask(**_):
            transaction.on_commit(lambda: Note.objects.update(title="y"))

        connect(post_save, leaf, sender=Note)
        connect(noted, ask)
        with signalscope.record() as recording, django_capture_on_commit_callbacks(execute=True):
            noted.send(sender=None)
        (bypass,) = recording.bypasses
        (call,) = recording.calls(ask)
        assert bypass.parent is call
        assert bypass.deferred
        assert bypass.started >= call.ended

    def test_it_keeps_no_instance_alive(self, connect):
        """Nor the queryset: names and numbers alone."""
        connect(post_save, leaf, sender=Note)
        note, notes = Note(title="x"), Note.objects.all()
        with signalscope.record() as recording:
            notes.bulk_create([note])
        gone = [weakref.ref(note), weakref.ref(notes)]
        del note, notes
        assert [each() for each in gone] == [None, None]
        assert len(recording.bypasses) == 1

    def test_where_nobody_listens_nothing_is_skipped(self, connect):
        """Receivers of other models do not count."""
        connect(post_save, leaf, sender=Tag)
        with signalscope.record() as recording:
            Note.objects.bulk_create([Note(title="x")])
            Note.objects.update(title="y")
        assert recording.bypasses == []

    def test_a_many_to_many_adds_its_rows_by_itself(self, connect):
        """That is no bypass: it sends its own signal."""
        connect(post_save, leaf)
        connect(m2m_changed, leaf)
        note, tag = Note(title="n"), Tag(name="t")
        note.save()
        tag.save()
        with signalscope.record() as recording:
            note.tags.add(tag)
        assert recording.bypasses == []
        assert [d.kwargs["action"] for d in recording.walk()] == ["pre_add", "post_add"]


@pytest.mark.django_db
class TestKwargs:
    def test_facts_of_a_save(self, connect):
        """Flags and the instance's key; no field values, and the instance is never printed."""
        connect(post_save, leaf, sender=Note)
        with signalscope.record() as recording:
            note = Note(title="secret")
            note.save()
            note.save(update_fields=["title"])
        created, updated = (dispatch.kwargs for dispatch in recording.walk())
        assert created == {
            "instance": f"testapp.Note pk={note.pk}",
            "created": True,
            "raw": False,
            "using": "default",
            "update_fields": None,
        }
        assert updated["update_fields"] == {"title"}
        assert "secret" not in str(recording.to_dict())

    def test_facts_of_a_many_to_many(self, connect):
        """Action, direction, and how many keys."""
        connect(m2m_changed, leaf)
        note, tag = Note(title="n"), Tag(name="t")
        note.save()
        tag.save()
        with signalscope.record() as recording:
            tag.note_set.add(note)
        facts = recording.dispatches[0].kwargs
        assert facts["action"] == "pre_add"
        assert facts["reverse"] is True
        assert facts["pk_count"] == 1
        assert facts["instance"] == f"testapp.Tag pk={tag.pk}"

    def test_facts_of_a_signal_of_ones_own(self, connect):
        """Instances by their keys; what else is sent stays with the program."""
        connect(noted, leaf)
        note = Note(pk=7, title="secret")
        with signalscope.record() as recording:
            noted.send(sender=None, note=note, password="hunter2", amount=3, raw="yes")
        assert recording.dispatches[0].kwargs == {"note": "testapp.Note pk=7", "raw": "yes"}


class TestMaxDepth:
    @pytest.mark.parametrize("method", ["send", "send_robust", "asend", "asend_robust"])
    def test_a_cycle_is_stopped_at_the_limit(self, connect, settings, method):
        """The error names the cycle, and takes the way that any receiver's error takes."""
        settings.SIGNALSCOPE = {"MAX_DEPTH": 3}
        rounds = []

        def again(**_):
            rounds.append(1)
            noted.send(sender=None)

        async def send():
            return await getattr(noted, method)(sender=None)

        def run():
            if method.startswith("a"):
                return asyncio.run(send())
            return getattr(noted, method)(sender=None)

        connect(noted, again)
        with signalscope.record() as recording:
            if "robust" in method:
                ((_, error),) = run()
            else:
                with pytest.raises(signalscope.RecursionLimitExceeded) as caught:
                    run()
                error = caught.value
        name = f"{again.__module__}.{again.__qualname__}"
        assert isinstance(error, signalscope.SignalscopeError)
        assert isinstance(error, RecursionError)
        assert error.cycle == ("noted", name, "noted")
        assert f"noted → {name} → noted" in str(error)
        assert len(rounds) == 3
        deepest = list(recording.walk())[-1]
        assert deepest.error.type == "signalscope.errors.RecursionLimitExceeded"

    def test_without_a_limit_python_has_the_last_word(self, connect):
        """By default nothing is stopped."""
        depth = []

        def again(**_):
            depth.append(1)
            if len(depth) < 50:
                noted.send(sender=None)

        connect(noted, again)
        with signalscope.record() as recording:
            noted.send(sender=None)
        assert len(list(recording.walk())) == 50

    def test_what_is_no_cycle_may_go_as_deep_as_it_likes(self, connect, settings):
        """Another row is another instance: a tree may be saved up to its root."""
        settings.SIGNALSCOPE = {"MAX_DEPTH": 2}

        def parent(instance, **_):
            if instance.pk < 10:
                noted.send(sender=Note, instance=Note(pk=instance.pk + 1))

        connect(noted, parent)
        with signalscope.record() as recording:
            noted.send(sender=Note, instance=Note(pk=1))
        assert len(list(recording.walk())) == 10

    def test_the_limit_holds_where_nobody_records(self, connect, settings):
        """Installing is enough; it ends with it."""
        settings.SIGNALSCOPE = {"MAX_DEPTH": 3}
        rounds = []

        def again(**_):
            rounds.append(1)
            if len(rounds) < 10:
                noted.send(sender=None)

        connect(noted, again)
        signalscope.install()
        with pytest.raises(signalscope.RecursionLimitExceeded):
            noted.send(sender=None)
        signalscope.uninstall()
        assert len(rounds) == 3
        noted.send(sender=None)
        assert len(rounds) == 10
