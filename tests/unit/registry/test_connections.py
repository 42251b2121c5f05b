"""What is connected now."""

from __future__ import annotations

import gc
import weakref
from unittest import mock

import pytest
from django.apps import apps
from django.dispatch import Signal

from signalscope.errors import SignalscopeError, UnknownName
from signalscope.naming import known_senders, receiver_facts, sender_facts, signal_facts
from signalscope.registry import UNKNOWN_SENDER, connections, missed
from tests.testapp.models import Note, Tag
from tests.unit.registry.wired import (
    HERE,
    KEEPS_SENDERS,
    SHOP,
    Holder,
    Listener,
    changed,
    first,
    later,
    names,
    second,
    sold,
    touch,
)


class TestConnections:
    def test_what_is_said_of_each_in_the_order_of_connecting(self):
        """Names, uid, kind and the place where the receiver is defined."""
        listener = Listener()
        changed.connect(first, dispatch_uid="one")
        changed.connect(later, sender=Note)
        changed.connect(listener.hear, weak=False)
        found = connections(changed)
        assert [each.signal_name for each in found] == [f"{HERE}.changed"] * 3
        assert names(found) == ["first", "later", "Listener.hear"]
        assert [each.sender_name for each in found] == [None, "testapp.Note", None]
        assert [each.dispatch_uid for each in found] == ["one", None, None]
        assert [each.weak for each in found] == [True, True, False]
        assert [each.is_async for each in found] == [False, True, False]
        assert [(each.file, each.line) for each in found] == [
            (function.__code__.co_filename, function.__code__.co_firstlineno)
            for function in (first, later, Listener.hear)
        ]
        assert [each.connected_at for each in found] == [None] * 3

    @pytest.mark.parametrize(
        "wanted",
        [pytest.param(changed, id="signal"), "changed", f"{HERE}.changed", "*wired.ch*"],
    )
    def test_a_signal_is_given_as_itself_or_by_name(self, wanted):
        """What is connected to others is left out."""
        changed.connect(first)
        sold.connect(second)
        assert names(connections(wanted)) == ["first"]

    @pytest.mark.parametrize(
        "wanted", [pytest.param(Note, id="model"), "testapp.Note", "Note", "testapp.N*"]
    )
    def test_a_sender_narrows_it_to_what_a_send_by_it_would_call(self, wanted):
        """That is what is connected for it, and for any."""
        changed.connect(first)
        changed.connect(second, sender=Tag)
        changed.connect(later, sender=Note)
        assert names(connections(changed, wanted)) == ["first", "later"]

    def test_all_signals_that_modules_and_classes_hold(self):
        """Installed apps' too; ordered by name."""
        changed.connect(first)
        Holder.moved.connect(second)
        found = [
            (each.signal_name, each.receiver_name)
            for each in connections()
            if each.signal_name.startswith(HERE) or each.signal_name.endswith("logged_in")
        ]
        assert found == [
            (
                "django.contrib.auth.signals.user_logged_in",
                "django.contrib.auth.models.update_last_login",
            ),
            (f"{HERE}.Holder.moved", f"{HERE}.second"),
            (f"{HERE}.changed", f"{HERE}.first"),
        ]

    def test_a_signal_that_nothing_holds_by_name_is_found_once_it_was_seen(self):
        """Its facts are known then."""
        local = Signal()
        local.connect(first, weak=False)

        def unnamed():
            return [
                each.signal_name
                for each in connections()
                if each.receiver_name == f"{HERE}.first" and each.signal_name.startswith("<")
            ]

        assert unnamed() == []
        facts = signal_facts(local)
        assert unnamed() == ["<unnamed Signal>"]
        assert facts.ref() is local

    def test_the_garbage_collector_is_not_walked(self):
        """That takes as long as the program is large."""
        changed.connect(first)
        with (
            mock.patch.object(gc, "get_objects", touch),
            mock.patch.object(gc, "get_referrers", touch),
        ):
            assert "first" in names(connections())

    def test_what_died_is_not_connected(self):
        """Django clears it away only later."""

        def local(**_):
            pass

        listener = Listener()
        changed.connect(local)
        changed.connect(listener.hear)
        changed.connect(first)
        del local, listener
        gc.collect()
        assert len(changed.receivers) == 3
        assert names(connections(changed)) == ["first"]

    @pytest.mark.skipif(not KEEPS_SENDERS, reason="Django 5.2 does not see its senders die")
    def test_what_is_for_a_sender_that_died_is_not_connected(self):
        """Django does not call it."""

        class Sender:
            pass

        changed.connect(first, sender=Sender)
        assert len(connections(changed)) == 1
        del Sender
        gc.collect()
        assert connections(changed) == []

    def test_items_of_another_shape_are_skipped(self):
        """Others may have put them there."""
        changed.connect(first)
        junk = ((1, 2), first, None, None, False)
        changed.receivers += [None, (), ("key",), junk, (5, first, False), ((1, 2), first, None)]
        changed.receivers += [((1, 2), first, "no reference", False), {"key": 1}]
        assert names(connections(changed)) == ["first"]
        changed.receivers = None
        assert connections(changed) == []

    def test_what_cannot_be_described_is_skipped(self, log, monkeypatch):
        """The others are there; where only the name is missing, that of the class stands in."""

        def describe(receiver):
            return touch("its name") if receiver is second else receiver_facts(receiver)

        changed.connect(first, sender=Note)
        changed.connect(second, sender=Note)
        for module in ("live", "log", "rows"):
            monkeypatch.setattr(f"signalscope.registry.{module}.receiver_facts", describe)
        assert names(connections(changed)) == ["first"]
        assert names(connections()).count("first") == 1
        facts = signal_facts(changed), sender_facts(Tag)
        assert [name for name, _ in missed(*facts, 150)] == [f"{HERE}.first", "function"]
        log.stop(200)
        assert [name for name, _ in missed(*facts, 150)] == [f"{HERE}.first"]

    def test_what_is_no_signal_does_no_harm(self, log):
        """Somebody may have asked for the name of anything."""

        class Odd:
            __slots__ = ("__weakref__",)

        odd = Odd()
        assert signal_facts(odd).name == "<unnamed Odd>"
        log.stop(200)
        assert "<unnamed Odd>" not in {each.signal_name for each in connections()}

    def test_uids_are_plain_values(self):
        """Of others the type is told, and none is compared, printed or hashed."""

        class Uid:
            def __hash__(self):
                return 1

            __eq__ = __repr__ = __str__ = touch

        for uid in (7, ("app", 1), Uid(), ("app", Uid())):
            changed.receivers.append(((uid, id(None)), first, *[None] * KEEPS_SENDERS, False))
        assert [each.dispatch_uid for each in connections(changed)] == [
            7,
            ("app", 1),
            f"<{__name__}.TestConnections.test_uids_are_plain_values.<locals>.Uid>",
            ("app", f"<{__name__}.TestConnections.test_uids_are_plain_values.<locals>.Uid>"),
        ]

    def test_what_looks_like_a_method_has_no_uid(self):
        """Django makes its key of two ids."""

        class Like:
            def __init__(self):
                self.__self__, self.__func__ = first, second

            def __call__(self, **_):
                pass

        changed.connect(Like(), weak=False)
        assert connections(changed)[0].dispatch_uid is None

    def test_senders_that_django_knows_by_id_only(self):
        """Found where a module or a record holds them; a placeholder where nothing does."""

        class Slotted:
            __slots__ = ()

        hidden = Slotted()
        changed.connect(first, sender=SHOP)
        changed.connect(second, sender=hidden)
        found = connections(changed)
        assert [each.sender_name for each in found] == [SHOP, UNKNOWN_SENDER]
        assert names(connections(changed, hidden)) == ["second"]

    def test_models_are_found_among_all_even_those_made_by_django(self):
        """Also before all apps are ready."""
        changed.connect(first, sender=Note.tags.through)
        known_senders.pop(id(Note.tags.through), None)
        with mock.patch.object(apps, "check_models_ready", touch):
            assert connections(changed)[0].sender_name == "testapp.Note_tags"

    def test_classes_that_were_seen_as_senders(self):
        """Their facts are found by their id."""

        class Sender:
            pass

        sender_facts(Sender)
        changed.connect(first, sender=Sender)
        assert connections(changed)[0].sender_name.endswith("<locals>.Sender")

    def test_foreign_objects_are_asked_for_nothing(self):
        """The lazy object of `wired` sleeps on, and a mock records no call."""
        receiver = mock.MagicMock()
        changed.receivers.append(
            ((id(receiver), id(None)), receiver, *[None] * KEEPS_SENDERS, False)
        )
        found = [each for each in connections() if each.signal_name == f"{HERE}.changed"]
        assert names(found) == ["unittest.mock.MagicMock"]
        assert receiver.mock_calls == []

    def test_nothing_is_kept_alive(self):
        """The list holds plain data."""
        signal, listener = Signal(), Listener()
        signal.connect(listener.hear, weak=True)
        found = connections(signal)
        refs = weakref.ref(signal), weakref.ref(listener)
        del signal, listener
        gc.collect()
        assert [ref() for ref in refs] == [None, None]
        assert len(found) == 1

    @pytest.mark.parametrize(
        ("ask", "message"),
        [
            (lambda: connections("post_saved"), "django.db.models.signals.post_save"),
            (lambda: connections("no.such.thing.at.all"), "Import the module that defines it"),
            (lambda: connections(sender="testapp.Nte"), "Did you mean testapp.Note"),
            (lambda: connections(sender="qqq.qqq"), "app_label.Model"),
        ],
    )
    def test_a_name_of_nothing_is_an_error(self, ask, message):
        """It says what was not found, and the nearest names."""
        with pytest.raises(UnknownName, match=message) as caught:
            ask()
        assert isinstance(caught.value, SignalscopeError)

    @pytest.mark.parametrize("wrong", [first, Note, 5])
    def test_what_is_no_signal_is_an_error(self, wrong):
        """Rather than an empty list."""
        with pytest.raises(SignalscopeError, match="no signal"):
            connections(wrong)
