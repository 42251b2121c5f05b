"""Why a receiver would not run, and how senders are related."""

from __future__ import annotations

import gc
import sys
import textwrap
import weakref
from unittest import mock

import pytest
from django.apps import apps
from django.contrib.auth.models import AbstractUser, Group, User
from django.db import models
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.signals import m2m_changed, post_save, pre_save
from django.dispatch import Signal
from django.test.utils import isolate_apps

from signalscope.errors import SignalscopeError, UnknownName
from signalscope.naming import sender_facts
from signalscope.places import short_path
from signalscope.registry import connections, why
from tests.testapp.models import Note, Tag
from tests.unit.registry.wired import (
    HERE,
    SHOP,
    Holder,
    Listener,
    changed,
    connect,
    disconnect,
    first,
    ids,
    names,
    noisy,
    second,
    sold,
)


class TestWhyItDoesNotRun:
    def test_other_sender(self, log):
        """Which, and where that was connected."""
        line = connect(changed, first, Note)
        answer = why(first, changed, Tag)
        assert answer.runs is False
        assert ids(answer) == ["other-sender"]
        assert answer.reasons[0] == (
            "It is connected to changed for testapp.Note, not for testapp.Tag, at "
            f"{short_path(__file__)}:{line}. Connect it for testapp.Tag as well, or for any sender."
        )

    def test_other_signal(self):
        """Which."""
        changed.connect(first, sender=Note)
        answer = why("first", "wired.sold", Note)
        assert answer.runs is False
        assert answer.reasons == (
            "It is connected to changed for testapp.Note, not to sold. Connect it to sold as well.",
        )
        assert ids(answer) == ["other-signal"]

    def test_another_signal_of_the_same_short_name(self, monkeypatch):
        """Both are named in full."""
        twin = Signal()
        monkeypatch.setattr(Holder, "changed", twin, raising=False)
        changed.connect(first)
        answer = why(first, twin)
        assert ids(answer) == ["other-signal"]
        assert f"connected to {HERE}.changed for any sender" in answer.reasons[0]

    def test_a_sender_that_is_not_known_by_name(self):
        """The answer says so rather than guess."""

        class Slotted:
            __slots__ = ()

        hidden = Slotted()
        changed.connect(first, sender=hidden)
        answer = why(first, changed, Note)
        assert ids(answer) == ["other-sender"]
        assert "a sender that is not known by name" in answer.reasons[0]

    def test_senders_that_are_no_classes(self, log):
        """Nothing relates them."""
        connect(changed, first, SHOP)
        answer = why(first, changed, Note)
        assert f"for {SHOP}, not for testapp.Note" in answer.reasons[0]
        assert "or for any sender" in answer.reasons[0]

    def test_not_connected(self, log):
        """The remedy names the place to do it."""
        answer = why(first)
        assert answer.runs is False
        assert ids(answer) == ["not-connected"]
        assert "ready()" in answer.reasons[0]
        assert ids(why("wired.first")) == ["not-connected"]
        assert ids(why("first")) == ["not-connected"]
        assert ids(why(f"{HERE}.Listener.hear")) == ["not-connected"]
        assert str(answer).startswith(f"{HERE}.first does not run:\n- ")

    def test_unknown(self):
        """The nearest names that are connected."""
        changed.connect(first)
        answer = why(f"{HERE}.frist", changed)
        assert ids(answer) == ["receiver-unknown"]
        assert f"{HERE}.first" in answer.reasons[0]
        assert answer.receiver_name == f"{HERE}.frist"

    def test_an_unknown_signal_is_an_error(self):
        """As in `connections`."""
        with pytest.raises(UnknownName):
            why(first, "no.such.signal")
        with pytest.raises(SignalscopeError):
            why(first, first)

    def test_its_module_cannot_be_read(self, tmp_path, monkeypatch):
        """What it defines is not known then."""
        (tmp_path / "broken_of_why.py").write_text("def on_save(:")
        monkeypatch.syspath_prepend(tmp_path)
        assert ids(why("broken_of_why.on_save")) == ["receiver-unknown"]

    @pytest.mark.parametrize("wanted", ["handlers.on_save", "handlers.Thing.method"])
    @pytest.mark.parametrize("prefix", ["", "testapp_of_why."])
    def test_its_module_was_never_imported(self, wanted, prefix, tmp_path, monkeypatch):
        """The name may begin below an installed app; nothing is imported to find out."""
        package = tmp_path / "testapp_of_why"
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "handlers.py").write_text(
            textwrap.dedent("""
                raise AssertionError("imported")
                def on_save(**_): pass
                class Thing:
                    def method(self, **_): pass
            """)
        )
        monkeypatch.syspath_prepend(tmp_path)
        config = mock.Mock()
        config.name = "testapp_of_why"
        if not prefix:
            monkeypatch.setitem(apps.app_configs, "testapp_of_why", config)
        answer = why(prefix + wanted)
        assert ids(answer) == ["never-imported"]
        assert "The module testapp_of_why.handlers was never imported" in answer.reasons[0]
        assert not [name for name in sys.modules if "testapp_of_why" in name]
        assert ids(why(f"{prefix}handlers.no_such_name")) == ["receiver-unknown"]

    def test_died(self, log):
        """It was held weakly, and nothing else held it."""

        def local(**_):
            pass

        line = connect(changed, local, Note)
        name = f"{local.__module__}.{local.__qualname__}"
        del local
        gc.collect()
        answer = why(name, changed, Note)
        assert answer.runs is False
        assert ids(answer) == ["dead"]
        assert f"for testapp.Note, at {short_path(__file__)}:{line}, weakly" in answer.reasons[0]
        assert "weak=False" in answer.reasons[0]
        assert ids(why("local")) == ["dead"]
        assert "dead" not in ids(why("local", changed, Tag))
        assert "dead" not in ids(why("local", sold))

    def test_one_made_in_the_same_place_died(self, log):
        """A function that makes a receiver each time it is called."""

        def make():
            def local(**_):
                pass

            return local

        connect(changed, make())
        gc.collect()
        assert ids(why(make(), changed)) == ["dead"]

    def test_disconnected(self, log):
        """As long as it is not connected again."""
        connect(changed, first)
        disconnect(changed, first)
        assert ids(why(first, changed)) == ["disconnected"]
        assert ids(why("first")) == ["disconnected"]
        assert ids(why(second)) == ["not-connected"]
        connect(changed, first)
        assert ids(why(first, changed)) == ["connected"]

    def test_another_instance(self):
        """Methods belong to their instance."""
        one, other = Listener(), Listener()
        changed.connect(one.hear)
        answer = why(other.hear, changed)
        assert answer.runs is False
        assert ids(answer) == ["other-instance"]

    def test_another_object_of_its_name(self):
        """The signal holds the one that was connected."""
        twin = noisy(lambda **_: None)
        twin.__module__, twin.__qualname__ = first.__module__, first.__qualname__
        changed.connect(first)
        answer = why(twin, changed)
        assert answer.runs is False
        assert ids(answer) == ["other-object"]
        assert f"{first.__code__.co_filename}:{first.__code__.co_firstlineno}" in answer.reasons[0]

    def test_a_string_sender_that_no_model_answers_to(self):
        """Django waits for the model, and says nothing."""
        post_save.connect(first, sender="testapp.Nope")
        try:
            answer = why(first, post_save, Note)
            assert ids(answer) == ["unresolved-sender"]
            assert "testapp.nope" in answer.reasons[0]
            assert ids(why(first, pre_save)) == ["not-connected"]
            post_save.disconnect(second, sender="testapp.Nope")
            assert ids(why(second, post_save)) == ["not-connected"]
        finally:
            apps._pending_operations.pop(("testapp", "nope"))

    def test_nothing_is_kept_alive(self, log):
        """The answer is plain data."""
        listener = Listener()
        connect(changed, listener.hear)
        answer = why(listener.hear)
        ref = weakref.ref(listener)
        del listener
        gc.collect()
        assert ref() is None
        assert answer.runs


