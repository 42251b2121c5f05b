"""Installing leaves the program as it is: frames, results, errors, contexts; and can be undone."""

from __future__ import annotations

import ast
import asyncio
import contextvars
import copy
import functools
import gc
import logging
import subprocess
import sys
import threading
import traceback
import warnings

import pytest
from django.dispatch import Signal, dispatcher

import signalscope
from signalscope import weaving
from signalscope.patching import originals

SENDS = ("send", "send_robust", "asend", "asend_robust")
METHODS = {name: Signal.__dict__[name] for name in SENDS}
CODES = {name: method.__code__ for name, method in METHODS.items()}


def emit(method, signal, **kwargs):
    result = getattr(signal, method)(**kwargs)
    return asyncio.run(result) if asyncio.iscoroutine(result) else result


def plainly(program):
    return program()


def idly(program):
    signalscope.install()
    try:
        return program()
    finally:
        signalscope.uninstall()


def recorded(program):
    with signalscope.record():
        return program()


@pytest.fixture(params=[idly, recorded])
def observed(request):
    """Run a program with us installed and idle, then with us recording."""
    return request.param


@pytest.mark.parametrize("method", SENDS)
@pytest.mark.parametrize("asynchronous", [False, True])
class TestSameProgram:
    """Each program is run without us, then with us; whatever it can see must be equal."""

    def test_same_frames(self, observed, method, asynchronous):
        """Receivers run at Django's own frame depth, under the same lines."""

        def stack():
            return [
                (frame.filename, frame.name, frame.lineno)
                for frame in traceback.extract_stack()
                if frame.filename != __file__ or frame.name.endswith("probe")
            ]

        def sync_probe(**_):
            return stack()

        async def async_probe(**_):
            before = stack()
            await asyncio.sleep(0)
            return [before, stack()]

        def program():
            signal = Signal()
            probe = async_probe if asynchronous else sync_probe
            signal.connect(probe)
            return [response for _, response in emit(method, signal, sender=None)]

        assert observed(program) == plainly(program)

    def test_same_lines_in_warnings(self, observed, method, asynchronous):
        """A warning that a receiver attributes to its caller names the same line."""

        def sync_warner(**_):
            warnings.warn("old", DeprecationWarning, stacklevel=2)

        async def async_warner(**_):
            warnings.warn("old", DeprecationWarning, stacklevel=2)

        def program():
            signal = Signal()
            signal.connect(async_warner if asynchronous else sync_warner)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                emit(method, signal, sender=None)
            return [(warning.filename, warning.lineno) for warning in caught]

        assert observed(program) == plainly(program) != []

    def test_same_errors(self, observed, method, asynchronous, caplog):
        """The exception, its traceback's frames, its context and the log are the same."""

        def sync_failing(**_):
            raise KeyError("gone")

        async def async_failing(**_):
            await asyncio.sleep(0)
            raise KeyError("gone")

        def described(error):
            frames = [
                (frame.filename, frame.name, frame.lineno)
                for frame in traceback.extract_tb(error.__traceback__)
                if frame.filename != __file__ or frame.name.endswith("failing")
            ]
            return type(error), error.args, frames, repr(error.__context__), error.__cause__

        def program():
            caplog.clear()
            signal = Signal()
            signal.connect(async_failing if asynchronous else sync_failing)
            try:
                outcome = [described(response) for _, response in emit(method, signal, sender=None)]
            except KeyError as error:
                outcome = described(error)
            logged = [(r.name, r.levelno, r.getMessage(), r.lineno) for r in caplog.records]
            return outcome, logged

        with caplog.at_level(logging.DEBUG):
            assert observed(program) == plainly(program)

    def test_same_results(self, observed, method, asynchronous):
        """Receivers in the responses are the very objects that were connected."""

        def sync_receiver(**_):
            return sentinel

        async def async_receiver(**_):
            return sentinel

        class Listener:
            def method(self, **_):
                return sentinel

        sentinel = object()
        listener = Listener()
        partial = functools.partial(lambda first, **_: sentinel, 1)
        receiver = async_receiver if asynchronous else sync_receiver

        def program():
            signal = Signal()
            signal.connect(receiver)
            signal.connect(listener.method)
            signal.connect(partial)
            return emit(method, signal, sender=None)

        responses = observed(program)
        assert [response for _, response in responses] == [sentinel] * 3
        assert any(found is receiver for found, _ in responses)
        assert any(found is partial for found, _ in responses)
        assert plainly(program) == responses

    def test_same_contextvars(self, observed, method, asynchronous):
        """What receivers set, see of each other and leave behind is the same, on every Django."""
        variable = contextvars.ContextVar("program's own", default=())

        def sync_setter(**_):
            variable.set((*variable.get(), "sync"))
            return variable.get()

        async def async_setter(**_):
            variable.set((*variable.get(), "async"))
            await asyncio.sleep(0)
            variable.set((*variable.get(), "later"))
            return variable.get()

        def program():
            variable.set(())
            signal = Signal()
            signal.connect(sync_setter)
            if asynchronous:
                signal.connect(async_setter)
                signal.connect(other)

            async def main():
                responses = getattr(signal, method)(sender=None)
                if asyncio.iscoroutine(responses):
                    responses = await responses
                return [response for _, response in responses], variable.get()

            if method.startswith("a"):
                return asyncio.run(main())
            responses = [response for _, response in getattr(signal, method)(sender=None)]
            return responses, variable.get()

        async def other(**kwargs):
            return await async_setter(**kwargs)

        assert contextvars.copy_context().run(observed, program) == (
            contextvars.copy_context().run(plainly, program)
        )

    def test_nothing_is_kept_alive(self, observed, method, asynchronous):
        """A weakly connected receiver dies with its last owner, in a recording too."""

        def sync_receiver(**_):
            return 1

        async def async_receiver(**_):
            return 1

        def make():
            source = async_receiver if asynchronous else sync_receiver
            return type(source)(source.__code__, source.__globals__, "mortal")

        def program():
            signal = Signal()
            receiver = make()
            signal.connect(receiver)
            before = len(emit(method, signal, sender=None))
            del receiver
            gc.collect()  # what asyncio leaves in cycles
            return before, emit(method, signal, sender=None)

        assert observed(program) == plainly(program) == (1, [])


