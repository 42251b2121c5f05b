"""What cannot be asked, and what cannot be known."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db.models.signals import post_save, pre_init, pre_save

import signalscope
from signalscope.asking import KEPT
from signalscope.assertions import Assertions
from signalscope.errors import SignalscopeError
from tests.testapp.models import Note, Tag
from tests.unit.testing.programs import (
    HERE,
    Elsewhere,
    audited,
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
    with_dropped,
)


class TestRefusals:
    @pytest.mark.parametrize("assertion", [Assertions.assert_called, Assertions.assert_not_called])
    def test_what_recordings_never_keep_is_refused(self, saves, assertion):
        """It must neither pass nor look like a failure; the message lists what is kept."""
        message = refusal(assertion, saves, greet, quantity=3)
        assert "'quantity'" in message
        assert ", ".join(KEPT) in message
        assert "Did you mean" not in message
        assert "Did you mean created?" in refusal(assertion, saves, greet, create=True)
        assert "'title'" in refusal(assertion, saves, greet, title="War and Peace")
        assert "instance=3" in refusal(assertion, saves, greet, instance=3)

    @pytest.mark.parametrize("assertion", [Assertions.assert_sent, Assertions.assert_not_sent])
    def test_also_of_signals(self, saves, assertion):
        """As with calls."""
        assert "'quantity'" in refusal(assertion, saves, post_save, quantity=3)

    @pytest.mark.parametrize(
        ("assertion", "args"),
        [
            (Assertions.assert_called, (None,)),
            (Assertions.assert_not_called, (None,)),
            (Assertions.assert_sent, (None,)),
            (Assertions.assert_not_sent, (None,)),
            (Assertions.assert_order, (greet, None)),
            (Assertions.assert_order, (greet,)),
            (Assertions.assert_order, ()),
        ],
    )
    def test_nothing_to_ask_for(self, day, assertion, args):
        """None, which elsewhere stands for any, would pass by mistake."""
        refusal(assertion, day, *args)

    def test_the_list_of_what_is_kept_is_true(self, connect):
        """All of it is kept, and no other argument is."""
        connect(opened, greet)
        given = {
            "action": "post_add",
            "created": True,
            "instance": Note(pk=1),
            "pk_set": {1},
            "raw": False,
            "reverse": False,
            "update_fields": None,
            "using": "default",
            "quantity": 3,
            "title": "x",
            "price": Decimal(1),
            "origin": "y",
        }
        with signalscope.record() as recording:
            opened.send(sender=None, **given)
        assert sorted(recording.dispatches[0].kwargs) == sorted(KEPT)


class TestDoubt:
    """What cannot be known neither passes nor is called untrue."""

    def test_dropped_records_leave_calls_open(self, day):
        """Absence and exact numbers cannot be told; a call that is there, and one too many, can."""
        recording = with_dropped(day)
        Assertions.assert_called(recording, greet)
        Assertions.assert_sent(recording, opened)
        for message in (
            failure(Assertions.assert_not_called, recording, lock_up),
            failure(Assertions.assert_called, recording, greet, times=2),
            failure(Assertions.assert_called, recording, greet, times=5),
            failure(Assertions.assert_not_sent, recording, audited),
            failure(Assertions.assert_sent, recording, opened, times=2),
        ):
            assert message.startswith("It cannot be known whether ")
            assert "\n  3 records found no room, so that absence proves nothing." in message
            assert 'SIGNALSCOPE["MAX_RECORDS"]' in message
        message = failure(Assertions.assert_not_called, recording, lock_up)
        assert first_line(message) == f"It cannot be known whether {HERE}.lock_up was not called"
        message = failure(Assertions.assert_called, recording, greet, times=2)
        assert first_line(message) == f"It cannot be known whether {HERE}.greet was called 2 times"
        for message in (
            failure(Assertions.assert_not_called, recording, greet),
            failure(Assertions.assert_called, recording, greet, times=1),
            failure(Assertions.assert_sent, recording, opened, times=1),
        ):
            assert " was " in first_line(message)
            assert "cannot" not in first_line(message)

    def test_a_missing_call_may_have_been_dropped(self, day):
        """It was not recorded, and the message says what that is worth."""
        message = failure(Assertions.assert_called, with_dropped(day), lock_up)
        assert first_line(message) == f"{HERE}.lock_up was not called"
        assert "3 records found no room" in message
        assert "room" not in failure(Assertions.assert_called, day, lock_up)

    def test_a_real_recording_that_was_full(self, connect, settings):
        """`dropped` of a recording is what counts."""
        settings.SIGNALSCOPE = {"MAX_RECORDS": 1}
        connect(opened, greet)
        with signalscope.record() as recording:
            opened.send(sender=None)
            opened.send(sender=None)
        message = failure(Assertions.assert_called, recording, greet, times=1)
        assert "1 record found no room" in message

    @pytest.mark.parametrize(
        ("assertion", "args"),
        [
            (Assertions.assert_order, (greet, sweep)),
            (Assertions.assert_no_recursion, ()),
            (Assertions.assert_max_queries, (3,)),
            (Assertions.assert_no_findings, ()),
        ],
    )
    def test_dropped_records_leave_the_rest_open(self, day, assertion, args):
        """What passes with everything recorded is not known without."""
        assertion(Elsewhere(day, findings=[]), *args)
        message = failure(assertion, Elsewhere(day, findings=[], dropped=3), *args)
        assert message.startswith("It cannot be known whether ")
        assert message.count("3 records found no room") == 1

    def test_flags_that_others_send_in_another_form(self, connect):
        """A custom signal's ``created=1`` is not kept, and may be what was asked for."""
        connect(opened, greet)
        with signalscope.record() as recording:
            opened.send(sender=None, created=1)
        for message in (
            failure(Assertions.assert_not_called, recording, greet, created=True),
            failure(Assertions.assert_called, recording, greet, created=True),
            failure(Assertions.assert_called, recording, greet, times=0, created=True),
        ):
            assert "1 more may be as asked; what is kept of them cannot tell." in message
            assert "opened  created was not sent, or in no form that is kept  at" in message
        assert titles(message) == ["Perhaps as asked:"]
        Assertions.assert_not_called(recording, greet, sender=int, created=True)

    def test_numbers_of_keys_that_are_not_known(self, connect):
        """Not every `pk_set` has a length."""
        connect(opened, greet)
        with signalscope.record() as recording:
            opened.send(sender=None, pk_set=iter(()))
        failure(Assertions.assert_called, recording, greet, pk_count=0)
        assert "pk_count is not known" in failure(
            Assertions.assert_not_called, recording, greet, pk_count=0
        )

    @pytest.mark.parametrize(
        ("sent", "asked"),
        [
            (None, Note(pk=3)),
            (3, Note()),
            (None, Note()),
            (SimpleNamespace(), Note(pk=3)),
        ],
    )
    def test_instances_without_a_key(self, connect, sent, asked):
        """Before it is saved, an instance cannot be told from others; its label can be asked for.

        Nor can one whose key is of a type that the label does not spell out.
        """
        connect(pre_save, greet)
        with signalscope.record() as recording:
            saved(sent, signal=pre_save)
        failure(Assertions.assert_called, recording, greet, instance=asked)
        message = failure(Assertions.assert_not_called, recording, greet, instance=asked)
        assert message.startswith("It cannot be known whether ")
        label = recording.dispatches[0].kwargs["instance"]
        assert f"to ask for just that: instance={label!r}" in message
        Assertions.assert_called(recording, greet, instance=label)
        Assertions.assert_not_called(recording, greet, instance=Tag(pk=3))

    def test_instances_whose_key_was_not_read(self, connect):
        """A deferred key leaves the model alone."""
        connect(opened, greet)
        note = Note()
        del note.__dict__["id"]
        with signalscope.record() as recording:
            opened.send(sender=None, instance=note)
        failure(Assertions.assert_called, recording, greet, instance="testapp.Note pk=3")
        failure(Assertions.assert_not_called, recording, greet, instance="testapp.Note pk=3")
        Assertions.assert_called(recording, greet, instance="testapp.Note")
        Assertions.assert_not_called(recording, greet, instance="testapp.Tag pk=3")


