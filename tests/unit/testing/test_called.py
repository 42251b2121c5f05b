"""Which receivers ran, how often, and which signals were sent."""

from __future__ import annotations

import inspect
from unittest import mock

import pytest
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save

import signalscope
from signalscope.assertions import Assertions
from tests.testapp.models import Note, Tag
from tests.unit.testing.programs import (
    CALLED,
    HERE,
    SENT,
    audited,
    check_counts,
    closed,
    failure,
    first_line,
    greet,
    lock_up,
    opened,
    refusal,
    saved,
    sweep,
    titles,
    unheard,
)


class TestCalled:
    @pytest.mark.parametrize(
        ("receiver", "asked", "count"),
        [
            (greet, {}, 2),
            ("programs.greet", {}, 2),
            (f"{HERE}.greet", {}, 2),
            (sweep, {}, 1),
            (greet, {"signal": opened}, 2),
            (greet, {"signal": "programs.opened"}, 2),
            (greet, {"signal": closed}, 0),
            (greet, {"sender": str}, 1),
            (greet, {"sender": "int"}, 1),
            (greet, {"sender": float}, 0),
            (greet, {"signal": opened, "sender": int}, 1),
            (sweep, {"signal": closed, "sender": int}, 0),
            (lock_up, {}, 0),
            ("no.such.receiver", {}, 0),
        ],
    )
    def test_calls_are_counted_as_asked(self, day, receiver, asked, count):
        """Each count passes where it is right, and fails anywhere else."""
        check_counts(CALLED, day, receiver, asked, count)

    @pytest.mark.parametrize(
        ("asked", "count"),
        [
            ({"created": True}, 2),
            ({"created": False}, 1),
            ({"created": mock.ANY}, 3),
            ({"created": True, "using": "default"}, 1),
            ({"raw": False}, 3),
            ({"raw": True}, 0),
            ({"using": "other", "sender": Tag}, 1),
            ({"using": "other", "sender": Note}, 0),
            ({"update_fields": None}, 2),
            ({"update_fields": ["tags", "title"]}, 1),
            ({"update_fields": {"title": 1, "tags": 2}.keys()}, 1),
            ({"update_fields": (name for name in ("title", "tags"))}, 1),
            ({"update_fields": ["title"]}, 0),
            ({"update_fields": "title"}, 0),
            ({"update_fields": []}, 0),
            ({"instance": "testapp.Note pk=3"}, 1),
            ({"instance": "testapp.Note"}, 0),
            ({"instance": Note(pk=4)}, 1),
            ({"instance": Tag(pk=3), "created": True}, 1),
            ({"instance": Note(pk=5)}, 0),
            ({"action": "post_add"}, 0),
            ({"signal": pre_save}, 0),
        ],
    )
    def test_kwargs_are_compared_with_what_was_sent(self, saves, asked, count):
        """Flags by value, update_fields as sets, instances by model and key."""
        if inspect.isgenerator(asked.get("update_fields")):
            Assertions.assert_called(saves, greet, times=count, **asked)
        else:
            check_counts(CALLED, saves, greet, asked, count)

    def test_a_string_is_one_field(self, connect):
        """Not the set of its letters."""
        connect(post_save, greet)
        with signalscope.record() as recording:
            saved(update_fields=frozenset({"title"}))
        Assertions.assert_called(recording, greet, update_fields="title")

    def test_facts_of_many_to_many_changes(self, connect):
        """Action, direction and the number of keys are kept; the keys are not."""
        connect(m2m_changed, greet)
        with signalscope.record() as recording:
            m2m_changed.send(
                sender=Note.tags.through,
                instance=Note(pk=1),
                action="post_add",
                reverse=False,
                model=Tag,
                pk_set={5, 6},
                using="default",
            )
        Assertions.assert_called(recording, greet, action="post_add", reverse=False, pk_count=2)
        Assertions.assert_not_called(recording, greet, action="pre_add")
        Assertions.assert_not_called(recording, greet, pk_count=3)
        assert "Did you mean pk_count?" in refusal(
            Assertions.assert_called, recording, greet, pk_set={5, 6}
        )

    def test_instances_under_other_names(self, connect):
        """A signal of one's own may carry a model instance under any name."""
        connect(opened, greet)
        with signalscope.record() as recording:
            opened.send(sender=None, note=Note(pk=7))
            opened.send(sender=None)
        Assertions.assert_called(recording, greet, times=1, note=Note(pk=7))
        Assertions.assert_called(recording, greet, times=1, note="testapp.Note pk=7")
        message = failure(Assertions.assert_called, recording, greet, note=Note(pk=8))
        assert "note=testapp.Note pk=7, not testapp.Note pk=8" in message
        assert "opened  no note  at" in message
        Assertions.assert_not_called(recording, greet, tag=Tag(pk=7))

    def test_asked_of_a_recording_that_was_saved(self, saves):
        """The assertions hold for what `from_dict` brings back."""
        again = signalscope.Recording.from_dict(saves.to_dict())
        Assertions.assert_called(again, greet, times=1, update_fields=["title", "tags"])
        Assertions.assert_called(again, greet, times=1, sender=Tag, instance=Tag(pk=3))
        Assertions.assert_not_sent(again, post_delete)


