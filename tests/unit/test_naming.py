"""Names and places of receivers, senders and signals, told without running the program's code."""

from __future__ import annotations

import asyncio
import copy
import functools
import gc
import sys
import textwrap
import types
import warnings
import weakref
from pathlib import Path
from unittest import mock

import django
import pytest
from django.contrib.auth.models import AbstractUser, User
from django.core.signals import request_started
from django.db import models
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.signals import ModelSignal, class_prepared, post_save
from django.dispatch import Signal
from django.test.utils import isolate_apps

import signalscope
from signalscope import naming, places
from signalscope.matching import sender_matcher
from signalscope.naming import (
    receiver_facts,
    searching,
    sender_facts,
    short_name,
    signal_facts,
    signals,
)
from signalscope.places import file_kinds
from signalscope.registry import ConnectLog, connections
from tests.testapp.models import Note, Tag

HERE = __name__
SHORT = str(Path("tests", "unit", "test_naming.py"))


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


def line():
    """Return the line of the caller."""
    return sys._getframe(1).f_lineno


class Kept(Signal):
    """Have a constructor that goes on to Django's."""

    def __init__(self):
        super().__init__()
        self.more = True


class Bare(Signal):
    """Have a constructor that does not."""

    def __init__(self):
        self.receivers = []


class Shop:
    """Make a signal for each instance."""

    def __init__(self):
        self.sold, self.line = Signal(), line()


def make_signal():
    """Make a signal that is to be kept elsewhere."""
    return Signal()


def historical(model):
    """Return what a migration gets for a model."""
    state = ProjectState()
    for each in (Tag, Note):
        state.add_model(ModelState.from_model(each))
    return state.apps.get_model("testapp", model)


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
        path = f"{HERE}.{Made.__qualname__}"
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


class TestOrigins:
    """Where a signal was created, which is all that is known of one that nothing holds by name."""

    def test_is_the_line_that_called_for_it(self, installed):
        """For Django's own subclasses, too."""
        signals = [Signal(), ModelSignal(use_caching=True), Kept()]
        at = line() - 1
        assert [signal_facts(each).name for each in signals] == [
            f"<Signal created at {SHORT}:{at}>",
            f"<ModelSignal created at {SHORT}:{at}>",
            f"<Kept created at {SHORT}:{at}>",
        ]

    def test_constructors_of_others_are_places_like_any(self, installed):
        """A signal that each instance of a class makes is made there."""
        shop = Shop()
        assert signal_facts(shop.sold).name == f"<Signal created at {SHORT}:{shop.line}>"

    def test_is_not_known_of_all(self, installed):
        """A constructor may leave Django's out, and a copy is made without one."""
        assert signal_facts(Bare()).name == "<unnamed Bare>"
        assert signal_facts(copy.copy(Signal())).name == "<unnamed Signal>"

    def test_is_not_known_of_what_is_older(self):
        """Nor of what is made when nothing is installed any more."""
        older = Signal()
        signalscope.install()
        known = Signal()
        signalscope.uninstall()
        younger = Signal()
        assert signal_facts(older).name == signal_facts(younger).name == "<unnamed Signal>"
        assert "created at" in signal_facts(known).name

    def test_is_below_an_entry_of_the_path(self, installed, monkeypatch):
        """The nearest one, as modules are named; where there is none, the whole path is told."""
        facts = signal_facts(Signal())
        at = line() - 1
        monkeypatch.setattr(sys, "path", ["", 5, str(Path(__file__).parent), *sys.path])
        assert facts.name == f"<Signal created at test_naming.py:{at}>"
        monkeypatch.setattr(sys, "path", [str(Path(__file__).parents[2]) + "x"])
        assert facts.name == f"<Signal created at {__file__}:{at}>"

    def test_is_where_it_was_first_made(self, installed):
        """To run its constructor again makes no other signal of it."""
        signal = Signal()
        at = line() - 1
        signal.__init__()
        assert signal_facts(signal).name == f"<Signal created at {SHORT}:{at}>"

    def test_a_name_that_comes_later_wins(self, installed, monkeypatch):
        """Once a module holds it, it is called by that."""
        signal = make_signal()
        facts = signal_facts(signal)
        assert facts.name.startswith("<Signal created at ")
        monkeypatch.setattr(sys.modules[HERE], "late", signal, raising=False)
        assert facts.name == f"{HERE}.late"

    def test_a_name_is_not_searched_for_each_time(self, installed, monkeypatch):
        """A recording may ask ten thousand times, and all loaded modules are many."""
        searches = []
        monkeypatch.setattr(signals, "find_in_modules", searches.append)
        signal = make_signal()
        facts = signal_facts(signal)
        assert len({facts.name for _ in range(1000)}) == 1
        assert len(searches) == 10

    def test_nothing_is_kept_or_changed(self, installed):
        """The signal dies as it would; its facts go on to tell where it was made."""
        before = len(signals._origins)
        signal = make_signal()
        assert len(signals._origins) == before + 1
        facts, names = signal_facts(signal), set(vars(signal))
        signalscope.uninstall()
        assert names == set(vars(make_signal()))
        gone = weakref.ref(signal)
        del signal
        assert gone() is None
        assert len(signals._origins) == before
        assert (
            facts.name == f"<Signal created at {SHORT}:{make_signal.__code__.co_firstlineno + 2}>"
        )

    def test_where_the_stack_is_full_a_signal_is_made_all_the_same(self):
        """There may be room for Django's constructor, and not for more."""

        def make(frames):
            return make(frames - 1) if frames else type(Signal()) is Signal

        def program():
            outcomes = []
            for room in range(20):
                before = leave_room(room)
                try:
                    outcomes.append(make(5))
                except RecursionError:
                    outcomes.append(None)
                finally:
                    sys.setrecursionlimit(before)
            return outcomes

        plain = program()
        signalscope.install()
        observed = program()
        signalscope.uninstall()
        assert observed == plain
        assert set(plain) == {True, None}

    @pytest.mark.parametrize(
        ("name", "short"),
        [
            ("django.db.models.signals.post_save", "post_save"),
            ("post_save", "post_save"),
            ("<Signal created at shop/signals.py:12>", "<Signal created at shop/signals.py:12>"),
        ],
    )
    def test_the_short_name(self, name, short):
        """A place has dots of its own."""
        assert short_name(name) == short


