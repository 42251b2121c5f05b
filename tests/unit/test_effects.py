"""Mails and tasks that a recording knows of; and sending them stays as it is without us."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import subprocess
import sys
import threading
import traceback
import types
import warnings
import weakref

import django
import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connections, transaction
from django.dispatch import Signal

import signalscope
from signalscope import effects, patching
from signalscope.context import sending
from signalscope.patching import originals
from tests.unit.programs import connections as connecting

try:
    from celery import Celery
except ImportError:
    Celery = None
if django.VERSION >= (6, 0):
    from django.tasks import task
    from django.tasks.base import Task
else:
    task, Task = None, None

needs_tasks = pytest.mark.skipif(task is None, reason="Django has tasks from 6.0 on")
needs_celery = pytest.mark.skipif(Celery is None, reason="Celery is not installed")

noted = Signal()
followed = Signal()


class Broken(BaseEmailBackend):
    """Has no server."""

    def send_messages(self, messages):
        """Fail."""
        raise KeyError("no server")


@pytest.fixture(autouse=True)
def queues(settings):
    """Queues for tests."""
    settings.TASKS = {"default": {"BACKEND": "django.tasks.backends.dummy.DummyBackend"}}
    if django.VERSION >= (6, 1):
        settings.MAILERS = {
            "default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"},
            "broken": {"BACKEND": f"{__name__}.Broken"},
        }


@pytest.fixture
def connect():
    """Connect receivers for one test."""
    with connecting() as connect:
        yield connect


def message(to="reader@example.org", **more):
    """Return a message."""
    return mail.EmailMessage("hello", "text", None, [to] if to else [], **more)


def send_broken():
    """Send where there is no server."""
    if django.VERSION >= (6, 1):
        return message().send(using="broken")
    return message(connection=Broken()).send()


def bill(number):
    """Be run by a worker."""


if task is not None:
    bill = task(bill)


def shop(*, eager=False):
    """Return a task of a Celery that nobody listens to."""
    app = Celery("shop", broker="memory://", set_as_current=False)
    app.conf.task_always_eager = eager
    return app.task(name="shop.bill")(lambda number: number + 1)


def effects_of(recording):
    """Return what is saved of them."""
    return recording.to_dict()["effects"]


def plainly(program):
    return program()


def idly(program):
    signalscope.install()
    try:
        with signalscope.record():
            pass  # from here on they are hooked
        return program()
    finally:
        signalscope.uninstall()


def recorded(program):
    with signalscope.record():
        return program()


class OwnMessage(mail.EmailMessage):
    """Send in a way of its own."""

    def send(self, *args, **kwargs):
        return super().send(*args, **kwargs) + 41


def outcome(work):
    """Return what comes of it: a result or an error, with the lines that it went through."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - it is what is compared
            frames = [
                (frame.filename, frame.name, frame.lineno)
                for frame in traceback.extract_tb(error.__traceback__)
            ]
            result = type(error), str(error), frames, repr(error.__context__)
    return result, [(str(each.message), each.filename, each.lineno) for each in caught]


def status(result):
    """Return what the result of a task tells of it."""
    return type(result), getattr(result, "status", None), getattr(result, "args", None)


def sent_twice():
    """Send two at once."""
    return mail.send_mass_mail([("a", "b", None, ["reader@example.org"])] * 2)