class TestSent:
    @pytest.mark.parametrize(
        ("signal", "asked", "count"),
        [
            (opened, {}, 2),
            ("opened", {}, 2),
            (f"{HERE}.opened", {"sender": str}, 1),
            (opened, {"sender": "int"}, 1),
            (closed, {"sender": int}, 0),
            (audited, {}, 0),
            ("no.such.signal", {}, 0),
        ],
    )
    def test_sends_are_counted_as_asked(self, day, signal, asked, count):
        """A send counts once, however many receivers it has."""
        check_counts(SENT, day, signal, asked, count)

    @pytest.mark.parametrize(
        ("asked", "count"),
        [
            ({"created": True}, 2),
            ({"created": True, "sender": Note}, 1),
            ({"instance": Note(pk=3), "created": False}, 0),
        ],
    )
    def test_kwargs_are_compared(self, saves, asked, count):
        """As with calls."""
        check_counts(SENT, saves, post_save, asked, count)

    @pytest.mark.parametrize(
        ("signal", "asked", "count"),
        [
            (audited, {}, 3),
            ("audited", {"sender": "str"}, 2),
            (audited, {"sender": str}, 2),
            (audited, {"sender": float}, 0),
            (opened, {}, 3),
            (opened, {"sender": float}, 1),
            (closed, {}, 1),
        ],
    )
    def test_sends_without_receivers_count_where_noted(self, day, signal, asked, count):
        """They are no dispatches, yet they were sent."""
        check_counts(SENT, unheard(day), signal, asked, count)

    def test_kwargs_of_unheard_sends_are_not_known(self, day):
        """So they neither count nor are they ruled out."""
        recording = unheard(day)
        for message in (
            failure(Assertions.assert_sent, recording, audited, created=True),
            failure(Assertions.assert_not_sent, recording, audited, created=True),
            failure(Assertions.assert_sent, recording, audited, times=1, created=True),
        ):
            assert "It was sent 3 times to no receiver, and the kwargs of a send without" in message
            assert titles(message) == []
        assert first_line(message) == (
            f"It cannot be known whether {HERE}.audited was sent once with created=True"
        )
        Assertions.assert_not_sent(recording, audited, float, created=True)

    def test_the_message_lists_unheard_sends(self, day):
        """With their number."""
        message = failure(Assertions.assert_not_sent, unheard(day), audited)
        assert first_line(message) == f"{HERE}.audited was sent 3 times, but should not have been"
        assert "\n    2 × audited str  to no receiver\n" in message
        message = failure(Assertions.assert_sent, unheard(day), audited, float)
        assert "2 × audited str  sender=str, not float  to no receiver" in message
