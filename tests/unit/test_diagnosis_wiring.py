"""W001 to W006: what is wired wrong, near misses, and how `manage.py check` tells of it."""

from __future__ import annotations

import functools
import gc
import importlib.util
import inspect
import sys
import types
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth.models import AbstractUser, User
from django.core import checks
from django.core.management import call_command
from django.db import models
from django.db.models.signals import m2m_changed, post_delete, post_init, post_save
from django.dispatch import Signal, receiver
from django.test.utils import isolate_apps

import signalscope
from signalscope.diagnosis.wiring import rules, unimported
from signalscope.diagnosis.wiring.duplicates import duplicates
from signalscope.diagnosis.wiring.lifetimes import short_lived
from signalscope.diagnosis.wiring.rules import diagnose_wiring
from signalscope.diagnosis.wiring.senders import silent_senders, unresolved_senders
from signalscope.diagnosis.wiring.signatures import strict_signatures
from signalscope.registry.live import wires_of
from tests.testapp.models import Note, Tag
from tests.unit.sources import lifetimes
from tests.unit.sources.lifetimes import LIVES

HERE = __name__


def plain(**_):
    """Do nothing."""


class Listener:
    """Hold nothing."""

    def method(self, **_):
        """Do nothing."""

    def __call__(self, **_):
        """Do nothing."""


class Named(Listener):
    """Hold a name."""

    def __init__(self, name="x"):
        self.name = name


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


def decorated(function):
    """Wrap, without a word on what."""

    def inner(**named):
        return function(**named)

    return inner


def wrapped(function):
    """Wrap, as people should."""

    @functools.wraps(function)
    def inner(**named):
        return function(**named)

    return inner


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


def found(rule, *receivers, signal=None, **how):
    """Connect receivers to a signal, each once, and return what a rule finds."""
    signal = signal or Signal()
    with signalscope.record():
        for each in receivers:
            signal.connect(each, weak=False, **how)
        return rule(wires_of([signal]))


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
        file = f"tests/unit/{Path(__file__).name}"
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
        assert finding.places[0].file == __file__

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


def strict(sender, instance):
    """Take no more."""


class Strict:
    """Take no more."""

    def method(self, sender):
        """Take no more."""

    @classmethod
    def of_class(cls, sender):
        """Take no more."""

    def __call__(self, sender):
        """Take no more."""


class TestStrictSignatures:
    @pytest.mark.parametrize(
        "receiver",
        [
            strict,
            lambda: None,
            lambda *_: None,
            lambda sender, *, signal: None,
            Strict().method,
            Strict.of_class,
            Strict(),
            functools.wraps(plain)(lambda sender: None),
        ],
        ids=["function", "none", "args", "keyword", "method", "class method", "object", "wrapper"],
    )
    def test_is_found(self, receiver):
        (finding,) = found(strict_signatures, receiver)
        assert "has no **kwargs" in finding.message

    def test_each_is_told_once(self):
        signal, other = Signal(), Signal()
        signal.connect(strict)
        other.connect(strict)
        assert len(strict_signatures(wires_of([signal, other]))) == 1

    @pytest.mark.parametrize(
        "receiver",
        [
            plain,
            lambda **_: None,
            Listener().method,
            Listener(),
            functools.wraps(strict)(lambda *args, **kwargs: None),
            functools.partial(strict, instance=1),
            print,
            Strict,
            types.SimpleNamespace,
        ],
        ids=[
            *("function", "lambda", "method", "object", "wrapper", "partial", "builtin"),
            *("class", "class of Python's"),
        ],
    )
    def test_what_takes_more_or_does_not_tell(self, receiver):
        assert found(strict_signatures, receiver) == []