SENT = {
    "message": lambda: message().send(),
    "nobody": lambda: message(to=None).send(),
    "silently": lambda: message().send(fail_silently=True),
    "subclass": lambda: OwnMessage("a", "b", None, ["reader@example.org"]).send(),
    "send_mail": lambda: mail.send_mail("a", "b", None, ["reader@example.org"]),
    "send_mass_mail": sent_twice,
    "broken": send_broken,
    "wrong argument": lambda: message().send(nonsense=1),
}
ENQUEUED = {
    "enqueue": lambda: status(bill.enqueue(1)),
    "aenqueue": lambda: status(asyncio.run(bill.aenqueue(1))),
    "not JSON": lambda: bill.enqueue(object()),
}
PUBLISHED = {
    "delay": lambda: shop().delay(1).status,
    "eager": lambda: shop(eager=True).delay(1).get(disable_sync_subtasks=False),
    "not serializable": lambda: str(shop().delay(object()))[:0],
    "wrong arguments": lambda: shop().delay(),
}
PROGRAMS = [
    *(pytest.param(work, id=name) for name, work in SENT.items()),
    *(pytest.param(work, id=name, marks=needs_tasks) for name, work in ENQUEUED.items()),
    *(pytest.param(work, id=name, marks=needs_celery) for name, work in PUBLISHED.items()),
]


@pytest.mark.parametrize("observed", [idly, recorded])
@pytest.mark.parametrize("work", PROGRAMS)
def test_same_outcome(work, observed):
    """The result, or the error and its traceback, and whom a warning blames."""

    def program():
        return outcome(work)

    plainly(program)  # what Python and Celery make at the first time only
    assert observed(program) == plainly(program)


def functions():
    """Return what is hooked to hear of mails and tasks."""
    found = [mail.EmailMessage.send, mail.send_mass_mail]
    if Task is not None:
        found += [Task.enqueue, Task.aenqueue]
    if Celery is not None:
        from celery.app.task import Task as CeleryTask

        found += [Celery.send_task, CeleryTask.apply_async]
    return [getattr(each, "__wrapped__", each) for each in found]


def test_uninstalling_gives_the_code_back():
    """To the very functions, which stay the objects that they are."""
    before = [(each, each.__code__) for each in functions()]
    signalscope.install()
    with signalscope.record():
        assert all(function.__code__ is not code for function, code in before)
    signalscope.uninstall()
    assert functions() == [function for function, _ in before]
    assert all(function.__code__ is code for function, code in before)


def test_nothing_is_added_to_the_modules():
    """Not a name."""
    before = set(vars(mail)), set(vars(mail.message))
    with signalscope.record():
        assert (set(vars(mail)), set(vars(mail.message))) == before


def test_without_a_recording_nothing_is_looked_at(monkeypatch):
    """Not even whether a transaction is open."""
    looks = []
    looked_at = types.SimpleNamespace(all=lambda **_: looks.append(1) or [])
    monkeypatch.setattr(patching.recorder, "connections", looked_at)
    patching.hold(records=True)
    patching.recorder.active.append("somebody")
    try:
        assert message().send() == 1
        assert sending.get() is None
    finally:
        patching.recorder.active.remove("somebody")
        signalscope.uninstall()
    assert not looks


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_fault_of_ours_is_kept_from_the_program(monkeypatch, where):
    """The mail is sent all the same."""
    if where == "before":
        monkeypatch.setattr(patching.recorder, "connections", None)
    else:
        monkeypatch.setattr(effects, "place_of", None)
    with signalscope.record() as recording:
        assert message().send() == 1
    assert effects_of(recording) == []


def test_it_keeps_nothing_alive():
    """Neither the message nor its text."""
    mine = message()
    with signalscope.record() as recording:
        mine.send()
        gone = weakref.ref(mine)
        mail.outbox.clear()
        del mine
        assert gone() is None
    (effect,) = effects_of(recording)
    assert effect == {
        "kind": "mail",
        "name": "django.core.mail.message.EmailMessage",
        "location": effect["location"],
        "parent": None,
        "deferred": False,
        "before_commit": False,
    }
    assert effect["location"][0] == __file__