def leave_room(frames):
    """Let the caller have about so many frames more; return the limit that was."""
    before, limit = sys.getrecursionlimit(), 1
    while True:
        try:
            sys.setrecursionlimit(limit)
        except RecursionError:  # less than there are
            limit += 1
        else:
            sys.setrecursionlimit(limit + frames)
            return before


def die_where_the_stack_is_full(held):
    try:
        die_where_the_stack_is_full(held)
    except RecursionError:
        if held:
            held.clear()


class TestDyingWhereTheStackIsFull:
    def test_is_quiet(self, monkeypatch):
        """What is called then has to do without a frame."""

        def mortal(**_):
            pass

        complaints, clock = [], iter(range(100, 200))
        log = ConnectLog(lambda: 50)
        log._clock = clock.__next__  # C code, as the clock of the process is
        log.start(60)
        signal = Signal()
        log.created(signal)
        log.connected(signal, mortal, None, True, None, None, 70)
        # Not connected in truth: Django's own callback is a function of Python's.
        (row,) = log._logs.get(signal_facts(signal)).rows()
        gone = weakref.ref(mortal), weakref.ref(signal)
        known = [len(naming.known_receivers), len(naming.known_signals)]
        held = [mortal, signal]
        del mortal, signal
        with monkeypatch.context() as patched:
            patched.setattr(sys, "unraisablehook", complaints.append)
            before = leave_room(60)
            try:
                die_where_the_stack_is_full(held)
            finally:
                sys.setrecursionlimit(before)
        assert complaints == []
        assert [ref() for ref in gone] == [None, None]
        if sys.version_info >= (3, 12):  # before, there is no room for C code either
            assert row.died == 100
            assert len(naming.known_receivers) == known[0] - 1
            assert len(naming.known_signals) == known[1] - 1
            assert len(log._logs) == 0


