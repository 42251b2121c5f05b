"""Signals: the names by which they are held, or where they were made."""

from __future__ import annotations

import copy
import sys
import textwrap
import types
import warnings
import weakref
from pathlib import Path

import pytest
from django.core.signals import request_started
from django.db.models.signals import ModelSignal, post_save
from django.dispatch import Signal

import signalscope
from signalscope import naming
from signalscope.naming import (
    searching,
    short_name,
    signal_facts,
    signals,
)
from tests.unit.naming.named import HERE, Bare, Kept, Listener, leave_room, line

SHORT = str(Path("tests", "unit", "naming", "test_signals.py"))


class Shop:
    """Make a signal for each instance."""

    def __init__(self):
        self.sold, self.line = Signal(), line()


def make_signal():
    """Make a signal that is to be kept elsewhere."""
    return Signal()


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
        assert facts.name == f"<Signal created at test_signals.py:{at}>"
        monkeypatch.setattr(sys, "path", [str(Path(__file__).parents[3]) + "x"])
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
