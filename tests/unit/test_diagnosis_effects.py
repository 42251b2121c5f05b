"""W107, and W102 for mails and tasks: programs that send too early, and near misses."""

from __future__ import annotations

import logging
import threading

import django
import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete
from django.utils.log import AdminEmailHandler

import signalscope
from tests.testapp.models import Note, Tag
from tests.unit.programs import broken, found_in, fresh

try:
    from celery import Celery
except ImportError:
    Celery = None
if django.VERSION >= (6, 0):
    from django.tasks import task
    from django.tasks.backends.dummy import DummyBackend
else:
    task, DummyBackend = None, object

HAS_MAILERS = django.VERSION >= (6, 1)

pytestmark = pytest.mark.django_db(transaction=True)


class StoringMail(BaseEmailBackend):
    """Keeps mails as rows, as a queue in the database does."""

    def send_messages(self, messages):
        """Store them."""
        for message in messages:
            Tag.objects.create(name=message.subject)
        return len(messages)


class StoringTasks(DummyBackend):
    """Keeps tasks as rows."""

    def enqueue(self, task, args, kwargs):
        """Store it."""
        Tag.objects.create(name=task.name)
        return super().enqueue(task, args, kwargs)


class ReadingTasks(DummyBackend):
    """Looks something up before it sends."""

    def enqueue(self, task, args, kwargs):
        """Look, and send."""
        Tag.objects.count()
        return super().enqueue(task, args, kwargs)


class LostMail(BaseEmailBackend):
    """Has no server."""

    def send_messages(self, messages):
        """Fail."""
        raise ValueError("broken")


@pytest.fixture(autouse=True)
def queues(settings):
    """Queues that send, store, or run at once."""
    address = "admin@example.org"
    settings.ADMINS = [address if django.VERSION >= (6, 0) else ("Admin", address)]
    if HAS_MAILERS:
        settings.MAILERS = {
            "default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"},
            "StoringMail": {"BACKEND": f"{__name__}.StoringMail"},
            "LostMail": {"BACKEND": f"{__name__}.LostMail"},
        }
    settings.TASKS = {
        "default": {"BACKEND": "django.tasks.backends.dummy.DummyBackend"},
        "immediate": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"},
        "storing": {"BACKEND": f"{__name__}.StoringTasks"},
        "reading": {"BACKEND": f"{__name__}.ReadingTasks"},
    }


# --- What is sent ---------------------------------------------------------------------------------


def post():
    """Send a mail."""
    mail.send_mail("hello", "text", None, ["reader@example.org"])


def message(to=("reader@example.org",), **more):
    """Return a message."""
    return mail.EmailMessage("hello", "text", None, list(to), **more)


def by(backend):
    """Send a mail by this backend of ours."""
    if HAS_MAILERS:
        message().send(using=backend.__name__)
    else:
        message(connection=backend()).send()


def bill():
    """Be run by a worker."""


def bill_by_mail():
    """Be run by a worker, and send a mail."""
    post()


if task is not None:
    bill, bill_by_mail = task(bill), task(bill_by_mail)


def enqueue(task=bill, backend="default"):
    """Enqueue a task of Django's."""
    return task.using(backend=backend).enqueue()


def shop(*, eager=False):
    """Return a task of a Celery that nobody listens to."""
    app = Celery("shop", broker="memory://", set_as_current=False)
    app.conf.task_always_eager = eager

    @app.task(name="shop.bill")
    def bill():
        post()

    return bill


needs_tasks = pytest.mark.skipif(task is None, reason="Django has tasks from 6.0 on")
needs_celery = pytest.mark.skipif(Celery is None, reason="Celery is not installed")


def cases(plain, tasks, of_celery):
    """Return programs as parameters, with what they need."""
    return [
        *(pytest.param(program, id=name) for name, program in plain.items()),
        *(pytest.param(program, id=name, marks=needs_tasks) for name, program in tasks.items()),
        *(
            pytest.param(program, id=name, marks=needs_celery)
            for name, program in of_celery.items()
        ),
    ]