class Watched:
    """Makes classes, instances and a module that record whatever is asked of them."""

    def __init__(self):
        self.calls = calls = []

        def watch(name, default):
            def method(self, *args, **kwargs):
                calls.append(name)
                return default(self, *args, **kwargs)

            return method

        names = {
            "__getattribute__": watch("__getattribute__", object.__getattribute__),
            "__eq__": watch("__eq__", lambda one, other: one is other),
            "__ne__": watch("__ne__", lambda one, other: one is not other),
            "__hash__": watch("__hash__", id),
            "__bool__": watch("__bool__", lambda _: True),
            "__len__": watch("__len__", lambda _: 1),
            "__iter__": watch("__iter__", lambda _: iter(())),
            "__str__": watch("__str__", lambda _: "text"),
            "__repr__": watch("__repr__", lambda _: "text"),
            "__format__": watch("__format__", lambda *_: "text"),
            "__class__": property(watch("__class__", lambda _: int)),
        }
        on_class = {
            **names,
            "__getattribute__": watch("__getattribute__", type.__getattribute__),
            "__class__": property(watch("__class__", lambda _: type)),
            "__instancecheck__": watch("__instancecheck__", lambda *_: False),
            "__subclasscheck__": watch("__subclasscheck__", lambda *_: False),
            "__mro__": property(watch("__mro__", lambda _: ())),
            "__dict__": property(watch("__dict__", lambda _: {})),
            "__module__": HERE,
            "_meta": property(watch("_meta", lambda _: None)),
        }
        self.Meta = type("Meta", (type,), on_class)
        body = {
            **names,
            "__module__": HERE,
            "__dict__": property(watch("__dict__", lambda _: {})),
            "__call__": watch("__call__", lambda *_, **__: None),
        }
        self.Class = self.Meta("Class", (), body)
        self.Class.__hash__  # noqa: B018 - the watch itself is watched
        assert calls
        self.Signal = self.Meta("OddSignal", (Signal,), {**names, "__module__": HERE})
        self.Text = self.Meta("Text", (str,), {**names, "__module__": HERE})
        self.Error = self.Meta("Error", (Exception,), {**names, "__module__": HERE})
        self.Module = self.Meta("Module", (types.ModuleType,), body)
        self.Partial = self.Meta("Partial", (functools.partial,), {**names, "__module__": HERE})
        calls.clear()