class TestShortLived:
    @pytest.fixture(autouse=True)
    def _in_development(self, installed, settings):
        settings.DEBUG = True  # so that Django's check of signatures keeps what is connected
        yield
        # What died is remembered for as long as its signal lives.
        lifetimes.noted, lifetimes.other = Signal(), Signal()
        lifetimes.HELD.clear()
        gc.collect()

    @staticmethod
    def found_in(program, wires):
        """Return what is found in a program; other tests' connections are dead by now, too."""
        lines, first = inspect.getsourcelines(program)
        within = range(first, first + len(lines))
        return [
            each
            for each in short_lived(wires)
            if each.places[-1].file == lifetimes.__file__ and each.places[-1].line in within
        ]

    @pytest.mark.parametrize("program", LIVES.bad, ids=lambda each: each.__name__)
    def test_is_found(self, program):
        program()
        (finding,) = self.found_in(program, wires_of([lifetimes.noted]))
        assert "that nothing but this weak connection holds" in finding.message

    @pytest.mark.parametrize("program", LIVES.bad, ids=lambda each: each.__name__)
    def test_is_found_in_production(self, program, settings):
        """Where they are dead by now, if it can be told of what `connect()` was given."""
        settings.DEBUG = False
        program()
        gc.collect()
        assert wires_of([lifetimes.noted]) == []
        told = self.found_in(program, [])
        by_decorator_or_factory = {"decorated", "decorated_for_several", "a_factory"}
        assert len(told) == (program.__name__ not in by_decorator_or_factory)

    @pytest.mark.parametrize("program", LIVES.good, ids=lambda each: each.__name__)
    def test_near_miss(self, program):
        kept = program()
        assert wires_of([lifetimes.noted])
        assert self.found_in(program, wires_of([lifetimes.noted])) == []
        del kept


FILES = {
    "__init__.py": "",
    "models.py": "",
    "apps.py": (
        "from django.apps import AppConfig\n"
        "class Active(AppConfig):\n    name = '{name}'\n    default = True\n"
        "class Other(AppConfig):\n    name = '{name}'\n"
        "    def ready(self):\n        from . import signals\n"
    ),
}
CONNECTS = "from django.db.models.signals import post_save\npost_save.connect(print, sender=None)\n"
DECORATES = (
    "from django.dispatch import receiver\nfrom django.db.models.signals import post_save\n\n\n"
    "@receiver(post_save)\ndef handle(**_):\n    pass\n"
)


@pytest.fixture
def app(tmp_path, monkeypatch, settings):
    """Give a function that makes an app of these files, installs it and asks the rule."""
    names = iter(range(99))
    monkeypatch.syspath_prepend(tmp_path)
    before = list(post_save.receivers)

    def app(**files):
        name = f"unimported_app_{next(names)}"
        for path, text in {**FILES, **files}.items():
            file = tmp_path / name / (path if path.endswith(".py") else f"{path}.py")
            file.parent.mkdir(parents=True, exist_ok=True)
            (file.parent / "__init__.py").touch()
            file.write_text(text.replace("{name}", name))
        with monkeypatch.context() as patch:
            importlib.invalidate_caches()
            with apps_with(name):
                findings = unimported.never_imported([])
            del patch
        for module in [each for each in sys.modules if each.startswith(name)]:
            del sys.modules[module]
        return [
            (each.evidence["module"].removeprefix(f"{name}."), each.places[0].line)
            for each in findings
            if each.evidence["module"].startswith(name)
        ]

    yield app
    with post_save.lock:
        post_save.receivers = before
        post_save.sender_receivers_cache.clear()