# --- And when -------------------------------------------------------------------------------------


def in_transaction(work):
    """Return a program whose receiver does `work` while a transaction is open."""

    def program(connect):
        with transaction.atomic():
            fresh(lambda **_: work(), connect=connect).send(sender=None)

    return program


def in_autocommit(work):
    """Return a program whose receiver does `work` while none is."""
    return lambda connect: fresh(lambda **_: work(), connect=connect).send(sender=None)


def on_commit(work, *, robust=False):
    """Return what leaves `work` for the commit."""
    return lambda: transaction.on_commit(work, robust=robust)


def atomically(work):
    """Do it in a transaction of its own."""
    with transaction.atomic():
        work()


def beside(work):
    """Do it in another thread, which has a connection of its own."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def logged(**_):
    """Log an error, of which the administrators get a mail."""
    logger = logging.getLogger("shop")
    handler = AdminEmailHandler()
    logger.addHandler(handler)
    try:
        logger.error("no stock")
    finally:
        logger.removeHandler(handler)


def chained():
    """Send two tasks, of which only the first is under way."""
    (shop().si() | shop().si()).delay()


def on_model(signal, work, then, action=None):
    """Return a program that does `then` to a note and a tag, with a receiver that does `work`."""

    def program(connect):
        note, tag = Note.objects.create(title="n"), Tag.objects.create(name="t")
        connect(signal, lambda **sent: work() if sent.get("action") == action else None)
        then(note, tag)

    return program


def inside_another(work):
    """Return what sends a signal, whose receiver does it."""

    def outer():
        inner = fresh(connect=lambda *_: None)
        inner.connect(lambda **_: work(), weak=False)
        inner.send(sender=None)

    return outer


def after_a_mail_on_commit():
    """Send one mail when it is time, and one too early."""
    transaction.on_commit(post)
    post()


def handled():
    """Fail to send a mail, and then send it."""
    try:
        by(LostMail)
    except ValueError:
        post()


EARLY = cases(
    {
        "send_mail": in_transaction(post),
        "message": in_transaction(lambda: message().send()),
        "with alternatives": in_transaction(
            lambda: mail.EmailMultiAlternatives("a", "b", None, ["reader@example.org"]).send()
        ),
        "mail_admins": in_transaction(lambda: mail.mail_admins("a", "b")),
        "send_mass_mail": in_transaction(
            lambda: mail.send_mass_mail([("a", "b", None, ["reader@example.org"])] * 3)
        ),
        "inside another receiver": in_transaction(inside_another(post)),
        "in a block within": in_transaction(lambda: atomically(post)),
        "in a transaction of its own": in_autocommit(lambda: atomically(post)),
        "after on_commit": in_transaction(after_a_mail_on_commit),
        "after an error": in_transaction(handled),
        "after a delete": on_model(post_delete, post, lambda note, _: note.delete()),
        "before a delete": on_model(pre_delete, post, lambda _, tag: Tag.objects.all().delete()),
        "many-to-many": on_model(
            m2m_changed,
            post,
            lambda note, _: note.tags.clear(),
            action="post_clear",
        ),
        "get_or_create": on_model(
            post_save, post, lambda *_: Note.objects.get_or_create(title="o")
        ),
        "handler of a log elsewhere": in_transaction(lambda: [logged(), post()]),
    },
    {
        "task": in_transaction(enqueue),
        "task that is looked up": in_transaction(lambda: enqueue(backend="reading")),
        "task after a write": in_transaction(lambda: [Tag.objects.create(name="a"), enqueue()]),
    },
    {
        "delay": in_transaction(lambda: shop().delay()),
        "apply_async": in_transaction(lambda: shop().apply_async(countdown=3)),
        "send_task": in_transaction(lambda: shop().app.send_task("shop.bill")),
        "signature": in_transaction(lambda: shop().si().delay()),
        "chain": in_transaction(chained),
    },
)
IN_TIME = cases(
    {
        "on commit": in_transaction(on_commit(post)),
        "on commit, robust": in_transaction(on_commit(post, robust=True)),
        "on commit, from a block within": in_transaction(lambda: atomically(on_commit(post))),
        "on commit, from another receiver": in_transaction(inside_another(on_commit(post))),
        "on commit, in a transaction": in_transaction(on_commit(lambda: atomically(post))),
        "a signal on commit": in_transaction(on_commit(inside_another(post))),
        "no transaction": in_autocommit(post),
        "on commit, no transaction": in_autocommit(on_commit(post)),
        "transaction is over": in_autocommit(lambda: [atomically(Tag.objects.count), post()]),
        "saved alone": on_model(post_save, post, lambda note, _: note.save()),
        "outside of a receiver": lambda _: atomically(post),
        "nobody to send to": in_transaction(lambda: message(to=()).send()),
        "lost": in_transaction(lambda: by(LostMail)),
        "stored": in_transaction(lambda: by(StoringMail)),
        "only made": in_transaction(message),
        "handler of a log": in_transaction(logged),
        "in another thread": in_transaction(lambda: beside(post)),
        "rolled back": in_transaction(lambda: [transaction.on_commit(post), broken()]),
    },
    {
        "task on commit": in_transaction(on_commit(enqueue)),
        "task at once": in_transaction(lambda: enqueue(backend="immediate")),
        "mail of a task at once": in_transaction(lambda: enqueue(bill_by_mail, "immediate")),
        "stored task": in_transaction(lambda: enqueue(backend="storing")),
        "task without a transaction": in_autocommit(enqueue),
    },
    {
        "eager": in_transaction(lambda: shop(eager=True).delay()),
        "eager signature": in_transaction(lambda: shop(eager=True).si().apply_async()),
        "delay on commit": in_transaction(on_commit(lambda: shop().delay())),
        "delay without a transaction": in_autocommit(lambda: shop().delay()),
        "signature that is only made": in_transaction(lambda: shop().si()),
    },
)


@pytest.mark.parametrize("program", EARLY)
def test_effect_before_commit_is_found(program):
    """With what was sent, and where."""
    (found,) = found_in(program, "W107")
    assert "inside an open transaction" in found.message
    assert "on_commit" in found.remedy
    assert "hello" not in str(found)
    assert "example.org" not in str(found)
    assert found.evidence["names"]
    assert found.evidence["count"] == sum(found.evidence["names"].values()) == 1
    assert found.evidence["dispatches"]
    assert {place.file for place in found.places} == {__file__}


@pytest.mark.parametrize("program", IN_TIME)
def test_no_effect_before_commit(program):
    """It waits for the commit, goes with the transaction, or there is none."""
    assert found_in(program, "W107") == []


def test_in_numbers():
    """One finding for each kind; the receiver's place comes first, then the lines that sent."""

    def post_twice(**_):
        post()
        message().send()

    def program(connect):
        signal = fresh(post_twice, connect=connect)
        with transaction.atomic():
            for _ in range(3):
                signal.send(sender=None)

    (found,) = found_in(program, "W107")
    assert found.evidence["count"] == 6
    assert len(found.evidence["dispatches"]) == 3
    # The first is what send_mail() takes.
    assert found.evidence["names"] == {
        "django.core.mail.message.EmailMultiAlternatives": 3,
        "django.core.mail.message.EmailMessage": 3,
    }
    code = post_twice.__code__
    lines = [place.line for place in found.places]
    assert lines == [code.co_firstlineno, post.__code__.co_firstlineno + 2, code.co_firstlineno + 2]