class TestNoCodeOfTheProgramRuns:
    """Neither that of an object nor that of its class, whatever names are told of it."""

    @pytest.fixture
    def watched(self, monkeypatch):
        watched = Watched()
        module = watched.Module("odd_module")
        monkeypatch.setitem(sys.modules, "odd_module", module)
        of_module = types.ModuleType.__dict__["__dict__"].__get__(module)
        of_module |= {"it": watched.Class(), "Class": watched.Class, "__file__": watched.Class()}
        monkeypatch.setattr(sys.modules[HERE], "odd", watched.Class, raising=False)
        monkeypatch.setattr(sys.modules[HERE], "odd_too", watched.Class(), raising=False)
        watched.module = module
        watched.calls.clear()
        return watched

    def test_for_a_receiver(self, watched):
        """Callable objects, classes, methods and partials."""
        it = watched.Class()

        def local(**_):
            pass

        def wrapped(**_):
            pass

        local.__module__ = watched.Text("module")
        local.__qualname__ = watched.Text("name")
        wrapped.__module__ = it
        wrapped.__wrapped__ = it
        builtin = object.__getattribute__(it, "__reduce_ex__")
        receivers = {
            it: f"{HERE}.Class",
            builtin: f"{HERE}.Class.__reduce_ex__",
            watched.Class: f"{HERE}.Class",
            types.MethodType(it, it): f"{HERE}.Class",
            types.MethodType(function, it): f"{HERE}.function",
            functools.partial(it): f"functools.partial({HERE}.Class)",
            watched.Partial(function): f"functools.partial({HERE}.function)",
            local: "module.name",
            wrapped: wrapped.__qualname__,
        }
        watched.calls.clear()
        found = [receiver_facts(each).name for each in list(receivers)]
        assert watched.calls == []
        assert found == list(receivers.values())
        assert [type(each) for each in found] == [str] * len(found)

    def test_for_a_sender(self, watched):
        """Objects, classes, strings and modules."""
        it, text = watched.Class(), watched.Text("a sender")
        watched.calls.clear()
        senders = [it, watched.Class, watched.Meta, text, watched.module, watched.Error()]
        facts = [sender_facts(each) for each in senders]
        found = [(each.name, each.is_model, each.key) for each in facts]
        assert watched.calls == []
        names = ["Class", "Class", "Meta"]
        assert [name for name, *_ in found] == [
            *(f"{HERE}.{name}" for name in names),
            "a sender",
            "odd_module",
            f"{HERE}.Error",
        ]
        assert {tuple(rest) for _, *rest in found} == {(False, None)}

    def test_for_a_sender_that_looks_like_a_model(self, watched):
        """Whatever stands in the places of Django's."""
        it = watched.Class()
        odd = types.SimpleNamespace(app_label=it, object_name=it, pk=it)
        pk = types.SimpleNamespace(pk=it, app_label="shop", object_name=watched.Text("Odd"))
        classes = [watched.Meta("Odd", (), {"_meta": each}) for each in (it, odd, pk)]
        watched.calls.clear()
        found = [(sender_facts(each).is_model, sender_facts(each).key) for each in classes]
        assert watched.calls == []
        assert found == [(False, None), (False, None), (True, None)]
        assert sender_facts(classes[2]).name == "shop.Odd"

    def test_for_the_name_of_a_signal(self, watched):
        """The search passes all that modules and classes hold."""
        signal = watched.Signal()
        type.__setattr__(watched.Class, "moved", signal)
        watched.calls.clear()
        names = signal_facts(signal).name, signal_facts(Signal()).name
        assert watched.calls == []
        assert names == (f"{HERE}.Class.moved", "<unnamed Signal>")

    def test_for_the_name_of_a_signal_that_two_modules_hold(self, watched, monkeypatch):
        """Which of them assigned it, their sources tell."""
        signal = Signal()
        types.ModuleType.__dict__["__dict__"].__get__(watched.module)["moved"] = signal
        monkeypatch.setattr(sys.modules[HERE], "moved_too", signal, raising=False)
        watched.calls.clear()
        assert signal_facts(signal).name == "odd_module.moved"
        assert watched.calls == []

    def test_for_a_connection(self, watched):
        """It is noted, ended, and asked for."""
        log = ConnectLog(lambda: 100)
        log.start(50)
        signal, it, sender = watched.Signal(), watched.Class(), watched.Class()
        uids = None, "uid", it, ("uid", it)
        watched.calls.clear()
        for uid in uids:
            log.connected(signal, it, sender, it, uid, None, 60)
        log.connected(signal, types.MethodType(function, it), sender, True, None, None, 60)
        assert watched.calls == []
        for uid in uids:
            Signal.connect(signal, it, sender, True, uid)
        watched.calls.clear()
        rows = log.rows(signal)
        log.created(signal)
        log.postponed(signal, it, sender, None, None)
        log.disconnected(signal, it, sender, None, 70)
        log.disconnected(signal, it, sender, it, 70)
        missed = log.missed(signal_facts(signal), sender_facts(watched.Class), 65)
        log.stop(80)
        assert watched.calls == []
        assert len(rows) == 2
        assert missed == [(f"{HERE}.Class", "other-sender")]

    @pytest.mark.parametrize("recording", [False, True])
    def test_while_a_program_runs(self, watched, recording):
        """What Django itself asks is all that is asked."""

        def program():
            watched.calls.clear()
            signal, it, sender = watched.Signal(), watched.Class(), watched.Class()
            Signal.connect(signal, it, sender)
            Signal.connect(signal, it, watched.Class, weak=False)
            Signal.send(signal, sender)
            Signal.send_robust(signal, watched.Class)
            Signal.disconnect(signal, it, sender)
            return list(watched.calls)

        plain = program()
        signalscope.install()
        if recording:
            with signalscope.record(signal_that_is_another, "*.OddSignal", senders=[Note, "x"]):
                observed = program()
        else:
            observed = program()
        signalscope.uninstall()
        assert observed == plain
        assert plain

    def test_for_a_list_of_what_is_connected(self, watched):
        """Of receivers that are kept in a list of another kind."""
        signal, it = watched.Signal(), watched.Class()
        Signal.connect(signal, it, watched.Class)

        class Receivers(list):
            def __iter__(self):
                watched.calls.append("__iter__")
                return list.__iter__(self)

            __len__ = __getitem__ = __iter__

        object.__setattr__(signal, "receivers", Receivers(signal.receivers))
        watched.calls.clear()
        found = connections(signal)
        assert watched.calls == []
        assert [(each.receiver_name, each.sender_name) for each in found] == [
            (f"{HERE}.Class", f"{HERE}.Class")
        ]


