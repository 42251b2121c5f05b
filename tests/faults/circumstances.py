"""Odd places in which a program may send signals.

``python -m tests.faults.circumstances NAME HOW`` runs one.

HOW is “plain”, “recorded” (all is under a recording) or “told” (a sink hears of it). What a program
prints is compared, so each prints what the program itself can see. Where dispatches were counted,
their number goes to the file that COUNTED names.
"""

from __future__ import annotations

import _thread
import asyncio
import atexit
import contextlib
import ctypes
import gc
import multiprocessing
import os
import signal as signals_of_the_system
import subprocess
import sys
import threading
import warnings
import weakref
from pathlib import Path

import django
from django.conf import settings

from tests.faults.counting import Counter

COUNTED = "SIGNALSCOPE_COUNTED"


def hello(sender, **_):
    """Answer."""
    return f"hello {sender}"


async def hello_later(sender, **_):
    """Answer, after letting others run."""
    await asyncio.sleep(0)
    return f"later {sender}"


def make():
    """Return a signal with a receiver."""
    from django.dispatch import Signal

    made = Signal()
    made.connect(hello)
    return made


def answers(sent):
    """Return what the receivers returned."""
    return [answer for _, answer in sent]


def at_exit():
    """From functions that run when the interpreter ends, first to last."""
    made = make()
    atexit.register(lambda: print("atexit", answers(made.send("atexit"))))
    weakref.finalize(made, print, "finalised")


def in_finalisers_at_exit():
    """From ``__del__`` of what lives until modules are emptied."""
    made = make()
    made.connect(lambda sender, **_: f"strong {sender}", weak=False)
    out = sys.stdout

    class Last:
        def __del__(self):
            # Django's own names may be gone by then; what happens must be the same.
            try:
                said = answers(made.send("__del__"))
            except Exception as error:  # noqa: BLE001 - compared
                said = type(error).__name__
            out.write(f"del {said}\n")
            out.flush()

    sys.modules[__name__].kept = Last()
    sys.modules["__main__"].also_kept = Last()


def in_a_daemon_thread_at_exit():
    """From a thread that the interpreter leaves behind."""
    made = make()
    began = threading.Event()

    def forever():
        while True:
            made.send("daemon")
            began.set()

    threading.Thread(target=forever, daemon=True).start()
    began.wait(30)
    print("left behind")


def in_a_forked_child():
    """In the copy of a process that is in the middle of a dispatch, and after it."""
    made = make()

    def forks(**_):
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                print("child", answers(made.send("child")), flush=True)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        return f"status {status}"

    from django.dispatch import Signal

    outer = Signal()
    outer.connect(forks, weak=False)
    print("parent", answers(outer.send("parent")))
    print("again", answers(made.send("parent")))


def in_children_forked_beside_threads():
    """Locks that another thread holds at the moment of a fork are never given back in the child."""
    # Not one signal for both: Django itself has a lock in each.
    made, of_child = make(), make()
    stop = threading.Event()

    def busy():
        while not stop.is_set():
            made.send("busy")

    threads = [threading.Thread(target=busy) for _ in range(2)]
    for each in threads:
        each.start()
    statuses = []
    with warnings.catch_warnings():
        # Python warns of just this, and names the process.
        warnings.simplefilter("ignore")
        for _ in range(20):
            child = os.fork()
            if child == 0:
                of_child.send("child")
                os._exit(7)
            statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    stop.set()
    for each in threads:
        each.join()
    print(statuses)


def work(number):
    """What a worker does: a new signal, and a saved row where there is a table."""
    from django.dispatch import Signal

    made = Signal()
    made.connect(hello)
    return answers(made.send(number)), answers(asyncio.run(made.asend(number)))


def _worker():
    # What is spawned has nothing of the parent: as in a project, its settings say what is on.
    start(os.environ["HOW"])


def in_workers(method):
    """In a pool of processes."""
    context = multiprocessing.get_context(method)
    with context.Pool(2, initializer=_worker if method != "fork" else None) as pool:
        print(pool.map(work, range(6)))


def in_forked_workers():
    """As a prefork server has them."""
    in_workers("fork")


def in_spawned_workers():
    """As on macOS and Windows."""
    in_workers("spawn")


