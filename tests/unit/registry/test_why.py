"""Why a receiver would run."""

from __future__ import annotations

import functools
from unittest import mock

import pytest
from django.contrib.auth.models import Permission

import signalscope
from signalscope.places import short_path
from signalscope.registry import why
from tests.testapp.models import Note, Tag
from tests.unit.registry.wired import (
    HERE,
    SHOP,
    Holder,
    Listener,
    bare,
    changed,
    connect,
    first,
    ids,
    one,
    sold,
    undecorated,
    wrapped,
)


class TestWhyItRuns:
    @pytest.mark.parametrize(
        "wanted",
        [pytest.param(first, id="function"), "first", f"{HERE}.first", "wired.first"],
    )
    def test_connected(self, log, wanted):
        """The answer names signal, sender and place, and reads as a sentence."""
        line = connect(changed, first, Note)
        answer = why(wanted, changed, Note)
        assert answer.runs is True
        assert ids(answer) == ["connected"]
        assert answer.receiver_name == f"{HERE}.first"
        assert [each.sender_name for each in answer.connections] == ["testapp.Note"]
        assert str(answer) == (
            f"{HERE}.first runs when changed is sent by testapp.Note:\n"
            f"- It is connected to changed for testapp.Note, at {short_path(__file__)}:{line}."
        )

    def test_reasons_are_sentences_with_an_id(self):
        """They can be printed, joined and compared as text."""
        changed.connect(first)
        reason = why(first).reasons[0]
        assert reason == "It is connected to changed for any sender."
        assert reason.id == "connected"

    def test_without_a_signal_or_sender_any_will_do(self):
        """Each connection is a reason, ordered by signal."""
        sold.connect(first, sender=Tag)
        changed.connect(first, sender=Note)
        answer = why(first)
        assert answer.runs
        assert ids(answer) == ["connected", "connected"]
        assert "changed" in answer.reasons[0]
        assert str(answer).startswith(f"{HERE}.first runs:\n")

    def test_for_any_sender(self):
        """Also for one that is unknown, which is said."""
        changed.connect(first)
        assert why(first, sender=Note).runs
        answer = why(first, changed, "testapp.Nte")
        assert answer.runs
        assert ids(answer) == ["sender-unknown", "connected"]
        assert "Did you mean testapp.Note" in answer.reasons[0]

    def test_a_sender_by_a_short_name(self, log):
        """It is the one model, though the log, the registry and Django each know of it."""
        connect(changed, first, Permission)
        answer = why(first, changed, "Permission")
        assert answer.question == "when changed is sent by auth.Permission"

    def test_names_of_senders_that_are_no_models(self):
        """By their dotted path, in a loaded module."""
        changed.connect(first, sender=Holder)
        assert why(first, changed, f"{HERE}.Holder").runs
        assert ids(why(first, changed, f"{HERE}.Listener")) == ["other-sender"]
        sold.connect(first, sender=SHOP)
        assert why(first, sold, f"{HERE}.SHOP").runs
        Holder.moved.connect(first, sender=one)
        assert why(first, Holder.moved, f"{HERE}.one").runs
        assert ids(why(first, Holder.moved, f"{HERE}.other")) == ["other-sender"]

    @pytest.mark.parametrize(
        "wanted",
        [
            pytest.param(wrapped, id="outer"),
            pytest.param(wrapped.__wrapped__, id="inner"),
            pytest.param("wrapped", id="name"),
        ],
    )
    def test_a_decorated_function(self, wanted):
        """Whoever calls the decorated calls the inner one."""
        changed.connect(wrapped)
        assert why(wanted, changed).runs
        assert ids(why(wanted, changed)) == ["connected"]

    @pytest.mark.parametrize("wanted", [pytest.param(first, id="function"), "first"])
    def test_a_partial(self, wanted):
        """It calls its function; held weakly, it may be short-lived."""
        partial = functools.partial(first)
        changed.connect(partial)
        assert ids(why(wanted, changed)) == ["connected", "short-lived"]
        assert "the partial" in why(wanted, changed).reasons[1]

    def test_a_method(self):
        """Of this instance, or the function of the class for whichever instance."""
        listener = Listener()
        changed.connect(listener.hear)
        assert ids(why(listener.hear, changed)) == ["connected", "short-lived"]
        assert why(Listener.hear, changed).runs
        changed.connect(listener.hear, weak=False, dispatch_uid="strong")
        changed.disconnect(listener.hear)
        assert ids(why(listener.hear, changed)) == ["connected"]
        sold.connect(Listener.overhear)
        assert ids(why(Listener.overhear, sold)) == ["connected"]

    def test_local_functions_and_lambdas_that_are_held_weakly(self):
        """They live only as long as somebody holds them."""
        local = lambda **_: None  # noqa: E731 - the case under test
        changed.connect(local)
        assert ids(why(local, changed)) == ["connected", "short-lived"]
        sold.connect(local, weak=False)
        assert ids(why(local, sold)) == ["connected"]

    def test_wired_more_than_once_for_one_send(self):
        """By two uids, or for any sender and one; not for two senders."""
        changed.connect(first, dispatch_uid="one")
        changed.connect(first, dispatch_uid="two", sender=Note)
        answer = why(first, changed)
        assert ids(answer) == ["connected", "connected", "several"]
        assert "2 times" in answer.reasons[-1]
        sold.connect(first, sender=Note)
        sold.connect(first, sender=Tag)
        assert "several" not in ids(why(first, sold))

    def test_muted(self, log):
        """In this context: connected, and silent all the same."""
        changed.connect(first)
        sold.connect(first)
        with signalscope.muted(changed):
            answer = why(first, changed)
            assert answer.runs is False
            assert ids(answer) == ["connected", "muted"]
            assert why(first).runs is True

    def test_a_name_that_stands_for_another_object_by_now(self):
        """Mocking a connected function has no effect on the signal."""
        changed.connect(first)
        with mock.patch(f"{HERE}.first"):
            answer = why("first", changed)
        assert answer.runs
        assert ids(answer) == ["connected", "replaced"]

    def test_connected_before_it_was_decorated(self):
        """The decorated one does not run; the name runs, without its decorator."""
        changed.connect(undecorated)
        answer = why(bare, changed)
        assert answer.runs is False
        assert ids(answer) == ["undecorated"]
        answer = why("bare", changed)
        assert answer.runs is True
        assert ids(answer) == ["connected", "undecorated"]