signal_that_is_another = Signal()


class TestKindsOfCode:
    def test_a_projects_own_code_is_told_from_what_carries_it(self):
        """This test is a project's; Django and the standard library carry; pytest is a package."""
        assert file_kinds[__file__] == places.USER
        assert file_kinds[post_save.send.__code__.co_filename] == places.CARRIER
        assert file_kinds[functools.__file__] == places.CARRIER
        assert file_kinds[pytest.__file__] == places.PACKAGE

    def test_what_carries_does_so_as_an_installed_package_too(self, monkeypatch):
        """And its neighbours, whose names begin alike, do not."""
        ours, djangos = Path(signalscope.__file__).parent, Path(django.__file__).parent
        monkeypatch.setattr(places, "_package_roots", (str(ours.parent), str(djangos.parent)))
        kinds = type(file_kinds)()
        kinds.add_carrier(str(djangos))
        assert kinds[signalscope.__file__] == kinds[django.__file__] == places.CARRIER
        assert kinds[f"{ours}_more/x.py"] == kinds[f"{djangos}_filters/x.py"] == places.PACKAGE


@pytest.mark.skipif(not naming.MAY_BE_STALE, reason="nothing stale can stay from Python 3.12 on")
class TestStaleFacts:
    """What died at the last frame of a stack is still noted by an id that is free again."""

    @pytest.fixture
    def replace(self, monkeypatch):
        """Return what leaves the facts of something dead where an object's own belong."""

        def replace(known, facts_of, target):
            class Dead:
                """Named in no record."""

            dead = Dead()
            monkeypatch.setitem(known, id(target), facts_of(dead))
            del known[id(dead)]

        return replace

    @pytest.mark.parametrize("method", ["send", "asend"])
    def test_are_taken_for_nothing_that_lives(self, installed, replace, method):
        """Neither in a record nor in what is asked afterwards."""

        class Sender:
            """Send."""

        def synchronous(**_):
            pass

        async def asynchronous(**_):
            pass

        listener, signal, tag = Listener(), Signal(), Tag(pk=1)
        receivers = [synchronous, asynchronous, listener.method]
        for each in receivers:
            signal.connect(each)  # whose own look comes too soon
        replace(naming.known_signals, signal_facts, signal)
        for each in [*receivers[:2], Listener.method]:
            replace(naming.known_receivers, receiver_facts, each)
        for each in [Sender, Tag]:
            replace(naming.known_senders, sender_facts, each)
        with signalscope.record() as recording:
            sent = getattr(signal, method)(sender=Sender, instance=tag)
            if method == "asend":
                asyncio.run(sent)
        (dispatch,) = recording.dispatches
        prefix = f"{HERE}.TestStaleFacts.test_are_taken_for_nothing_that_lives.<locals>."
        assert dispatch.signal_name.startswith("<Signal created at ")
        assert dispatch.sender_name == f"{prefix}Sender"
        assert dispatch.kwargs["instance"].startswith("testapp.Tag")
        assert {call.receiver_name for call in dispatch.calls} == {
            f"{prefix}synchronous",
            f"{prefix}asynchronous",
            f"{HERE}.Listener.method",
        }
        assert connections(signal)[0].receiver_name == f"{prefix}synchronous"