def in_threads_of_c():
    """From a thread that Python has not started, and from one without a `threading.Thread`."""
    made = make()
    said = []
    native = ctypes.CDLL(None)
    routine = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)

    @routine
    def called(_):
        said.extend(answers(made.send("pthread")))
        said.extend(answers(asyncio.run(made.asend("pthread"))))

    thread = ctypes.c_void_p()
    assert native.pthread_create(ctypes.byref(thread), None, called, None) == 0
    native.pthread_join(thread, None)

    done = threading.Event()

    def bare():
        said.extend(answers(made.send("bare")))
        done.set()

    _thread.start_new_thread(bare, ())
    done.wait(30)
    print(said)


def during_garbage_collection():
    """From finalisers, while other sends are under way at every step of which garbage may go."""
    made = make()
    died = []

    class Cycle:
        def __init__(self):
            self.me = self

        def hear(self, **_):
            return "heard"

        def __del__(self):
            # Which others are alive at that moment is up to the collector.
            died.append("hello __del__" in answers(made.send("__del__")))
            passing = make()
            passing.send("__del__")

    gc.set_threshold(3, 3, 3)
    try:
        for number in range(40):
            mortal = Cycle()
            made.connect(mortal.hear)
            made.connect(hello_later)
            sent = made.send(number)
            assert ["heard" in answers(sent), f"hello {number}" in answers(sent)] == [True, True]
            del mortal, sent
    finally:
        gc.set_threshold(700, 10, 10)
    gc.collect()
    print(len(died), set(died))


class Struck(Exception):
    """Thrown into whatever runs."""


def strike_each_line(program, thrown):
    """Run `program` until each line of ours that it reaches was struck once.

    A handler of the system's signals throws an exception at the begin of the line. Return the
    places where it got lost: it did not come out of the program, nor among what `program` returns,
    as that of `send_robust` does. And the places after which the program was held to be inside of
    a receiver that has ended.
    """

    def handle(*_):
        raise thrown("thrown in")

    signals_of_the_system.signal(signals_of_the_system.SIGALRM, handle)
    before = where_we_are()
    struck, lost = set(), []
    while True:
        place = None

        def trace(frame, event, _):
            nonlocal place
            code = frame.f_code
            if "/signalscope/" not in code.co_filename and code is not _CODE_OF_SINK:
                return None
            here = code.co_filename, code.co_qualname, frame.f_lineno
            if event == "line" and place is None and here not in struck and not _finalises(frame):
                struck.add(here)
                place = here
                signals_of_the_system.raise_signal(signals_of_the_system.SIGALRM)
            return trace

        sys.settrace(trace)
        try:
            came_out = any(type(each) is thrown for each in program())
        except thrown:
            came_out = True
        finally:
            sys.settrace(None)
        if place is None:
            break
        if not came_out:
            lost.append(place)
        if where_we_are() != before:
            lost.append(("left inside", place))
    assert before is None or len(struck) > MANY, struck
    return lost


def where_we_are():
    """Return the receiver and the mail that runs, as Signalscope has it; None without it."""
    context = sys.modules.get("signalscope.context")
    return context and (context.current.get(), context.sending.get())


MANY = 50
"""Lines of ours that are struck at least, where they run at all."""

_CODE_OF_SINK = Counter.dispatch_finished.__code__


def _finalises(frame):
    # Out of a finaliser nothing can be raised. A step of an asynchronous receiver ends in one.
    while frame is not None:
        if frame.f_code.co_qualname == "_Step.__del__":
            return True
        frame = frame.f_back
    return False


def when_struck_in_sends():
    """By what a handler of the system's signals raises, as Celery's soft time limit does."""
    made = make()

    def program():
        made.connect(hello, sender="other")
        sent = [*answers(made.send(1)), *answers(made.send_robust(2))]
        made.disconnect(hello, sender="other")
        return sent

    program()
    print(strike_each_line(program, Struck), strike_each_line(program, TimeoutError))
    print(answers(made.send("after")))


def when_struck_in_asynchronous_sends():
    """The same, while an event loop runs them."""
    made = make()
    made.connect(hello_later)

    def program():
        return [*answers(asyncio.run(made.asend(1))), *answers(asyncio.run(made.asend_robust(2)))]

    # Struck between the call and the await, as it may be without us.
    warnings.filterwarnings("ignore", "coroutine .* was never awaited")
    program()
    print(strike_each_line(program, Struck))
    print(answers(made.send("after")))


