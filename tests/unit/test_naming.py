"""Names and places of receivers, senders and signals, told without running the program's code."""

from __future__ import annotations

import functools
import gc
import sys
import textwrap
from unittest import mock

import pytest
from django.contrib.auth.models import AbstractUser, User
from django.core.signals import request_started
from django.db.models.signals import ModelSignal, post_save
from django.dispatch import Signal

from signalscope import naming
from signalscope.naming import file_kinds, receiver_facts, sender_facts, signal_facts

HERE = __name__


def function(**_):
    """Be a plain function."""


def decorate(inner):
    """Wrap as decorators do."""

    @functools.wraps(inner)
    def wrapper(**kwargs):
        return inner(**kwargs)

    return wrapper


@decorate
@decorate
def decorated(**_):
    """Be a function behind two decorators."""


class Listener:
    """Offer the callables that a class can make."""

    changed = Signal()

    def __call__(self, **_):
        pass

    def method(self, **_):
        pass

    @classmethod
    def class_method(cls, **_):
        pass

    @staticmethod
    def static_method(**_):
        pass


class Heir(Listener):
    """Inherit."""


class TestReceivers:
    @pytest.mark.parametrize(
        ("receiver", "name", "target"),
        [
            (function, f"{HERE}.function", function),
            (decorated, f"{HERE}.decorated", decorated.__wrapped__.__wrapped__),
            (Listener().method, f"{HERE}.Listener.method", Listener.method),
            pytest.param(
                Heir().method, f"{HERE}.Listener.method", Listener.method, id="inherited method"
            ),
            (
                Listener.class_method,
                f"{HERE}.Listener.class_method",
                Listener.class_method.__func__,
            ),
            (Listener.static_method, f"{HERE}.Listener.static_method", Listener.static_method),
            (Listener(), f"{HERE}.Listener", Listener.__call__),
            (functools.partial(function), f"functools.partial({HERE}.function)", function),
            (
                functools.partial(functools.partial(Listener().method), 1),
                f"functools.partial({HERE}.Listener.method)",
                Listener.method,
            ),
        ],
    )
    def test_name_and_place(self, receiver, name, target):
        """The dotted name, and the function that a reader would look for."""
        facts = receiver_facts(receiver)
        assert facts.name == name
        assert (facts.file, facts.line) == (__file__, target.__code__.co_firstlineno)

    def test_lambdas_and_local_functions_are_told_apart_by_their_place(self):
        """Their names are Python's; their lines differ."""

        def local(**_):
            pass

        other = lambda **_: None  # noqa: E731 - the case under test
        facts = receiver_facts(local), receiver_facts(other)
        assert facts[0].name.endswith("<locals>.local")
        assert facts[1].name.endswith("<locals>.<lambda>")
        assert facts[0].line < facts[1].line

    @pytest.mark.parametrize(
        ("receiver", "name"),
        [
            (print, "print"),
            ([].append, "list.append"),
            (dict, "dict"),
            (mock.Mock(), "unittest.mock.Mock"),
        ],
    )
    def test_receivers_without_a_place_of_their_own(self, receiver, name):
        """Builtins, types and mocks have a name; where there is no Python code, no place."""
        facts = receiver_facts(receiver)
        assert facts.name == name
        if name != "unittest.mock.Mock":
            assert facts.file is None
            assert facts.line is None

    def test_mock_records_no_call(self):
        """Describing a mock leaves no trace on it."""
        receiver = mock.MagicMock()
        receiver_facts(receiver)
        sender_facts(receiver)
        assert receiver.mock_calls == []

    def test_facts_live_as_long_as_their_object(self):
        """One object of facts for one receiver; none is kept when it is gone."""

        def mortal(**_):
            pass

        facts = receiver_facts(mortal)
        assert receiver_facts(mortal) is facts
        key = id(mortal)
        assert naming.known_receivers[key] is facts
        del mortal
        gc.collect()
        assert key not in naming.known_receivers
        assert facts.name.endswith("mortal")

    def test_bound_methods_share_the_facts_of_their_function(self):
        """Each send makes a new bound method."""
        listener = Listener()
        assert receiver_facts(listener.method) is receiver_facts(listener.method)


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


class TestSignals:
    def test_django_signals_have_their_documented_names(self):
        """However many modules import them."""
        assert signal_facts(post_save).name == "django.db.models.signals.post_save"
        assert signal_facts(request_started).name == "django.core.signals.request_started"

    def test_a_signal_of_a_class(self):
        """Found by the class that holds it."""
        assert signal_facts(Listener.changed).name == f"{HERE}.Listener.changed"

    def test_the_module_that_made_it_wins_over_those_that_import_it(self, tmp_path, monkeypatch):
        """An importing module of a shorter name does not claim the signal."""
        (tmp_path / "deep_down").mkdir()
        (tmp_path / "deep_down" / "__init__.py").write_text("")
        (tmp_path / "deep_down" / "signals.py").write_text(
            "from django.dispatch import Signal\nbook_sold = Signal()\n"
        )
        (tmp_path / "aaa.py").write_text(
            textwrap.dedent("""
                def late():
                    pass
                from deep_down.signals import book_sold
            """)
        )
        monkeypatch.syspath_prepend(tmp_path)
        import aaa

        try:
            assert signal_facts(aaa.book_sold).name == "deep_down.signals.book_sold"
        finally:
            for name in ("aaa", "deep_down", "deep_down.signals"):
                sys.modules.pop(name, None)

    def test_a_signal_that_no_module_holds_is_called_unnamed(self):
        """Rather than by a guess."""
        assert signal_facts(Signal()).name == "<unnamed Signal>"
        assert signal_facts(ModelSignal()).name == "<unnamed ModelSignal>"


class TestKindsOfCode:
    def test_a_projects_own_code_is_told_from_what_carries_it(self):
        """This test is a project's; Django and the standard library carry; pytest is a package."""
        assert file_kinds[__file__] == naming.USER
        assert file_kinds[post_save.send.__code__.co_filename] == naming.CARRIER
        assert file_kinds[functools.__file__] == naming.CARRIER
        assert file_kinds[pytest.__file__] == naming.PACKAGE