@needs_tasks
def test_one_finding_for_each_kind():
    """Mail and a task are two things to mend."""
    found = found_in(in_transaction(lambda: [post(), enqueue(), enqueue()]), "W107")
    assert [each.evidence["kind"] for each in found] == ["mail", "task"]
    assert found[1].evidence["names"] == {f"{__name__}.bill": 2}


@needs_tasks
def test_a_receiver_of_what_sending_sends():
    """It sends for itself, and is told of beside the one that enqueued."""
    from django.tasks.signals import task_enqueued

    def program(connect):
        connect(task_enqueued, lambda **_: post())
        in_transaction(enqueue)(connect)

    found = found_in(program, "W107")
    assert sorted(each.evidence["kind"] for each in found) == ["mail", "task"]
    assert len({each.receiver for each in found}) == 2


@pytest.mark.django_db(transaction=False)
class TestInsideATestCase:
    def test_its_own_transaction_is_none(self):
        """As nothing of it is ever committed."""
        assert found_in(in_autocommit(post), "W107") == []

    def test_a_transaction_within_is_one(self):
        """So that tests find what is wrong."""
        assert len(found_in(in_transaction(post), "W107")) == 1

    def test_captured_callbacks(self, django_capture_on_commit_callbacks):
        """They are what runs on commit."""

        def program(connect):
            with django_capture_on_commit_callbacks(execute=True):
                in_transaction(on_commit(post))(connect)

        assert found_in(program, "W107") == []
        assert len(mail.outbox) == 1


