"""What is connected, where that was done, and why a receiver would or would not run."""

from __future__ import annotations

import contextlib
import functools
import gc
import sys
import sysconfig
import textwrap
import weakref
from unittest import mock

import django
import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.contrib.auth.models import AbstractUser, Group, Permission, User
from django.db import models
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.options import Options
from django.db.models.signals import ModelSignal, m2m_changed, post_delete, post_save, pre_save
from django.dispatch import Signal
from django.test.utils import isolate_apps
from django.utils.functional import SimpleLazyObject

import signalscope
from signalscope import patching
from signalscope.errors import SignalscopeError, UnknownName
from signalscope.naming import known_senders, receiver_facts, sender_facts, signal_facts
from signalscope.patching import hooking
from signalscope.places import Location
from signalscope.registry import UNKNOWN_SENDER, ConnectLog, connections, missed, why
from signalscope.registry import log as registry_log
from tests.testapp.models import Note, Tag

HERE = __name__
KEEPS_SENDERS = django.VERSION >= (6, 0)

SHOP = "a shop, by its own name"


changed = Signal()
sold = Signal()


def touch(name):
    raise AssertionError(f"asked for {name}")


lazy = SimpleLazyObject(lambda: touch("the lazy object"))


class Holder:
    """Hold a signal."""

    moved = Signal()


def first(**_):
    """Be connected."""


def second(**_):
    """Be connected, too."""


async def later(**_):
    """Be awaited."""


def noisy(inner):
    """Wrap as decorators do."""

    @functools.wraps(inner)
    def wrapper(**kwargs):
        return inner(**kwargs)

    return wrapper


@noisy
def wrapped(**_):
    """Be decorated and then connected."""


def bare(**_):
    """Be connected and then decorated."""


undecorated = bare
bare = noisy(bare)


class Listener:
    """Have a method to connect."""

    def hear(self, **_):
        pass

    @classmethod
    def overhear(cls, **_):
        pass


one, other = Listener(), Listener()


class Clock:
    """Tell the time that a test sets."""

    now = 0

    def __call__(self):
        return self.now


def use_log(monkeypatch, log):
    """Let one test have a log of its own."""
    for module in ("log", "live", "inquiry"):
        monkeypatch.setattr(f"signalscope.registry.{module}.connect_log", log)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def log(monkeypatch, clock):
    """Put an empty log in the place of the process's, and let it hear of everything from 100 on."""
    log = ConnectLog(clock)
    use_log(monkeypatch, log)
    log.start(100)
    clock.now = 100
    return log


@pytest.fixture(autouse=True)
def receivers_left_as_they_were():
    signals = (changed, sold, Holder.moved, pre_save, post_save, post_delete, m2m_changed)
    before = [list(signal.receivers) for signal in signals]
    yield
    for signal, receivers in zip(signals, before, strict=True):
        signal.receivers = receivers
        signal.sender_receivers_cache.clear()


def connect(signal, receiver, sender=None, *, weak=True, dispatch_uid=None):
    """Connect as a hooked `connect()` does; return the line of the caller."""
    frame = sys._getframe(1)
    log = registry_log.connect_log
    place = (frame.f_code, frame.f_lasti)
    log.connected(signal, receiver, sender, weak, dispatch_uid, place, log._clock())
    signal.connect(receiver, sender=sender, weak=weak, dispatch_uid=dispatch_uid)
    return frame.f_lineno


def disconnect(signal, receiver=None, sender=None, *, dispatch_uid=None):
    """Disconnect as a hooked `disconnect()` does."""
    log = registry_log.connect_log
    log.disconnected(signal, receiver, sender, dispatch_uid, log._clock())
    return signal.disconnect(receiver, sender=sender, dispatch_uid=dispatch_uid)


def names(found):
    return [each.receiver_name.removeprefix(f"{HERE}.") for each in found]