class apps_with:  # noqa: N801 - used as a function
    """Install a further app in the block."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        from django.conf import settings

        apps.set_installed_apps([*settings.INSTALLED_APPS, self.name])

    def __exit__(self, *_):
        apps.unset_installed_apps()


class TestNeverImported:
    @pytest.mark.parametrize("name", ["signals", "receivers", "handlers/users", "signals/__init__"])
    @pytest.mark.parametrize(("text", "line"), [(CONNECTS, 2), (DECORATES, 6)], ids=["c", "d"])
    def test_is_found(self, app, name, text, line):
        module = name.replace("/", ".").removesuffix(".__init__")
        assert app(**{name: text}) == [(module, line)]

    def test_one_that_only_its_tests_import(self, app):
        assert app(
            signals=DECORATES, **{"tests/test_signals": "from ..signals import handle\n"}
        ) == [("signals", 6)]

    def test_the_ready_of_an_app_config_that_is_not_taken(self, app):
        """`FILES` has one."""
        assert app(signals=CONNECTS) == [("signals", 2)]

    @pytest.mark.parametrize(
        "files",
        [
            {"__init__": "from . import signals"},
            {"models": "from .signals import *"},
            {"models": "import {name}.signals"},
            {"views": "from {name} import signals"},
            {"views": "def view(request):\n    from .signals import x"},
            {"loading": "import_module('{name}.signals')"},
            {"loading": "autodiscover_modules('signals')"},
            {"sub/loading": "from ..signals import handle"},
            {"management/commands/load": "from {name}.signals import handle"},
            {"tasks": "import {name}.signals"},
        ],
        ids=str,
    )
    def test_one_that_somebody_may_import(self, app, files):
        """Now, or when it is needed."""
        assert app(signals=DECORATES, **files) == []

    @pytest.mark.parametrize(
        "text",
        [
            "from django.dispatch import Signal\nnoted = Signal()\n",
            (
                "from django.db.models.signals import post_save\n\n"
                "def connect():\n    post_save.connect(print)\n"
            ),
            "import sqlite3\nconnection = sqlite3.connect('x')\n",
            "from django.dispatch import receiver\n# post_save.connect(handle)\n",
            "this is no Python: receiver .connect( signals\n",
            "",
        ],
    )
    def test_one_that_connects_nothing(self, app, text):
        assert app(signals=text) == []

    @pytest.mark.parametrize(
        "name",
        [
            *("tests", "test_signals", "tests/handlers", "migrations/0001_initial", "conftest"),
            *("management/commands/listen", "celery", "tasks"),
        ],
    )
    def test_one_that_is_loaded_otherwise(self, app, name):
        assert app(**{name: DECORATES}) == []

    def test_of_this_project_but_the_one_on_show(self):
        """Which the bookstore has as a pitfall, where it is installed."""
        on_show = ["demo_bookstore.pitfalls.never_imported.forgotten"]
        found = [each.evidence["module"] for each in unimported.never_imported([])]
        assert found == (on_show if apps.is_installed("demo_bookstore.pitfalls") else [])


class TestSystemCheck:
    @pytest.fixture(autouse=True)
    def _wired(self):
        post_save.connect(strict, sender=Note)
        yield
        post_save.disconnect(strict, sender=Note)

    @staticmethod
    def told():
        messages = checks.run_checks(tags=["signalscope"])
        own = [each for each in messages if each.msg.startswith(f"{HERE}.")]
        return [each for each in own if each.id == "signalscope.W005"]

    def test_a_finding_is_a_warning(self):
        """With the place, the finding and the remedy."""
        (message,) = self.told()
        assert message.level == checks.WARNING
        assert "has no **kwargs" in message.msg
        assert message.hint == "Add **kwargs to its parameters."
        line = strict.__code__.co_firstlineno
        assert message.obj == f"tests/unit/{Path(__file__).name}:{line}"

    def test_manage_py_check(self, capsys):
        call_command("check", "--tag", "signalscope")
        assert "(signalscope.W005)" in capsys.readouterr().err

    def test_silenced(self, settings):
        settings.SIGNALSCOPE = {"SILENCED": ["W005"]}
        assert self.told() == []

    def test_silenced_as_checks_are(self, settings, capsys):
        settings.SILENCED_SYSTEM_CHECKS = ["signalscope.W005"]
        call_command("check", "--tag", "signalscope")
        assert "W005" not in capsys.readouterr().err

    def test_silenced_by_a_comment(self):
        # signalscope: ignore[W005] on purpose
        def silent_one(sender):
            pass

        Note.silent_one = silent_one
        post_save.connect(silent_one, sender=Note)
        try:
            assert len(self.told()) == 1
        finally:
            post_save.disconnect(silent_one, sender=Note)
            del Note.silent_one

    def test_settings_that_are_wrong_are_told_by_themselves(self, settings):
        settings.SIGNALSCOPE = {"SILENCEDD": []}
        assert self.told() == []

    def test_a_fault_of_ours_stops_nobody(self, monkeypatch, caplog):
        """Nor the other rules."""

        def fails(_):
            raise RuntimeError("ours")

        monkeypatch.setattr(rules, "_RULES", (fails, *rules._RULES))
        assert len(self.told()) == 1
        assert "A rule failed: fails" in caplog.text


def test_nothing_is_imported_or_changed():
    """To look is no more than that."""
    before = set(sys.modules), [list(signal.receivers) for signal in (post_save, m2m_changed)]
    diagnose_wiring()
    assert before == (
        set(sys.modules),
        [list(signal.receivers) for signal in (post_save, m2m_changed)],
    )


def test_this_project_is_free_of_findings():
    """What it wires for good, that is; and the bookstore is a model of a project."""
    names = [
        each for each in diagnose_wiring() if (each.receiver or "").startswith("demo_bookstore.")
    ]
    assert names == []