class TestWhatARecordingDoesNotLookFor:
    @pytest.mark.parametrize(
        "asks",
        [
            lambda recording: recording.assert_not_sent(closed),
            lambda recording: recording.assert_not_sent(f"{HERE}.closed"),
            lambda recording: recording.assert_sent(closed),
            lambda recording: recording.assert_not_called(greet, signal=closed),
        ],
        ids=["not_sent", "by_name", "sent", "not_called"],
    )
    def test_is_no_answer(self, asks):
        """What it never looked for is not what did not happen."""
        with signalscope.record(opened) as recording:
            opened.send(sender=None)
        with pytest.raises(
            SignalscopeError, match=r"does not look for tests.*closed, so it cannot"
        ):
            asks(recording)
        recording.assert_not_called(greet, signal=opened)

    def test_holds_for_what_is_denied(self):
        """As ``pre_init`` is unless it is named."""
        with signalscope.record() as recording:
            Tag(name="a")
        with pytest.raises(SignalscopeError, match=r"does not look for django.*pre_init"):
            recording.assert_not_sent(pre_init)
        with signalscope.record(pre_init) as recording:
            pass
        recording.assert_not_sent(pre_init)

    def test_a_name_that_no_signal_has_is_not_sent(self):
        with signalscope.record(opened) as recording:
            pass
        recording.assert_not_sent("no.such.signal")
