"""Senders: classes, and models at all ages."""

from __future__ import annotations

import gc
import sys

import pytest
from django.contrib.auth.models import AbstractUser, User
from django.db import models
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.signals import class_prepared
from django.dispatch import Signal
from django.test.utils import isolate_apps

import signalscope
from signalscope.matching import sender_matcher
from signalscope.naming import (
    sender_facts,
)
from tests.testapp.models import Note, Tag
from tests.unit.naming.named import HERE, Listener, function


def historical(model):
    """Return what a migration gets for a model."""
    state = ProjectState()
    for each in (Tag, Note):
        state.add_model(ModelState.from_model(each))
    return state.apps.get_model("testapp", model)


class TestSenders:
    @pytest.mark.parametrize(
        ("sender", "name"),
        [
            (User, "auth.User"),
            (User.groups.through, "auth.User_groups"),
            (AbstractUser, "auth.AbstractUser"),
            (Listener, f"{HERE}.Listener"),
            (Listener(), f"{HERE}.Listener"),
            (int, "int"),
            (function, f"{HERE}.function"),
            ("a string", "a string"),
            (sys, "sys"),
            (None, None),
            ([1], "list"),
        ],
    )
    def test_name(self, sender, name):
        """The label of a model, the dotted path of a class, function or instance's class."""
        assert sender_facts(sender).name == name

    def test_properties_of_the_program_are_not_run(self):
        """Neither a metaclass's nor an instance's attribute hook is asked."""

        class Meta(type):
            def __getattr__(cls, name):
                raise AssertionError(name)

        class Sender(metaclass=Meta):
            def __getattr__(self, name):
                raise AssertionError(name)

        assert sender_facts(Sender).name.endswith("Sender")
        assert sender_facts(Sender()).name.endswith("Sender")


class TestModelsInTheMaking:
    """A model may be a sender before it is complete."""

    def test_the_key_is_found_when_it_is_there(self):
        """The facts were made by a field that came first."""
        seen = []

        class Early(models.CharField):
            def contribute_to_class(self, cls, name, **kwargs):
                super().contribute_to_class(cls, name, **kwargs)
                facts = sender_facts(cls)
                seen.append((facts, facts.name, facts.is_model, facts.key))

        with isolate_apps("tests.testapp"):

            class Made(models.Model):  # noqa: DJ008 - never printed
                name = Early(max_length=1)

                class Meta:
                    app_label = "testapp"

        ((facts, *then),) = seen
        assert then == ["testapp.Made", True, None]
        assert facts is sender_facts(Made)
        assert facts.key == "id"

    def test_the_label_is_found_when_it_is_there(self):
        """That of a base, which is a model too, does not stand in."""
        seen = []

        def prepared(sender, **_):
            seen.append((sender_facts(sender).name, sender_facts(sender).key))

        class Early:
            def __init_subclass__(cls, **kwargs):
                super().__init_subclass__(**kwargs)
                facts = sender_facts(cls)
                seen.append((facts.name, facts.is_model, facts.key))

        class_prepared.connect(prepared)
        try:
            with isolate_apps("tests.testapp"):

                class Base(models.Model):
                    class Meta:
                        app_label = "testapp"
                        abstract = True

                class Made(Early, Base):  # noqa: DJ008 - never printed
                    code = models.CharField(max_length=1, primary_key=True)

                    class Meta:
                        app_label = "testapp"
        finally:
            class_prepared.disconnect(prepared)
        path = f"{__name__}.{Made.__qualname__}"
        assert seen == [(path, False, None), ("testapp.Made", "code")]
        assert (sender_facts(Made).name, sender_facts(Made).is_model) == ("testapp.Made", True)

    def test_one_that_came_to_nothing(self):
        """Its facts say what was known of it."""
        seen = []

        class Early:
            def __init_subclass__(cls, **kwargs):
                seen.append(sender_facts(cls))
                raise ValueError("no model")

        def fail():
            class Made(Early, models.Model):  # noqa: DJ008 - never made
                class Meta:
                    app_label = "testapp"

        with pytest.raises(ValueError, match="no model"):
            fail()
        gc.collect()
        (facts,) = seen
        assert facts.ref() is None
        assert facts.name.endswith("<locals>.Made")
        assert (facts.is_model, facts.key) == (False, None)

    def test_facts_have_no_other_attributes(self):
        """What is empty for a while does not hide a slip."""
        with pytest.raises(AttributeError, match="label"):
            _ = sender_facts(Note).label


class TestHistoricalModels:
    """What a migration calls by a model's name is another class."""

    def test_are_marked(self):
        """The tables in between, too."""
        facts = sender_facts(historical("Note"))
        assert facts.name == "testapp.Note (historical)"
        assert (facts.is_model, facts.key) == (True, "id")
        through = historical("Note").tags.through
        assert sender_facts(through).name == "testapp.Note_tags (historical)"
        assert sender_facts(Note).name == "testapp.Note"

    @pytest.mark.parametrize(
        ("wanted", "matches"),
        [
            pytest.param(Note, False, id="model"),
            ("testapp.Note", False),
            ("Note", False),
            ("testapp.Note (historical)", True),
            ("testapp.Note*", True),
        ],
    )
    def test_are_not_taken_for_the_model_of_today(self, wanted, matches):
        """Neither by the class nor by its label; a pattern says that it means both."""
        model = historical("Note")
        matcher = sender_matcher(wanted)
        assert matcher(sender_facts(model)) is matches
        assert matcher(sender_facts(Note)) is (wanted != "testapp.Note (historical)")
        assert sender_matcher(model)(sender_facts(model))
        assert not sender_matcher(model)(sender_facts(Note))
        assert not sender_matcher(model)(sender_facts(historical("Note")))

    def test_in_a_recording(self):
        """The sender, and the instance, are named as what they are."""

        def hear(**_):
            pass

        model = historical("Note")
        signal = Signal()
        signal.connect(hear)
        with signalscope.record(senders=["testapp.Note"]) as of_today, signalscope.record() as all_:
            signal.send(model, instance=model(pk=3))
        assert of_today.dispatches == []
        assert all_.dispatches[0].sender_name == "testapp.Note (historical)"
        assert all_.dispatches[0].kwargs == {"instance": "testapp.Note (historical) pk=3"}