def when_struck_in_the_orm():
    """The same, while rows are saved, queries counted, callbacks deferred and mails sent."""
    from django.contrib.auth.models import Group
    from django.core import mail
    from django.core.management import call_command
    from django.db import transaction
    from django.db.models.signals import post_save

    call_command("migrate", verbosity=0, interactive=False)

    def saved(sender, instance, **_):
        Group.objects.filter(pk=instance.pk).count()
        Group.objects.filter(pk=instance.pk).update(name="b")
        transaction.on_commit(Group.objects.count)
        mail.send_mail("s", "t", "a@example.com", ["b@example.com"])

    post_save.connect(saved, sender=Group)

    def program():
        Group.objects.all().delete()
        with transaction.atomic():
            Group(name="a").save()
            Group.objects.bulk_create([Group(name="c")])
        return []

    program()
    lost = strike_each_line(program, Struck)
    Group.objects.all().delete()
    print(lost)
    print(Group.objects.count())


def in_ready():
    """While apps come up, before all models are there: see `start`."""
    print(settings.SENT_IN_READY)


def in_migrations():
    """From a function of a migration, and from what `migrate` and `flush` send."""
    from django.core.management import call_command
    from django.db import connection, migrations
    from django.db.models.signals import post_migrate, pre_migrate

    made = make()
    lines = []

    def note(sender, using, **_):
        lines.append((sender.name, using))

    pre_migrate.connect(note)
    post_migrate.connect(note)

    class Sends(migrations.Migration):
        operations = [migrations.RunPython(lambda *_: print(answers(made.send("RunPython"))))]

    call_command("migrate", verbosity=0, interactive=False)
    with connection.schema_editor() as editor:
        from django.db.migrations.state import ProjectState

        Sends("x", "contenttypes").apply(ProjectState(), editor)
    call_command("flush", verbosity=0, interactive=False)
    print(lines)


def with_a_traced_interpreter():
    """Under a debugger and a profiler, which are told of every line and call."""
    made = make()
    events = []

    def trace(frame, event, _):
        if frame.f_code is hello.__code__:
            events.append(event)
        return trace

    def profile(frame, event, _):
        if frame.f_code is hello.__code__:
            events.append(f"profile {event}")

    sys.settrace(trace)
    sys.setprofile(profile)
    try:
        made.send("traced")
    finally:
        sys.setprofile(None)
        sys.settrace(None)
    print(events)


def in_another_interpreter():
    """In a subprocess that is started from a receiver, with all that it inherits."""
    made = make()

    def starts(**_):
        command = [sys.executable, "-c", "import os, sys; print(sorted(sys.modules) != [])"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    made.connect(starts, weak=False)
    print(answers(made.send("subprocess")))


CIRCUMSTANCES = {
    name: found
    for name, found in list(globals().items())
    if name.startswith(("at_", "in_", "during_", "when_", "with_")) and name != "in_workers"
}


class Told:
    """What a run of “recorded” or “told” has besides."""

    def __init__(self, how):
        import signalscope

        self.counter = Counter()
        self.recording = None
        signalscope.install()
        if how == "told":
            signalscope.add_sink(self.counter)
        else:
            # Open until the very end of the process.
            self.record = signalscope.record()
            self.recording = self.record.__enter__()

    def count(self):
        """Return the number of dispatches that were seen."""
        if self.recording is None:
            return next(self.counter.number)
        self.recording.tree()
        return len(list(self.recording.walk())) + self.recording.dropped


def _mail():
    backend = "django.core.mail.backends.locmem.EmailBackend"
    if django.VERSION >= (6, 1):
        return {"MAILERS": {"default": {"BACKEND": backend}}}
    return {"EMAIL_BACKEND": backend}


def start(how):
    """Set Django up; return what is counted, None for “plain”."""
    if not settings.configured:
        settings.configure(
            INSTALLED_APPS=[
                "django.contrib.contenttypes",
                "django.contrib.auth",
                *(["signalscope"] if how != "plain" else []),
                "tests.faults.early.EarlyConfig",
            ],
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
            DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
            SIGNALSCOPE={"ENABLED": True},
            SENT_IN_READY=[],
            **_mail(),
            USE_TZ=True,
        )
    told = None
    django.setup()
    if how != "plain":
        told = Told(how)
    return told


def main(name, how):
    """Run one."""
    os.environ["HOW"] = how
    told = start(how)
    CIRCUMSTANCES[name]()
    if told is not None:
        Path(os.environ[COUNTED]).write_text(str(told.count()))


if __name__ == "__main__":
    main(*sys.argv[1:])
