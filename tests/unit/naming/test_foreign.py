"""No code of the program runs while names are told."""

from __future__ import annotations

import functools
import sys
import types

import pytest
from django.dispatch import Signal

import signalscope
from signalscope.naming import (
    receiver_facts,
    sender_facts,
    signal_facts,
)
from signalscope.registry import ConnectLog, connections
from tests.testapp.models import Note
from tests.unit.naming.named import HERE, function


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