def ids(answer):
    return [reason.id for reason in answer.reasons]


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
            (__file__, function.__code__.co_firstlineno)
            for function in (first, later, Listener.hear)
        ]
        assert [each.connected_at for each in found] == [None] * 3

    @pytest.mark.parametrize(
        "wanted",
        [pytest.param(changed, id="signal"), "changed", f"{HERE}.changed", "*test_registry.ch*"],
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
            f"<{HERE}.TestConnections.test_uids_are_plain_values.<locals>.Uid>",
            ("app", f"<{HERE}.TestConnections.test_uids_are_plain_values.<locals>.Uid>"),
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
        """The lazy object of this module sleeps on, and a mock records no call."""
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


class TestPlaces:
    """`Connection.connected_at`."""

    def test_is_the_line_of_the_connect(self, log):
        """For functions, methods, senders and uids."""
        listener = Listener()
        lines = [
            connect(changed, first),
            connect(changed, first, Note),
            connect(changed, listener.hear),
            connect(changed, first, dispatch_uid="uid"),
            connect(changed, later, weak=False),
        ]
        found = connections(changed)
        assert [each.connected_at for each in found] == [Location(__file__, n) for n in lines]

    @pytest.mark.parametrize("sender", ["None", '"testapp.Note"'])
    def test_in_a_package(self, sender):
        """Called by the project, it is the project's line; run by Django or an import, its own."""
        file = f"{sysconfig.get_path('purelib')}/shop_package/apps.py"
        source = f"def ready(signal, receiver):\n    signal.connect(receiver, sender={sender})\n"
        package = {}
        exec(compile(source, file, "exec"), package)  # noqa: S102 - code of another file
        signal = ModelSignal()
        signalscope.install()
        try:
            package["ready"](signal, first)
            line = sys._getframe().f_lineno - 1
            with contextlib.ExitStack() as standard_library:
                standard_library.callback(package["ready"], signal, second)
            places = [each.connected_at for each in connections(signal)]
        finally:
            signalscope.uninstall()
            signal.receivers = []
        assert places == [Location(__file__, line), Location(file, 2)]

    def test_a_connect_that_changes_nothing_is_not_the_one(self, log):
        """Django keeps the first."""
        line = connect(changed, first)
        connect(changed, first)
        assert connections(changed)[0].connected_at == Location(__file__, line)
        sold.connect(second)
        connect(sold, second)
        assert connections(sold)[0].connected_at is None

    def test_of_a_receiver_that_allows_no_weak_reference(self, log):
        """It is told apart by its address, which is its own as long as it is connected."""

        class Slotted:
            __slots__ = ()

            def __call__(self, **_):
                pass

        line = connect(changed, Slotted(), weak=False)
        assert connections(changed)[0].connected_at == Location(__file__, line)
        changed.receivers = []
        assert why(f"{HERE}.TestPlaces", changed).reasons[0].id == "not-connected"

    def test_a_connect_that_failed_is_not_the_one(self, log, settings):
        """With DEBUG on, Django refuses receivers that take no keywords."""
        settings.DEBUG = True

        def strict():
            pass

        with pytest.raises(ValueError, match="keyword"):
            connect(changed, strict)
        assert connections(changed) == []
        del strict
        gc.collect()
        assert why("strict", changed).reasons[0].id != "dead"

    def test_a_second_connect_after_a_disconnect_is_the_one(self, log):
        """Whether the end was seen or not."""
        connect(changed, first)
        disconnect(changed, first)
        line = connect(changed, first)
        assert connections(changed)[0].connected_at == Location(__file__, line)
        log.stop(200)
        changed.disconnect(first)
        changed.connect(first)
        assert connections(changed)[0].connected_at is None

    @pytest.mark.parametrize("kind", ["function", "method"])
    def test_another_receiver_at_the_same_address_is_not_confused(self, log, kind):
        """Ids are used again: a key of equal ids may be of another function, or instance."""

        def make():
            def local(**_):
                pass

            return local if kind == "function" else Listener().hear

        mine, another = make(), make()
        connect(changed, mine)
        key, _, *rest = changed.receivers[0]
        ref = weakref.ref if kind == "function" else weakref.WeakMethod
        changed.receivers = [((key[0], key[1]), ref(another), *rest)]
        assert len(connections(changed)) == 1
        assert connections(changed)[0].connected_at is None

    def test_the_log_keeps_nothing_alive(self, log):
        """Receiver, sender and signal die as they would."""

        class Sender:
            pass

        signal, listener, sender = Signal(), Listener(), Sender
        connect(signal, listener.hear, sender)
        connect(signal, second, sender, weak=False)
        disconnect(signal, second, sender)
        connections(signal)
        refs = weakref.ref(signal), weakref.ref(listener), weakref.ref(sender)
        del listener, sender, Sender
        gc.collect()
        assert [ref() for ref in refs[1:]] == [None, None]
        del signal
        gc.collect()
        assert refs[0]() is None
        assert len(log._logs) == 0

    def test_uids_that_are_not_plain_are_not_kept(self, log):
        """Their place is not known, then."""

        class Uid:
            pass

        uid = Uid()
        connect(changed, first, dispatch_uid=uid)
        ref = weakref.ref(uid)
        assert connections(changed)[0].connected_at is None
        disconnect(changed, dispatch_uid=uid)
        del uid
        gc.collect()
        assert ref() is None

    def test_a_model_may_connect_while_it_is_made(self, log):
        """The facts of half a model are not kept: its primary key is found later."""
        connected = []

        class Connecting(models.CharField):
            def contribute_to_class(self, cls, name, **kwargs):
                super().contribute_to_class(cls, name, **kwargs)
                connect(changed, first, cls)
                connected.append(cls)

        with isolate_apps("tests.testapp"):

            class Made(models.Model):  # noqa: DJ008 - never printed
                name = Connecting(max_length=1)

                class Meta:
                    app_label = "testapp"

        assert connected == [Made]
        assert connections(changed, Made)[0].sender_name == "testapp.Made"
        assert sender_facts(Made).key == "id"

    def test_the_log_is_bounded(self, log):
        """However often a program connects and disconnects."""
        for at in range(2000):
            connect(changed, first)
            disconnect(changed, first)

            def local(**_):
                pass

            connect(changed, local)
            del local
            if at == 1000:
                gc.collect()
        gc.collect()
        changed.send(None)
        connect(changed, second)
        held = log._logs.get(signal_facts(changed))
        assert held.size <= held.limit <= 1000


class TestPlacesOfWhatWaited:
    """Connections for a model by its name, made before there was one."""

    @pytest.fixture(autouse=True)
    def _installed(self, monkeypatch):
        # The hooks of Django's own methods are a part of this.
        log = ConnectLog()
        use_log(monkeypatch, log)
        monkeypatch.setattr(hooking, "connect_log", log)
        monkeypatch.setattr(patching.recorder, "wiring", log)
        connected = post_save.receivers[:]
        signalscope.install()
        yield
        signalscope.uninstall()
        # Up to Django 5.2 the connections outlive their model, whose id goes to the next test's.
        post_save.receivers = connected
        post_save.sender_receivers_cache.clear()

    @pytest.fixture
    def make(self):
        """Return what makes the model, as a class statement of the program does."""

        def make(name="Later", app_label="testapp"):
            meta = type("Meta", (), {"app_label": app_label})
            made = type(name, (models.Model,), {"__module__": HERE, "Meta": meta})
            self.line_of_class = sys._getframe().f_lineno - 1
            return made

        with isolate_apps("tests.testapp", "django.contrib.auth"):
            yield make

    def places(self, model):
        return [
            (each.receiver_name.removeprefix(f"{HERE}."), each.connected_at)
            for each in connections(post_save, model)
            if each.receiver_name.startswith(HERE)
        ]

    def test_are_those_of_the_call(self, make):
        """Not that of the class statement, which only let them go on."""
        listener = Listener()
        hear = listener.hear
        post_save.connect(first, sender="testapp.Later")
        post_save.connect(second, "testapp.lATER", dispatch_uid="uid")
        post_save.connect(hear, sender="testapp.Later")
        at = sys._getframe().f_lineno - 3
        assert self.places(make()) == [
            ("first", Location(__file__, at)),
            ("second", Location(__file__, at + 1)),
            ("Listener.hear", Location(__file__, at + 2)),
        ]
        assert registry_log.connect_log._waiting._noted == {}

    def test_where_the_model_is_there_already(self, make):
        """It does not wait, and nothing is left of it."""
        model = make()
        post_save.connect(first, sender="testapp.Later")
        at = sys._getframe().f_lineno - 1
        assert self.places(model) == [("first", Location(__file__, at))]
        assert registry_log.connect_log._waiting._noted == {}

    def test_a_connection_to_the_class_is_not_taken_for_it(self, make):
        """One made while the model is, before it is ready, has its own place."""
        at = []

        class Early(models.Field):
            def contribute_to_class(self, cls, name, **kwargs):
                super().contribute_to_class(cls, name, **kwargs)
                post_save.connect(first, sender=cls)
                at.append(sys._getframe().f_lineno - 1)

        post_save.connect(first, sender="testapp.Eager")

        class Eager(models.Model):  # noqa: DJ008 - never printed
            name = Early()

            class Meta:
                app_label = "testapp"

        assert self.places(Eager) == [("first", Location(__file__, at[0]))]

    def test_a_receiver_that_connects_when_the_model_is_there(self, make):
        """What the program does then has a place of the program's own."""
        at = []

        def operation(model):
            post_save.connect(first, sender=model)
            at.append(sys._getframe().f_lineno - 1)

        Options.default_apps.lazy_model_operation(operation, ("testapp", "later"))
        assert self.places(make()) == [("first", Location(__file__, at[0]))]

    def test_of_two_that_wait_alike_none_is_known(self, make):
        """Django takes the first; which one that is cannot be seen here."""
        post_save.connect(first, sender="testapp.Later")
        post_save.connect(first, sender="testapp.Later")
        assert self.places(make()) == [("first", None)]

    def test_what_was_not_heard_is_not_known(self, make):
        """Not installed then; or installed again, with other calls in between."""
        post_save.connect(second, sender="testapp.Later")
        signalscope.uninstall()
        post_save.connect(first, sender="testapp.Later")
        signalscope.install()
        assert self.places(make()) == [("second", None), ("first", None)]

    def test_another_registry_of_models_has_models_of_its_own(self, make):
        """A migration's, say; what waits there goes with it."""

        def local(**_):
            pass

        noted = registry_log.connect_log._waiting._noted
        make()
        other = Apps()
        post_save.connect(local, sender="testapp.Later", apps=other)
        assert [place is not None for *_, place in noted.values()] == [True]
        del local, other
        # While another thread's collection is under way, one collects nothing.
        assert any(gc.collect() is not None and noted == {} for _ in range(100))

    @pytest.mark.parametrize("uid", [["no plain", "uid"], None])
    def test_odd_calls_fail_as_without_us(self, make, uid):
        """A name that is no label; a uid that cannot be a key."""
        with pytest.raises(ValueError, match=r"valid string|must be of the form"):
            post_save.connect(first, sender="Later", dispatch_uid=uid)
        post_save.connect(first, sender="testapp.Later", dispatch_uid=uid)
        assert len(self.places(make())) == 1


class TestMissed:
    """Which receivers a dispatch did not call."""

    @pytest.fixture(autouse=True)
    def _log(self, log, clock):
        self.log, self.clock = log, clock

    def missed(self, signal, sender, started):
        facts = signal_facts(signal), sender_facts(sender)
        return [
            (name.removeprefix(f"{HERE}.").rpartition("<locals>.")[2], reason)
            for name, reason in missed(*facts, started)
        ]

    def test_receivers_of_other_senders(self):
        """In their order; those that the dispatch calls are left out."""
        connect(changed, second, Tag)
        connect(changed, later, Note)
        connect(changed, first, User)
        connect(changed, wrapped)
        assert self.missed(changed, Note, 150) == [
            ("second", "other-sender"),
            ("first", "other-sender"),
        ]
        assert self.missed(changed, None, 150) == [
            ("second", "other-sender"),
            ("later", "other-sender"),
            ("first", "other-sender"),
        ]

    def test_one_that_is_connected_for_this_sender_too_was_called(self):
        """And one that was missed twice is named once."""
        connect(changed, first, Tag)
        connect(changed, first, Note)
        connect(changed, second, Tag)
        connect(changed, second, User)
        assert self.missed(changed, Note, 150) == [("second", "other-sender")]

    def test_what_was_connected_after_it_began_is_left_out(self):
        """It could not have been called."""
        self.clock.now = 200
        connect(changed, first, Tag)
        assert self.missed(changed, Note, 150) == []
        assert self.missed(changed, Note, 200) == [("first", "other-sender")]
        self.clock.now = 300
        disconnect(changed, first, Tag)
        assert self.missed(changed, Note, 150) == []
        assert self.missed(changed, Note, 200) == [("first", "other-sender")]

    def test_what_was_connected_before_the_log_began_to_hear_is_known(self):
        """Nobody was heard to connect it since; whether the log hears still or no more."""
        sold.connect(first, sender=Tag)
        self.log.stop(110)
        self.log.start(120)
        changed.connect(first, sender=Tag)  # unseen, as if it were older
        assert self.missed(changed, Note, 150) == [("first", "other-sender")]
        assert self.missed(changed, Note, 115) == []
        self.log.start(170)
        assert self.missed(changed, Note, 150) == [("first", "other-sender")]
        self.log.stop(180)
        assert self.missed(changed, Note, 150) == [("first", "other-sender")]
        assert self.missed(changed, Note, 115) == []

    def test_what_came_while_the_log_did_not_hear_is_left_out(self):
        """When it came is not known."""
        self.log.stop(180)
        changed.connect(first, sender=Tag)
        assert self.missed(changed, Note, 150) == []
        self.log.start(200)
        assert self.missed(changed, Note, 150) == []
        assert self.missed(changed, Note, 210) == [("first", "other-sender")]

    def test_what_was_disconnected_since_was_connected_then(self):
        """Be it older than the log or not."""
        changed.connect(first, sender=Tag)
        connect(changed, second, Tag)
        connect(changed, later, Note)
        self.clock.now = 200
        for receiver, sender in ((first, Tag), (second, Tag), (later, Note)):
            assert disconnect(changed, receiver, sender)
        assert sorted(self.missed(changed, Note, 150)) == [
            ("first", "other-sender"),
            ("second", "other-sender"),
        ]
        assert self.missed(changed, Note, 250) == []

    def test_a_disconnect_before_the_log_was_started_ends_nothing(self, monkeypatch):
        """Nor does one of a receiver that is older, when it does not hear."""
        self.log.stop(120)
        changed.connect(first, sender=Tag)
        self.clock.now = 200
        assert disconnect(changed, first, Tag)
        assert self.missed(changed, Note, 110) == []
        assert self.missed(changed, Note, 150) == []

    def test_what_was_disconnected_since_and_was_called(self):
        """For this sender or for any: it is left out, for other senders too."""
        for sender in (Note, None, Tag):
            connect(changed, first, sender)
        connect(changed, second, Tag)
        self.clock.now = 200
        for sender in (Note, None):
            assert disconnect(changed, first, sender)
        assert self.missed(changed, Note, 150) == [("second", "other-sender")]
        assert self.missed(changed, Note, 250) == [
            ("first", "other-sender"),
            ("second", "other-sender"),
        ]

    def test_what_was_for_a_sender_that_is_gone(self):
        """It was another than one that lives; of two that are gone, nothing can be said."""

        class Sender:
            pass

        class Other:
            pass

        gone = sender_facts(Sender)
        connect(changed, first, Other)
        self.clock.now = 200
        assert disconnect(changed, first, Other)
        del Sender, Other
        gc.collect()
        assert self.missed(changed, Note, 150) == [("first", "other-sender")]
        assert missed(signal_facts(changed), gone, 150) == []
        assert self.missed(changed, SHOP, 150) == [("first", "other-sender")]

    def test_a_signal_that_is_gone(self):
        """What the log knows of it goes when its last record does."""
        signal = Signal()
        facts = signal_facts(signal)

        def local(**_):
            pass

        connect(signal, local, Tag)
        self.clock.now = 200
        disconnect(signal, local, Tag)
        connect(signal, local, User)
        del local
        gc.collect()
        del signal
        gc.collect()
        assert facts.ref() is None
        self.log.stop(210)
        self.log.start(220)
        found = missed(facts, sender_facts(Note), 150)
        assert [reason for _, reason in found] == ["other-sender"]

    def test_by_uid_too(self):
        """The receiver is not named then."""
        changed.connect(first, sender=Tag, dispatch_uid="uid")
        self.clock.now = 200
        assert disconnect(changed, None, Tag, dispatch_uid="uid")
        assert self.missed(changed, Note, 150) == [("first", "other-sender")]

    def test_a_disconnect_that_finds_nothing_says_nothing(self):
        """It did not end what is connected for another sender."""
        connect(changed, first, Tag)
        self.clock.now = 200
        assert not disconnect(changed, first, Note)
        assert self.missed(changed, Note, 250) == [("first", "other-sender")]

    @pytest.mark.parametrize("cleared", [False, True])
    def test_what_had_died(self, cleared):
        """One that nothing else held; the reason is told only where the sender would fit."""

        def local(**_):
            pass

        def other(**_):
            pass

        connect(changed, local, Note)
        connect(changed, other, Tag)
        self.clock.now = 200
        del local, other
        gc.collect()
        if cleared:
            changed.send(None)
            assert changed.receivers == []
        assert self.missed(changed, Note, 250) == [("local", "dead")]
        assert self.missed(changed, Note, 150) == [("other", "other-sender")]

    def test_one_of_the_same_name_that_lives_was_called(self):
        """A function that makes its receiver anew each time leaves a row of dead behind."""

        def make():
            def local(**_):
                pass

            connect(changed, local)
            return local

        make()
        gc.collect()
        assert self.missed(changed, Note, 250) == [("local", "dead")]
        kept = make()
        assert self.missed(changed, Note, 250) == []
        assert kept is not None

    def test_a_look_at_the_registry_between_hook_and_connect(self):
        """As by another thread: the connection counts from when it is seen."""

        def local(**_):
            pass

        self.log.connected(changed, local, None, True, None, None, 110)
        assert connections(changed) == []
        changed.connect(local)
        assert len(connections(changed)) == 1
        del local
        gc.collect()
        assert self.missed(changed, Note, 250) == [("local", "dead")]

    def test_a_strong_receiver_that_went_did_not_die(self):
        """Somebody emptied the list of receivers."""

        def local(**_):
            pass

        connect(changed, local, weak=False)
        changed.receivers = []
        del local
        gc.collect()
        assert self.missed(changed, Note, 250) == []

    def test_what_was_taken_out_by_other_hands_did_not_die(self):
        """It was seen to be gone while it lived."""

        def local(**_):
            pass

        connect(changed, local)
        assert len(connections(changed)) == 1
        changed.receivers = []
        assert connections(changed) == []
        del local
        gc.collect()
        assert self.missed(changed, Note, 250) == []

    def test_a_death_while_the_log_did_not_hear_is_left_out(self):
        """It may have been disconnected first."""

        def local(**_):
            pass

        connect(changed, local)
        self.log.stop(150)
        self.clock.now = 200
        changed.disconnect(local)
        del local
        gc.collect()
        self.log.start(220)
        assert self.missed(changed, Note, 250) == []

    def test_senders_are_told_apart_by_identity(self):
        """Where that cannot be had for one that is gone, nothing is said."""

        class Sender:
            pass

        facts = sender_facts(Sender)
        connect(changed, first, Tag)
        connect(changed, second, SHOP)
        assert self.missed(changed, SHOP, 150) == [("first", "other-sender")]
        assert self.missed(changed, None, 150) == [
            ("first", "other-sender"),
            ("second", "other-sender"),
        ]
        del Sender
        gc.collect()
        assert facts.ref() is None
        assert missed(signal_facts(changed), facts, 150) == [(f"{HERE}.first", "other-sender")]

    def test_a_log_that_was_never_started_knows_of_nothing_older(self, monkeypatch):
        """It cannot tell when that came."""
        use_log(monkeypatch, ConnectLog(self.clock))
        changed.connect(first, sender=Tag)
        assert self.missed(changed, Note, 150) == []

    def test_saved_records_have_no_registry(self):
        """Nothing is connected in a file."""

        class Saved:
            name = "x"

        assert missed(Saved(), Saved(), 150) == []

    def test_odd_registries_do_no_harm(self):
        """Items of another shape are passed over."""
        connect(changed, first, Tag)
        changed.receivers += [None, ("x",)]
        self.log.stop(200)
        self.log.start(210)
        assert self.missed(changed, Note, 150) == [("first", "other-sender")]


class TestBypassed:
    def test_names_of_what_a_bulk_operation_skips(self):
        """For this model and for any, each once, in the order of sending."""
        log = ConnectLog()
        for signal, receiver, sender in (
            (post_save, first, None),
            (pre_save, second, Note),
            (post_save, second, Note),
            (post_save, later, Tag),
            (post_delete, wrapped, Note),
        ):
            signal.connect(receiver, sender=sender)
        for operation in ("bulk_create", "bulk_update", "update"):
            found = [name for name in log.bypassed_receivers(Note, operation) if HERE in name]
            assert found == [f"{HERE}.second", f"{HERE}.first"]
        assert f"{HERE}.wrapped" in log.bypassed_receivers(Note, "_raw_delete")
        assert log.bypassed_receivers(Note, "something else") == ()


class TestWhyItRuns:
    @pytest.mark.parametrize(
        "wanted",
        [pytest.param(first, id="function"), "first", f"{HERE}.first", "test_registry.first"],
    )
    def test_connected(self, log, wanted):
        """The answer names signal, sender and place, and reads as a sentence."""
        line = connect(changed, first, Note)
        answer = why(wanted, changed, Note)
        assert answer.runs is True
        assert ids(answer) == ["connected"]
        assert answer.receiver_name == f"{HERE}.first"
        assert [each.sender_name for each in answer.connections] == ["testapp.Note"]
        assert str(answer) == (
            f"{HERE}.first runs when changed is sent by testapp.Note:\n"
            f"- It is connected to changed for testapp.Note, at {__file__}:{line}."
        )

    def test_reasons_are_sentences_with_an_id(self):
        """They can be printed, joined and compared as text."""
        changed.connect(first)
        reason = why(first).reasons[0]
        assert reason == "It is connected to changed for any sender."
        assert reason.id == "connected"

    def test_without_a_signal_or_sender_any_will_do(self):
        """Each connection is a reason, ordered by signal."""
        sold.connect(first, sender=Tag)
        changed.connect(first, sender=Note)
        answer = why(first)
        assert answer.runs
        assert ids(answer) == ["connected", "connected"]
        assert "changed" in answer.reasons[0]
        assert str(answer).startswith(f"{HERE}.first runs:\n")

    def test_for_any_sender(self):
        """Also for one that is unknown, which is said."""
        changed.connect(first)
        assert why(first, sender=Note).runs
        answer = why(first, changed, "testapp.Nte")
        assert answer.runs
        assert ids(answer) == ["sender-unknown", "connected"]
        assert "Did you mean testapp.Note" in answer.reasons[0]

    def test_a_sender_by_a_short_name(self, log):
        """It is the one model, though the log, the registry and Django each know of it."""
        connect(changed, first, Permission)
        answer = why(first, changed, "Permission")
        assert answer.question == "when changed is sent by auth.Permission"

    def test_names_of_senders_that_are_no_models(self):
        """By their dotted path, in a loaded module."""
        changed.connect(first, sender=Holder)
        assert why(first, changed, f"{HERE}.Holder").runs
        assert ids(why(first, changed, f"{HERE}.Listener")) == ["other-sender"]
        sold.connect(first, sender=SHOP)
        assert why(first, sold, f"{HERE}.SHOP").runs
        Holder.moved.connect(first, sender=one)
        assert why(first, Holder.moved, f"{HERE}.one").runs
        assert ids(why(first, Holder.moved, f"{HERE}.other")) == ["other-sender"]

    @pytest.mark.parametrize(
        "wanted",
        [
            pytest.param(wrapped, id="outer"),
            pytest.param(wrapped.__wrapped__, id="inner"),
            pytest.param("wrapped", id="name"),
        ],
    )
    def test_a_decorated_function(self, wanted):
        """Whoever calls the decorated calls the inner one."""
        changed.connect(wrapped)
        assert why(wanted, changed).runs
        assert ids(why(wanted, changed)) == ["connected"]

    @pytest.mark.parametrize("wanted", [pytest.param(first, id="function"), "first"])
    def test_a_partial(self, wanted):
        """It calls its function; held weakly, it may be short-lived."""
        partial = functools.partial(first)
        changed.connect(partial)
        assert ids(why(wanted, changed)) == ["connected", "short-lived"]
        assert "the partial" in why(wanted, changed).reasons[1]

    def test_a_method(self):
        """Of this instance, or the function of the class for whichever instance."""
        listener = Listener()
        changed.connect(listener.hear)
        assert ids(why(listener.hear, changed)) == ["connected", "short-lived"]
        assert why(Listener.hear, changed).runs
        changed.connect(listener.hear, weak=False, dispatch_uid="strong")
        changed.disconnect(listener.hear)
        assert ids(why(listener.hear, changed)) == ["connected"]
        sold.connect(Listener.overhear)
        assert ids(why(Listener.overhear, sold)) == ["connected"]

    def test_local_functions_and_lambdas_that_are_held_weakly(self):
        """They live only as long as somebody holds them."""
        local = lambda **_: None  # noqa: E731 - the case under test
        changed.connect(local)
        assert ids(why(local, changed)) == ["connected", "short-lived"]
        sold.connect(local, weak=False)
        assert ids(why(local, sold)) == ["connected"]

    def test_wired_more_than_once_for_one_send(self):
        """By two uids, or for any sender and one; not for two senders."""
        changed.connect(first, dispatch_uid="one")
        changed.connect(first, dispatch_uid="two", sender=Note)
        answer = why(first, changed)
        assert ids(answer) == ["connected", "connected", "several"]
        assert "2 times" in answer.reasons[-1]
        sold.connect(first, sender=Note)
        sold.connect(first, sender=Tag)
        assert "several" not in ids(why(first, sold))

    def test_muted(self, log):
        """In this context: connected, and silent all the same."""
        changed.connect(first)
        sold.connect(first)
        with signalscope.muted(changed):
            answer = why(first, changed)
            assert answer.runs is False
            assert ids(answer) == ["connected", "muted"]
            assert why(first).runs is True

    def test_a_name_that_stands_for_another_object_by_now(self):
        """Mocking a connected function has no effect on the signal."""
        changed.connect(first)
        with mock.patch(f"{HERE}.first"):
            answer = why("first", changed)
        assert answer.runs
        assert ids(answer) == ["connected", "replaced"]

    def test_connected_before_it_was_decorated(self):
        """The decorated one does not run; the name runs, without its decorator."""
        changed.connect(undecorated)
        answer = why(bare, changed)
        assert answer.runs is False
        assert ids(answer) == ["undecorated"]
        answer = why("bare", changed)
        assert answer.runs is True
        assert ids(answer) == ["connected", "undecorated"]


class TestWhyItDoesNotRun:
    def test_other_sender(self, log):
        """Which, and where that was connected."""
        line = connect(changed, first, Note)
        answer = why(first, changed, Tag)
        assert answer.runs is False
        assert ids(answer) == ["other-sender"]
        assert answer.reasons[0] == (
            "It is connected to changed for testapp.Note, not for testapp.Tag, "
            f"at {__file__}:{line}. Connect it for testapp.Tag as well, or for any sender."
        )

    def test_other_signal(self):
        """Which."""
        changed.connect(first, sender=Note)
        answer = why("first", "test_registry.sold", Note)
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
        assert ids(why("test_registry.first")) == ["not-connected"]
        assert ids(why("first")) == ["not-connected"]
        assert ids(why(f"{HERE}.Listener.hear")) == ["not-connected"]
        assert str(answer).startswith(f"{HERE}.first does not run:\n- ")

    def test_unknown(self):
        """The nearest names that are connected."""
        changed.connect(first)
        answer = why("test_registry.frist", changed)
        assert ids(answer) == ["receiver-unknown"]
        assert f"{HERE}.first" in answer.reasons[0]
        assert answer.receiver_name == "test_registry.frist"

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
        assert f"for testapp.Note, at {__file__}:{line}, weakly" in answer.reasons[0]
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
        assert f"{__file__}:{first.__code__.co_firstlineno}" in answer.reasons[0]

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