def test_the_name_of_a_model_signal_needs_no_source_of_who_imports_it(monkeypatch):
    """It stands beside its class; a project may import it in a hundred modules."""
    asked = []
    monkeypatch.setattr(searching, "_makes", lambda *at: asked.append(at[0]) or True)
    assert naming.SignalFacts(post_save).name == "django.db.models.signals.post_save"
    assert asked == ["django.db.models.signals"]


class TestNamesOfManySignals:
    def test_one_search_serves_all_that_are_known(self, monkeypatch):
        """A sink reads the names while the program runs, and measures it."""
        modules = [types.ModuleType(f"many_{number}") for number in range(3)]
        for module in modules:
            module.sent = Signal()
            monkeypatch.setitem(sys.modules, module.__name__, module)
        facts = [signal_facts(module.sent) for module in modules]
        searches = []
        whole = searching.namespaces
        monkeypatch.setattr(searching, "namespaces", lambda: searches.append(1) or whole())
        assert [each.name for each in facts] == ["many_0.sent", "many_1.sent", "many_2.sent"]
        assert len(searches) == 1

    def test_are_there_when_a_sink_is_added(self, monkeypatch):
        """Also those that nobody has asked for, or sent."""
        module = types.ModuleType("not_sent_yet")
        module.later = Signal()
        monkeypatch.setitem(sys.modules, module.__name__, module)

        class Sink:
            def dispatch_started(self, dispatch): ...

            dispatch_finished = receiver_started = receiver_finished = dispatch_started

        sink = Sink()
        signalscope.add_sink(sink)
        try:
            monkeypatch.setattr(searching, "namespaces", lambda: pytest.fail("searched"))
            assert signal_facts(module.later).name == "not_sent_yet.later"
        finally:
            signalscope.remove_sink(sink)


def test_a_stand_in_for_an_import_that_failed_makes_no_signal(monkeypatch, tmp_path):
    """``sent = None`` is an assignment, too; the one that calls `Signal` is meant."""
    sources = {
        "a_optional": "try:\n    from z_home import sent\nexcept ImportError:\n    sent = None\n",
        "z_home": "from django.dispatch import Signal\nother, sent = Signal(), Signal()\n",
    }
    monkeypatch.syspath_prepend(tmp_path)
    for name, source in sources.items():
        Path(tmp_path, f"{name}.py").write_text(source)
        monkeypatch.delitem(sys.modules, name, raising=False)
    import a_optional
    import z_home

    try:
        assert signal_facts(a_optional.sent).name == "z_home.sent"
        assert signal_facts(z_home.other).name == "z_home.other"
    finally:
        del sys.modules["a_optional"], sys.modules["z_home"]


def test_an_attribute_of_a_signal_that_is_set_makes_no_signal(monkeypatch, tmp_path):
    """Tests do so, and are imported under names that come first."""
    sources = {
        "a_resets": "from z_origin import sent\nsent.receivers = list()\n",
        "z_origin": "from django.dispatch import Signal\nsent = Signal()\n",
    }
    monkeypatch.syspath_prepend(tmp_path)
    for name, source in sources.items():
        Path(tmp_path, f"{name}.py").write_text(source.replace("list()", "list() #sent ="))
        monkeypatch.delitem(sys.modules, name, raising=False)
    import a_resets

    try:
        assert signal_facts(a_resets.sent).name == "z_origin.sent"
    finally:
        del sys.modules["a_resets"], sys.modules["z_origin"]


def test_a_module_with_odd_strings_is_read_as_well(monkeypatch, tmp_path):
    """Where warnings are errors, as here, their warnings would be no reason not to."""
    sources = {
        "a_importer": "from z_odd import sent\n",
        "z_odd": "from django.dispatch import Signal\nodd = '\\d'\nsent = Signal()\n",
    }
    monkeypatch.syspath_prepend(tmp_path)
    for name, source in sources.items():
        Path(tmp_path, f"{name}.py").write_text(source)
        monkeypatch.delitem(sys.modules, name, raising=False)
    with warnings.catch_warnings(action="ignore"):
        import a_importer

    try:
        assert signal_facts(a_importer.sent).name == "z_odd.sent"
    finally:
        del sys.modules["a_importer"], sys.modules["z_odd"]