@pytest.mark.parametrize("method", ["asend", "asend_robust"])
class TestSameTasks:
    def test_a_send_cancelled_before_it_began_warns_as_without_us(self, observed, method):
        """Coroutines that never ran are reported by Python exactly as before."""

        async def receiver(**_):
            pass

        async def main(signal):
            task = asyncio.ensure_future(getattr(signal, method)(sender=None))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        def program():
            signal = Signal()
            signal.connect(receiver)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                asyncio.run(main(signal))
            return [str(warning.message).partition("0x")[0] for warning in caught]

        assert observed(program) == plainly(program)

    def test_cleaning_up_after_a_cancellation_works(self, observed, method):
        """A receiver may go on awaiting, and sending, in its ``finally``."""
        trace = []
        inner = Signal()

        async def receiver(**_):
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                await inner.asend(sender=None)
                trace.append("cleaned")

        async def leaf(**_):
            trace.append("leaf")

        async def main(signal):
            task = asyncio.ensure_future(getattr(signal, method)(sender=None))
            for _ in range(5):
                await asyncio.sleep(0)
            task.cancel()
            (outcome,) = await asyncio.gather(task, return_exceptions=True)
            return type(outcome)

        def program():
            trace.clear()
            signal = Signal()
            signal.connect(receiver)
            inner.connect(leaf)
            return asyncio.run(main(signal)), list(trace)

        assert (
            observed(program)
            == plainly(program)
            == (
                asyncio.CancelledError,
                ["leaf", "cleaned"],
            )
        )


