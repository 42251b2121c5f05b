"""Which connected receivers a dispatch, or a bulk operation, passed by."""

from __future__ import annotations

import gc

import pytest
from django.contrib.auth.models import User
from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import Signal

from signalscope.naming import sender_facts, signal_facts
from signalscope.registry import ConnectLog, connections, missed
from tests.testapp.models import Note, Tag
from tests.unit.registry.wired import (
    HERE,
    SHOP,
    changed,
    connect,
    disconnect,
    first,
    later,
    second,
    sold,
    use_log,
    wrapped,
)


class TestMissed:
    """Which receivers a dispatch did not call."""

    @pytest.fixture(autouse=True)
    def _log(self, log, clock):
        self.log, self.clock = log, clock

    def missed(self, signal, sender, started):
        facts = signal_facts(signal), sender_facts(sender)
        return [
            (name.removeprefix(f"{HERE}.").rpartition("<locals>.")[2], reason)
            for name, reason in missed(*facts, started)
        ]

    def test_receivers_of_other_senders(self):
        """In their order; those that the dispatch calls are left out."""
        connect(changed, second, Tag)
        connect(changed, later, Note)
        connect(changed, first, User)
        connect(changed, wrapped)
        assert self.missed(changed, Note, 150) == [
            ("second", "other-sender"),
            ("first", "other-sender"),
        ]
        assert self.missed(changed, None, 150) == [
            ("second", "other-sender"),
            ("later", "other-sender"),
            ("first", "other-sender"),
        ]

    def test_one_that_is_connected_for_this_sender_too_was_called(self):
        """And one that was missed twice is named once."""
        connect(changed, first, Tag)
        connect(changed, first, Note)
        connect(changed, second, Tag)
        connect(changed, second, User)
        assert self.missed(changed, Note, 150) == [("second", "other-sender")]

    def test_what_was_connected_after_it_began_is_left_out(self):
        """It could not have been called."""
        self.clock.now = 200
        connect(changed, first, Tag)
        assert self.missed(changed, Note, 150) == []
        assert self.missed(changed, Note, 200) == [("first", "other-sender")]
        self.clock.now = 300
        disconnect(changed, first, Tag)
        assert self.missed(changed, Note, 150) == []
        assert self.missed(changed, Note, 200) == [("first", "other-sender")]

    def test_what_was_connected_before_the_log_began_to_hear_is_known(self):
        """Nobody was heard to connect it since; whether the log hears still or no more."""
        sold.connect(first, sender=Tag)
        self.log.stop(110)
        self.log.start(120)
        changed.connect(first, sender=Tag)  # unseen, as if it were older
        assert self.missed(changed, Note, 150) == [("first", "other-sender")]
        assert self.missed(changed, Note, 115) == []
        self.log.start(170)
        assert self.missed(changed, Note, 150) == [("first", "other-sender")]
        self.log.stop(180)
        assert self.missed(changed, Note, 150) == [("first", "other-sender")]
        assert self.missed(changed, Note, 115) == []

    def test_what_came_while_the_log_did_not_hear_is_left_out(self):
        """When it came is not known."""
        self.log.stop(180)
        changed.connect(first, sender=Tag)
        assert self.missed(changed, Note, 150) == []
        self.log.start(200)
        assert self.missed(changed, Note, 150) == []
        assert self.missed(changed, Note, 210) == [("first", "other-sender")]

    def test_what_was_disconnected_since_was_connected_then(self):
        """Be it older than the log or not."""
        changed.connect(first, sender=Tag)
        connect(changed, second, Tag)
        connect(changed, later, Note)
        self.clock.now = 200
        for receiver, sender in ((first, Tag), (second, Tag), (later, Note)):
            assert disconnect(changed, receiver, sender)
        assert sorted(self.missed(changed, Note, 150)) == [
            ("first", "other-sender"),
            ("second", "other-sender"),
        ]
        assert self.missed(changed, Note, 250) == []

    def test_a_disconnect_before_the_log_was_started_ends_nothing(self, monkeypatch):
        """Nor does one of a receiver that is older, when it does not hear."""
        self.log.stop(120)
        changed.connect(first, sender=Tag)
        self.clock.now = 200
        assert disconnect(changed, first, Tag)
        assert self.missed(changed, Note, 110) == []
        assert self.missed(changed, Note, 150) == []

    def test_what_was_disconnected_since_and_was_called(self):
        """For this sender or for any: it is left out, for other senders too."""
        for sender in (Note, None, Tag):
            connect(changed, first, sender)
        connect(changed, second, Tag)
        self.clock.now = 200
        for sender in (Note, None):
            assert disconnect(changed, first, sender)
        assert self.missed(changed, Note, 150) == [("second", "other-sender")]
        assert self.missed(changed, Note, 250) == [
            ("first", "other-sender"),
            ("second", "other-sender"),
        ]

    def test_what_was_for_a_sender_that_is_gone(self):
        """It was another than one that lives; of two that are gone, nothing can be said."""

        class Sender:
            pass

        class Other:
            pass

        gone = sender_facts(Sender)
        connect(changed, first, Other)
        self.clock.now = 200
        assert disconnect(changed, first, Other)
        del Sender, Other
        gc.collect()
        assert self.missed(changed, Note, 150) == [("first", "other-sender")]
        assert missed(signal_facts(changed), gone, 150) == []
        assert self.missed(changed, SHOP, 150) == [("first", "other-sender")]

    def test_a_signal_that_is_gone(self):
        """What the log knows of it goes when its last record does."""
        signal = Signal()
        facts = signal_facts(signal)

        def local(**_):
            pass

        connect(signal, local, Tag)
        self.clock.now = 200
        disconnect(signal, local, Tag)
        connect(signal, local, User)
        del local
        gc.collect()
        del signal
        gc.collect()
        assert facts.ref() is None
        self.log.stop(210)
        self.log.start(220)
        found = missed(facts, sender_facts(Note), 150)
        assert [reason for _, reason in found] == ["other-sender"]

    def test_by_uid_too(self):
        """The receiver is not named then."""
        changed.connect(first, sender=Tag, dispatch_uid="uid")
        self.clock.now = 200
        assert disconnect(changed, None, Tag, dispatch_uid="uid")
        assert self.missed(changed, Note, 150) == [("first", "other-sender")]

    def test_a_disconnect_that_finds_nothing_says_nothing(self):
        """It did not end what is connected for another sender."""
        connect(changed, first, Tag)
        self.clock.now = 200
        assert not disconnect(changed, first, Note)
        assert self.missed(changed, Note, 250) == [("first", "other-sender")]

    @pytest.mark.parametrize("cleared", [False, True])
    def test_what_had_died(self, cleared):
        """One that nothing else held; the reason is told only where the sender would fit."""

        def local(**_):
            pass

        def other(**_):
            pass

        connect(changed, local, Note)
        connect(changed, other, Tag)
        self.clock.now = 200
        del local, other
        gc.collect()
        if cleared:
            changed.send(None)
            assert changed.receivers == []
        assert self.missed(changed, Note, 250) == [("local", "dead")]
        assert self.missed(changed, Note, 150) == [("other", "other-sender")]

    def test_one_of_the_same_name_that_lives_was_called(self):
        """A function that makes its receiver anew each time leaves a row of dead behind."""

        def make():
            def local(**_):
                pass

            connect(changed, local)
            return local

        make()
        gc.collect()
        assert self.missed(changed, Note, 250) == [("local", "dead")]
        kept = make()
        assert self.missed(changed, Note, 250) == []
        assert kept is not None

    def test_a_look_at_the_registry_between_hook_and_connect(self):
        """As by another thread: the connection counts from when it is seen."""

        def local(**_):
            pass

        self.log.connected(changed, local, None, True, None, None, 110)
        assert connections(changed) == []
        changed.connect(local)
        assert len(connections(changed)) == 1
        del local
        gc.collect()
        assert self.missed(changed, Note, 250) == [("local", "dead")]

    def test_a_strong_receiver_that_went_did_not_die(self):
        """Somebody emptied the list of receivers."""

        def local(**_):
            pass

        connect(changed, local, weak=False)
        changed.receivers = []
        del local
        gc.collect()
        assert self.missed(changed, Note, 250) == []

    def test_what_was_taken_out_by_other_hands_did_not_die(self):
        """It was seen to be gone while it lived."""

        def local(**_):
            pass

        connect(changed, local)
        assert len(connections(changed)) == 1
        changed.receivers = []
        assert connections(changed) == []
        del local
        gc.collect()
        assert self.missed(changed, Note, 250) == []

    def test_a_death_while_the_log_did_not_hear_is_left_out(self):
        """It may have been disconnected first."""

        def local(**_):
            pass

        connect(changed, local)
        self.log.stop(150)
        self.clock.now = 200
        changed.disconnect(local)
        del local
        gc.collect()
        self.log.start(220)
        assert self.missed(changed, Note, 250) == []

    def test_senders_are_told_apart_by_identity(self):
        """Where that cannot be had for one that is gone, nothing is said."""

        class Sender:
            pass

        facts = sender_facts(Sender)
        connect(changed, first, Tag)
        connect(changed, second, SHOP)
        assert self.missed(changed, SHOP, 150) == [("first", "other-sender")]
        assert self.missed(changed, None, 150) == [
            ("first", "other-sender"),
            ("second", "other-sender"),
        ]
        del Sender
        gc.collect()
        assert facts.ref() is None
        assert missed(signal_facts(changed), facts, 150) == [(f"{HERE}.first", "other-sender")]

    def test_a_log_that_was_never_started_knows_of_nothing_older(self, monkeypatch):
        """It cannot tell when that came."""
        use_log(monkeypatch, ConnectLog(self.clock))
        changed.connect(first, sender=Tag)
        assert self.missed(changed, Note, 150) == []

    def test_saved_records_have_no_registry(self):
        """Nothing is connected in a file."""

        class Saved:
            name = "x"

        assert missed(Saved(), Saved(), 150) == []

    def test_odd_registries_do_no_harm(self):
        """Items of another shape are passed over."""
        connect(changed, first, Tag)
        changed.receivers += [None, ("x",)]
        self.log.stop(200)
        self.log.start(210)
        assert self.missed(changed, Note, 150) == [("first", "other-sender")]


class TestBypassed:
    def test_names_of_what_a_bulk_operation_skips(self):
        """For this model and for any, each once, in the order of sending."""
        log = ConnectLog()
        for signal, receiver, sender in (
            (post_save, first, None),
            (pre_save, second, Note),
            (post_save, second, Note),
            (post_save, later, Tag),
            (post_delete, wrapped, Note),
        ):
            signal.connect(receiver, sender=sender)
        for operation in ("bulk_create", "bulk_update", "update"):
            found = [name for name in log.bypassed_receivers(Note, operation) if HERE in name]
            assert found == [f"{HERE}.second", f"{HERE}.first"]
        assert f"{HERE}.wrapped" in log.bypassed_receivers(Note, "_raw_delete")
        assert log.bypassed_receivers(Note, "something else") == ()
