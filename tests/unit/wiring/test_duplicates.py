"""W001: one function wired more than once."""

from __future__ import annotations

import functools
import importlib.util
import sys
from pathlib import Path

import pytest
from django.dispatch import Signal

from signalscope.diagnosis.wiring.duplicates import duplicates
from signalscope.registry.live import wires_of
from tests.testapp.models import Note, Tag
from tests.unit.wiring.wired import HERE, Listener, Named, decorated, found, plain, wrapped


class Slotted:
    """Hold a name, in a slot."""

    __slots__ = ("__weakref__", "name")

    def __init__(self, name):
        self.name = name

    def method(self, **_):
        """Do nothing."""


def made(*, cell=None, default=None):
    """Return a new function each time."""

    def receiver(default=default, **_):
        return cell, default

    return receiver


def made_of_nothing():
    """Return a new function each time, that closes over nothing."""

    def receiver(**_):
        """Do nothing."""

    return receiver


TWO = (
    "def receiver(**_):\n    '''Do nothing.'''\n"
    "def other(**_):\n    '''Do nothing.'''\n"
    "pair = [lambda **_: 1, lambda **_: 2]\n"
)


@pytest.fixture
def imported(tmp_path, monkeypatch):
    """Give a function that imports one file, by a name of one's choice."""
    file = tmp_path / "handlers.py"
    file.write_text(TWO)

    def imported(name):
        spec = importlib.util.spec_from_file_location(name, file)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    return imported


class TestDuplicates:
    def test_two_uids(self):
        signal = Signal()
        signal.connect(plain, dispatch_uid="one")
        signal.connect(plain, dispatch_uid="two")
        (finding,) = duplicates(wires_of([signal]))
        assert finding.receiver == f"{HERE}.plain"
        assert "under two dispatch uids, 'one' and 'two'" in finding.message
        assert finding.evidence["dispatch_uids"] == ["one", "two"]

    def test_a_uid_and_none(self):
        signal = Signal()
        signal.connect(plain)
        signal.connect(plain, dispatch_uid="two")
        assert "none and 'two'" in duplicates(wires_of([signal]))[0].message

    def test_for_any_sender_and_for_one(self):
        signal = Signal()
        signal.connect(plain, sender=Note)
        signal.connect(plain)
        (finding,) = duplicates(wires_of([signal]))
        assert finding.sender == "testapp.Note"
        assert "for any sender and for this one" in finding.message

    def test_both_places(self, installed):
        """Of the two connect()s, where they were seen."""
        signal = Signal()
        signal.connect(plain, dispatch_uid="one")
        signal.connect(plain, dispatch_uid="two")
        (finding,) = duplicates(wires_of([signal]))
        lines = [place.line for place in finding.places[1:]]
        assert len(lines) == 2
        assert lines[1] == lines[0] + 1
        file = f"tests/unit/wiring/{Path(__file__).name}"
        assert f"(at {file}:{lines[0]} and {file}:{lines[1]})" in finding.message
        assert finding.evidence["connected_at"] == [[__file__, line] for line in lines]

    def test_a_module_by_two_names(self, imported):
        one, other = imported("handlers"), imported("project.handlers")
        (finding,) = found(duplicates, one.receiver, other.receiver)
        assert "two names, handlers and project.handlers" in finding.message

    def test_a_module_that_ran_twice(self, imported):
        (finding,) = found(duplicates, imported("handlers").receiver, imported("handlers").receiver)
        assert "a module that ran twice, handlers" in finding.message

    def test_wrapped_ones_of_a_module_by_two_names(self, imported):
        one, other = imported("handlers"), imported("project.handlers")
        assert found(duplicates, wrapped(one.receiver), wrapped(other.receiver))

    @pytest.mark.parametrize(
        "make",
        [
            lambda: made(cell=plain),
            made_of_nothing,
            lambda: functools.partial(plain, x=1),
            lambda: Listener().method,
            Listener,
            lambda: wrapped(plain),
            lambda: functools.partial(plain),
        ],
        ids=["closure", "function", "partial", "method", "object", "wrapper", "bare partial"],
    )
    def test_made_twice(self, make):
        """Two objects that hold the very same do the very same."""
        (finding,) = found(duplicates, make(), make())
        assert "two objects made by the same line" in finding.message

    def test_each_is_told_once(self):
        signal = Signal()
        for uid in "abc":
            signal.connect(plain, dispatch_uid=uid)
        assert len(duplicates(wires_of([signal]))) == 2

    @pytest.mark.parametrize(
        "receivers",
        [
            [plain, Listener().method],
            [made(cell=[]), made(cell=[])],
            [made(default=[]), made(default=[])],
            [functools.partial(plain, x=[]), functools.partial(plain, x=[])],
            [functools.partial(plain, []), functools.partial(plain, [])],
            [functools.partial(plain, x=1), functools.partial(plain, y=1)],
            [Named("a").method, Named("b").method],
            [Named("a"), Named("b")],
            [Slotted("a").method, Slotted("b").method],
            [decorated(plain), decorated(made_of_nothing())],
            [wrapped(made(cell=[])), wrapped(made(cell=[]))],
            [Listener().method, Listener()],
            [functools.partial(print), functools.partial(len)],
        ],
        ids=[
            *("function and method", "cells", "defaults", "keywords", "arguments", "names"),
            *("methods", "objects", "slots", "wrappers", "wraps", "method and object", "builtins"),
        ],
    )
    def test_what_may_differ(self, receivers):
        """A factory makes receivers that do different things."""
        assert found(duplicates, *receivers) == []

    def test_lambdas_on_one_line(self, imported):
        assert found(duplicates, *imported("handlers").pair) == []

    def test_functions_that_look_alike(self, imported):
        module = imported("handlers")
        assert found(duplicates, module.receiver, module.other) == []

    def test_different_senders_and_signals(self):
        one, other = Signal(), Signal()
        one.connect(plain, sender=Note)
        one.connect(plain, sender=Tag)
        other.connect(plain)
        assert duplicates(wires_of([one, other])) == []

    def test_connected_again_by_the_same_line(self):
        """Django takes no receiver twice by itself."""
        signal = Signal()
        for _ in range(2):
            signal.connect(plain)
        assert duplicates(wires_of([signal])) == []
