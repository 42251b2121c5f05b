"""Where receivers were connected, also those that wait for their sender."""

from __future__ import annotations

import contextlib
import gc
import sys
import sysconfig
import weakref

import pytest
from django.apps.registry import Apps
from django.db import models
from django.db.models.options import Options
from django.db.models.signals import ModelSignal, post_save
from django.dispatch import Signal
from django.test.utils import isolate_apps

import signalscope
from signalscope import patching
from signalscope.naming import sender_facts, signal_facts
from signalscope.patching import hooking
from signalscope.places import Location
from signalscope.registry import ConnectLog, connections, why
from signalscope.registry import log as registry_log
from tests.testapp.models import Note
from tests.unit.registry.wired import (
    HERE,
    Listener,
    changed,
    connect,
    disconnect,
    first,
    later,
    second,
    sold,
    use_log,
)


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
        assert why(f"{__name__}.TestPlaces", changed).reasons[0].id == "not-connected"

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