def test_no_connection_is_made_for_it():
    """To look whether a transaction is open."""
    found = []

    def work():
        with signalscope.record():
            message().send()
        found.append(list(connections.all(initialized_only=True)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [[]]


def test_they_are_bounded(settings):
    """What finds no room is counted."""
    settings.SIGNALSCOPE = {"MAX_RECORDS": 3}
    with signalscope.record() as recording:
        for _ in range(5):
            message().send()
    assert len(effects_of(recording)) == 3
    assert recording.dropped == 2


def test_each_recording_hangs_it_under_what_it_has(connect):
    """One that leaves the receiver out has the one around it."""
    connect(noted, lambda **_: followed.send(sender=None))
    connect(followed, lambda **_: message().send())
    with signalscope.record() as recording, signalscope.record(noted) as narrow:
        noted.send(sender=None)
    assert [each["parent"] for each in effects_of(recording)] == [[1, 0]]
    assert [each["parent"] for each in effects_of(narrow)] == [[0, 0]]


@pytest.mark.django_db(transaction=True)
def test_a_saved_recording_finds_the_same(connect):
    """Also one whose findings were not saved; and one from before has none."""
    connect(noted, lambda **_: message().send())
    with signalscope.record() as recording, transaction.atomic():
        noted.send(sender=None)
    saved = recording.to_dict()
    assert [each.id for each in recording.findings] == ["W107"]
    assert signalscope.Recording.from_dict(saved).to_dict() == saved
    del saved["findings"]
    assert signalscope.Recording.from_dict(saved).findings == recording.findings
    del saved["effects"]
    assert signalscope.Recording.from_dict(saved).findings == []


class Remembering(BaseEmailBackend):
    """Remembers the context in which it sent, as a thread does that it starts."""

    contexts = []

    def send_messages(self, messages):
        """Send nothing."""
        self.contexts.append(contextvars.copy_context())
        return len(messages)


def test_what_goes_on_after_it_was_sent(settings):
    """What a thread sends that the first one started is no part of that."""
    if django.VERSION >= (6, 1):
        settings.MAILERS = {"default": {"BACKEND": f"{__name__}.Remembering"}}
    else:
        settings.EMAIL_BACKEND = f"{__name__}.Remembering"
    Remembering.contexts.clear()
    with signalscope.record() as recording:
        message().send()
        Remembering.contexts[0].run(message().send)
    assert len(effects_of(recording)) == 2


@needs_tasks
def test_asynchronous_receivers_send_at_once(connect):
    """Each is told of, under its own call."""

    async def both(**_):
        await asyncio.gather(bill.aenqueue(1), bill.aenqueue(2))

    async def one(**_):
        await bill.aenqueue(3)

    connect(noted, both)
    connect(noted, one)
    with signalscope.record() as recording:
        asyncio.run(noted.asend(sender=None))
        assert sending.get() is None
    calls = [tuple(each["parent"]) for each in effects_of(recording)]
    assert sorted(calls) == [(0, 0), (0, 0), (0, 1)]


@needs_celery
def test_celery_that_is_imported_later():
    """It is hooked when the next recording begins."""
    program = """
import django
from django.conf import settings
settings.configure()
django.setup()
import signalscope
signalscope.install()
from celery import Celery
app = Celery("shop", broker="memory://")
@app.task(name="shop.bill")
def bill(): ...
with signalscope.record() as recording:
    bill.delay()
signalscope.uninstall()
print([each["name"] for each in recording.to_dict()["effects"]])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "['shop.bill']\n"


@pytest.mark.parametrize("spec", ["done", "half loaded"])
def test_a_celery_of_another_shape(monkeypatch, caplog, spec):
    """It is left alone, and everything else is seen; one that is being loaded has to wait."""
    other = types.ModuleType("celery.app.base")
    if spec == "half loaded":
        other.__spec__ = types.SimpleNamespace(_initializing=True)
    monkeypatch.setitem(sys.modules, "celery.app.base", other)
    monkeypatch.setattr(originals, "_woven", dict(originals._woven))
    originals._woven.pop("celery.app.base", None)
    with caplog.at_level(logging.INFO, "signalscope"), signalscope.record() as recording:
        message().send()
    assert len(effects_of(recording)) == 1
    assert ("celery.app.base is not watched" in caplog.text) == (spec == "done")