class TestInstalling:
    def test_an_idle_send_makes_no_cell_more(self):
        """A closure of ours would cost every send a cell, the empty ones too."""
        signalscope.install()
        try:
            # An asynchronous one, whose generator needs it, makes a coroutine anyway.
            for name in ("send", "send_robust"):
                assert METHODS[name].__code__.co_cellvars == CODES[name].co_cellvars
        finally:
            signalscope.uninstall()

    def test_the_methods_stay_the_very_objects(self):
        """Both while installed and afterwards; afterwards with the very code that they had."""
        signalscope.install()
        assert signalscope.is_installed()
        assert {name: Signal.__dict__[name] for name in SENDS} == METHODS
        assert all(METHODS[name].__code__ is not CODES[name] for name in SENDS)
        signalscope.uninstall()
        assert not signalscope.is_installed()
        assert all(Signal.__dict__[name] is METHODS[name] for name in SENDS)
        assert all(METHODS[name].__code__ is CODES[name] for name in SENDS)

    def test_installing_twice_is_undone_once(self):
        """Both calls are idempotent."""
        signalscope.install()
        signalscope.install()
        signalscope.uninstall()
        assert not signalscope.is_installed()
        signalscope.uninstall()

    def test_a_recording_installs_for_its_own_duration(self):
        """It leaves what was installed before, and takes away what it brought."""
        with signalscope.record():
            assert signalscope.is_installed()
        assert not signalscope.is_installed()
        signalscope.install()
        with signalscope.record():
            pass
        assert signalscope.is_installed()
        signalscope.uninstall()

    def test_uninstalling_under_an_open_recording(self):
        """The recording keeps what it has and sees nothing more."""
        signal = Signal()
        signal.connect(receiver)
        with signalscope.record() as recording:
            signal.send(sender="before")
            signalscope.uninstall()
            assert METHODS["send"].__code__ is CODES["send"]
            signal.send(sender="after")
        assert [dispatch.sender_name for dispatch in recording.walk()] == ["before"]

    def test_from_inside_a_receiver_and_another_thread(self):
        """A send under way finishes as it began."""
        signal = Signal()

        def uninstaller(**_):
            thread = threading.Thread(target=signalscope.uninstall)
            thread.start()
            thread.join()
            return "done"

        signal.connect(uninstaller)
        signal.connect(receiver)
        with signalscope.record() as recording:
            assert [response for _, response in signal.send(sender=None)] == ["done", None]
        assert len(recording.dispatches[0].calls) == 2

    @pytest.mark.parametrize("order", ["wrapped first", "wrapped later"])
    def test_beside_somebody_who_wraps_send(self, order, monkeypatch):
        """Their wrapper keeps working, and we see what it sends; in either order."""
        seen = []

        def wrap():
            original = Signal.send

            def send(self, sender, **named):
                seen.append(sender)
                return original(self, sender, **named)

            monkeypatch.setattr(Signal, "send", send)

        signal = Signal()
        signal.connect(receiver)
        if order == "wrapped first":
            wrap()
        signalscope.install()
        if order == "wrapped later":
            wrap()
        with signalscope.record() as recording:
            signal.send(sender="both")
        signalscope.uninstall()
        signal.send(sender="theirs")
        monkeypatch.undo()
        assert seen == ["both", "theirs"]
        assert [dispatch.sender_name for dispatch in recording.walk()] == ["both"]

    def test_somebody_who_replaced_send_for_good(self, monkeypatch):
        """Where Django's own function is out of reach, that is said, and nothing is patched."""
        monkeypatch.setattr(Signal, "send", lambda self, sender, **named: [])
        with pytest.raises(signalscope.InstallError, match=r"Signal\.send is not Django"):
            signalscope.install()
        monkeypatch.undo()
        assert not signalscope.is_installed()
        assert all(METHODS[name].__code__ is CODES[name] for name in SENDS)

    def test_a_dispatcher_of_another_shape(self, monkeypatch):
        """A source that the hooks do not fit is left alone."""
        tree, file = weaving._source_of(dispatcher)
        other = copy.deepcopy(tree)
        for node in ast.walk(other):
            if isinstance(node, ast.Attribute) and node.attr == "_live_receivers":
                node.attr = "_somebody_else"
        monkeypatch.setattr(weaving, "_source_of", lambda _: (other, file))
        monkeypatch.setattr(originals, "_woven", {})
        with pytest.raises(signalscope.InstallError, match="look up its live receivers"):
            signalscope.install()
        assert not signalscope.is_installed()

    def test_no_name_is_added_to_django(self):
        """The dispatcher's module has the names that it had."""
        before = set(vars(dispatcher))
        with signalscope.record():
            assert set(vars(dispatcher)) == before


class TestApp:
    PROGRAM = """
import sys, django
from django.conf import settings
settings.configure(INSTALLED_APPS=["signalscope"], {settings})
django.setup()
import signalscope
print(signalscope.is_installed())
"""

    @pytest.mark.parametrize(
        ("settings", "installed"),
        [
            ("DEBUG=True", True),
            ("DEBUG=False", False),
            ("DEBUG=False, SIGNALSCOPE={'ENABLED': True}", True),
            ("DEBUG=True, SIGNALSCOPE={'ENABLED': False}", False),
            ("DEBUG=True, SIGNALSCOPE={'ENABELD': False}", False),
        ],
    )
    def test_the_app_installs_where_it_is_enabled(self, settings, installed):
        """By default where DEBUG is on; never with settings that are wrong."""
        program = self.PROGRAM.format(settings=settings)
        result = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        assert result.stdout == f"{installed}\n"


def receiver(**_):
    """Do nothing."""