def test_a_recording_without_queries():
    """It knows what is stored, all the same."""

    def found(work):
        with signalscope.record(queries=False) as recording, transaction.atomic():
            signal = fresh(connect=lambda *_: None)
            signal.connect(work)
            signal.send(sender=None)
        return [each.id for each in recording.findings]

    assert found(lambda **_: post()) == ["W107"]
    assert found(lambda **_: by(StoringMail)) == []


# --- W102 ---


def loading(work, *, is_raw=True):
    """Return a program that loads a row as a fixture does, with a receiver that does `work`."""

    def program(connect):
        tag = Tag(pk=1, name="t")
        connect(post_save, lambda **_: work(), Tag)
        with transaction.atomic():
            tag.save_base(raw=is_raw)

    return program


ON_RAW = {
    "plain": {"mail": post, "on commit": on_commit(post), "message": lambda: message().send()},
    "tasks": {"task": enqueue, "task at once": lambda: enqueue(backend="immediate")},
    "of_celery": {"delay": lambda: shop().delay(), "eager": lambda: shop(eager=True).delay()},
}
NOT_ON_RAW = {
    "plain": {
        "nobody to send to": lambda: message(to=()).send(),
        "only made": message,
        "from another receiver": inside_another(post),
        "handler of a log": logged,
    },
    "tasks": {"task that is only made": lambda: bill.using(priority=0)},
    "of_celery": {"signature that is only made": lambda: shop().si()},
}


@pytest.mark.parametrize("work", cases(**ON_RAW))
def test_effect_on_raw_is_found(work):
    """Whether it waits for the commit or not: a fixture sends nothing."""
    (found,) = found_in(loading(work), "W102")
    assert "raw=True" in found.message
    ((kind, name, count),) = found.evidence["sent"]
    assert kind in ("mail", "celery", "task")
    assert name in found.message
    assert count == 1


@pytest.mark.parametrize("work", cases(**NOT_ON_RAW))
def test_no_effect_on_raw(work):
    """Nothing was sent, or not by this receiver."""
    assert found_in(loading(work), "W102") == []


@pytest.mark.parametrize("work", cases(**ON_RAW))
def test_effect_without_raw(work):
    """It is what receivers are for."""
    assert found_in(loading(work, is_raw=False), "W102") == []


def test_rows_and_mails_on_raw_are_one_finding():
    """Which names both."""
    found = found_in(loading(lambda: [Note.objects.create(title="n"), post()]), "W102")
    assert len(found) == 1
    assert "wrote to the database, once" in found[0].what
    assert "; and sent mail, once" in found[0].what