class TestRelations:
    """Senders that are easily taken for one another."""

    @pytest.fixture
    def family(self):
        with isolate_apps("tests.testapp"):

            class Base(models.Model):
                class Meta:
                    app_label = "testapp"
                    abstract = True

            class Parent(Base):  # noqa: DJ008 - never printed
                class Meta:
                    app_label = "testapp"

            class Child(Parent):  # noqa: DJ008 - never printed
                class Meta:
                    app_label = "testapp"

            class Stand(Parent):  # noqa: DJ008 - never printed
                class Meta:
                    app_label = "testapp"
                    proxy = True

        return {"Base": Base, "Parent": Parent, "Child": Child, "Stand": Stand}

    @pytest.mark.parametrize(
        ("connected", "asked", "words"),
        [
            ("Base", "Parent", "testapp.Base is abstract"),
            ("Parent", "Child", "testapp.Child is a child of testapp.Parent"),
            ("Child", "Parent", "testapp.Child is a child of testapp.Parent"),
            ("Parent", "Stand", "testapp.Stand is a proxy of testapp.Parent"),
            ("Stand", "Parent", "testapp.Stand is a proxy of testapp.Parent"),
        ],
    )
    def test_models(self, family, connected, asked, words):
        """Each sends in its own name only."""
        sender_facts(family[connected])  # seen at work: Django 5.2 keeps its id only
        changed.connect(first, sender=family[connected])
        answer = why(first, changed, family[asked])
        assert answer.runs is False
        assert ids(answer) == ["other-sender"]
        assert words in answer.reasons[0]

    def test_classes(self):
        """Also of those that are no models."""

        class Heir(Holder):
            pass

        changed.connect(first, sender=Holder)
        assert f"is a child of {HERE}.Holder" in why(first, changed, Heir).reasons[0]

    def test_abstract_models_of_others(self):
        """Named by string."""
        changed.connect(first, sender=AbstractUser)
        assert "is abstract" in why("first", changed, "auth.User").reasons[0]

    @pytest.fixture
    def twin(self):
        """Return another model of the label of `Note`."""
        with isolate_apps("tests.testapp"):
            meta = type("Meta", (), {"app_label": "testapp"})
            twin = type("Note", (models.Model,), {"__module__": HERE, "Meta": meta})
        sender_facts(twin)
        return twin

    def test_a_historical_model(self):
        """A migration's, which is another class than the one of today."""
        state = ProjectState()
        for model in (Tag, Note):
            state.add_model(ModelState.from_model(model))
        old = state.apps.get_model("testapp", "Note")
        sender_facts(old)
        changed.connect(first, sender=Note)
        changed.connect(second, sender=old)
        assert [each.sender_name for each in connections(changed)] == [
            "testapp.Note",
            "testapp.Note (historical)",
        ]
        for wanted in (Note, "testapp.Note", "Note"):
            assert names(connections(changed, wanted)) == ["first"]
        for wanted in (old, "testapp.Note (historical)"):
            assert names(connections(changed, wanted)) == ["second"]
        for answer in (why(first, changed, old), why(second, changed, Note)):
            assert ids(answer) == ["other-sender"]
            assert "A migration's historical model is another object" in answer.reasons[0]

    def test_what_ended_for_a_twin_ended_for_that_alone(self, log, twin):
        """Models are told apart by identity where one is given, and not by their label."""
        connect(changed, first, twin)
        disconnect(changed, first, twin)
        assert ids(why(first, changed, twin)) == ["disconnected"]
        assert ids(why(first, changed, Note)) == ["not-connected"]
        assert ids(why(first, changed, "testapp.Note")) == ["disconnected"]

    def test_a_name_of_two_is_not_taken_for_one_of_them(self, log, twin):
        """The answer calls them as they were asked for; a name of one is told in full."""
        connect(changed, first, twin)
        connect(changed, second, Tag)
        connect(changed, second, dispatch_uid="any")
        assert why(first, changed, "Note").question == "when changed is sent by Note"
        assert why(second, changed, "Tag").question == "when changed is sent by testapp.Tag"

    def test_two_models_of_one_name(self, twin):
        """They were imported twice, say."""
        changed.connect(first, sender=twin)
        answer = why(first, changed, Note)
        assert ids(answer) == ["other-sender"]
        assert "two objects of one name" in answer.reasons[0]

    @pytest.mark.parametrize(
        ("connected", "asked"), [(Note, Note.tags.through), (Note.tags.through, Note)]
    )
    def test_the_model_between(self, connected, asked):
        """Of a many-to-many, which is the sender of m2m_changed."""
        m2m_changed.connect(first, sender=connected)
        assert ".through" in why(first, m2m_changed, asked).reasons[0]

    def test_strangers(self):
        """Get the general remedy."""
        changed.connect(first, sender=Group)
        assert "or for any sender" in why(first, changed, User).reasons[0]
