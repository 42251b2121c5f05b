"""W002 and W003: senders that never send."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import AbstractUser, User
from django.db import models
from django.db.models.signals import m2m_changed, post_delete, post_init, post_save
from django.dispatch import Signal, receiver
from django.test.utils import isolate_apps

import signalscope
from signalscope.diagnosis.wiring.senders import silent_senders, unresolved_senders
from signalscope.registry.live import wires_of
from tests.testapp.models import Note, Tag
from tests.unit.wiring import wired
from tests.unit.wiring.wired import HERE, plain


@pytest.fixture
def _waiting():
    yield
    apps._pending_operations.pop(("testapp", "note2"), None)
    apps._pending_operations.pop(("nowhere", "book"), None)
    apps._pending_operations.pop(("nowhere", "zzz"), None)


@pytest.mark.usefixtures("_waiting")
class TestUnresolvedSenders:
    @pytest.mark.parametrize(
        ("label", "remedy"),
        [
            ("testapp.Note2", "Did you mean testapp.Note"),
            ("nowhere.Zzz", "as in blog.Entry"),
        ],
    )
    def test_is_found(self, label, remedy):
        post_save.connect(plain, sender=label)
        (finding,) = self.waiting()
        assert finding.sender.casefold() == label.casefold()
        assert remedy in finding.remedy
        assert finding.places[0].file == wired.__file__

    @pytest.mark.parametrize("signal", [post_save, post_init, m2m_changed])
    @pytest.mark.parametrize("how", [{}, {"weak": False}, {"dispatch_uid": "x"}], ids=str)
    def test_of_each_signal(self, signal, how):
        signal.connect(plain, sender="nowhere.Book", **how)
        (finding,) = self.waiting()
        assert finding.signal.endswith(finding.message.split(" of ")[0].rpartition(" ")[2])

    def test_decorated(self):
        @receiver([post_save, post_init], sender="nowhere.Book")
        def decorated(**_):
            pass

        assert len(self.waiting(f"{decorated.__module__}.{decorated.__qualname__}")) == 2

    def test_a_model_that_came_later(self):
        """It has answered by then."""
        post_save.connect(plain, sender="nowhere.Book")
        assert len(self.waiting()) == 1
        with isolate_apps("tests.testapp"):

            class Book(models.Model):  # noqa: DJ008 - nobody reads it
                class Meta:
                    app_label = "nowhere"

        apps.do_pending_operations(Book)
        assert self.waiting() == []
        post_save.disconnect(plain, sender=Book)

    @pytest.mark.parametrize("sender", [None, Note, User, int])
    def test_what_is_no_name(self, sender):
        post_save.connect(plain, sender=sender)
        try:
            assert self.waiting() == []
        finally:
            post_save.disconnect(plain, sender=sender)

    @staticmethod
    def waiting(receiver=f"{HERE}.plain"):
        return [each for each in unresolved_senders([]) if each.receiver == receiver]

    @pytest.mark.parametrize("label", ["testapp.Note", "testapp.note", "auth.User"])
    def test_a_name_that_a_model_answers_to(self, label):
        post_save.connect(plain, sender=label)
        try:
            assert [
                each for each in unresolved_senders([]) if each.receiver == f"{HERE}.plain"
            ] == []
        finally:
            connected = plain in [wire.entry.receiver for wire in wires_of([post_save])]
            post_save.disconnect(plain, sender=label)
            assert connected

    def test_a_string_that_is_no_model(self):
        """Signals of one's own may be sent by a string."""
        signal = Signal()
        signal.connect(plain, sender="nowhere.Book")
        assert self.waiting() == []


class TestSilentSenders:
    @isolate_apps("tests.testapp")
    def test_an_abstract_one(self):
        class Base(models.Model):
            class Meta:
                abstract = True
                app_label = "testapp"

        (finding,) = silent(post_save, Base)
        assert finding.sender == "testapp.Base"
        assert "which is abstract" in finding.message

    @pytest.mark.parametrize("signal", [post_save, post_init, post_delete, m2m_changed])
    def test_one_of_djangos(self, signal):
        assert "which is abstract" in silent(signal, AbstractUser)[0].message

    @isolate_apps("tests.testapp")
    def test_one_that_is_swapped(self, settings):
        settings.TESTAPP_THING_MODEL = "testapp.Other"

        class Thing(models.Model):  # noqa: DJ008 - nobody reads it
            class Meta:
                app_label = "testapp"
                swappable = "TESTAPP_THING_MODEL"

        (finding,) = silent(post_save, Thing)
        assert "swapped for testapp.Other" in finding.message
        assert finding.remedy == "Connect for testapp.Other."

    def test_a_model_with_a_many_to_many(self):
        """What sends m2m_changed is the model between the two."""
        (finding,) = silent(m2m_changed, Note)
        assert finding.remedy == "Connect for Note.tags.through."

    def test_each_of_several(self):
        (finding,) = silent(m2m_changed, User)
        assert finding.remedy == (
            "Connect for User.groups.through or User.user_permissions.through."
        )

    @pytest.mark.parametrize("sender", [Note, Tag, Note.tags.through, None, User, int, plain])
    def test_one_that_sends(self, sender):
        assert silent(post_save, sender) == []

    @pytest.mark.parametrize("sender", [Note.tags.through, Tag, None])
    def test_one_that_may_send_changes(self, sender):
        assert silent(m2m_changed, sender) == []

    def test_one_whose_children_are_listened_to(self):
        """As a field does that connects for each class it is put into."""
        post_save.connect(plain, sender=User)
        try:
            assert silent(post_save, AbstractUser) == []
        finally:
            post_save.disconnect(plain, sender=User)

    def test_a_signal_of_ones_own(self):
        """Anything can send it."""
        assert silent(Signal(), AbstractUser) == []

    @isolate_apps("tests.testapp")
    def test_a_proxy(self):
        class Proxy(Note):
            class Meta:
                proxy = True
                app_label = "testapp"

        assert silent(post_save, Proxy) == []


def silent(signal, sender):
    with signalscope.record():  # so that a sender that no module holds is known on each Django
        signal.connect(plain, sender=sender)
        try:
            wires = [wire for wire in wires_of([signal]) if wire.entry.receiver is plain]
            return silent_senders(wires)
        finally:
            signal.disconnect(plain, sender=sender)
