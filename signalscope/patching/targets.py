"""Which functions of Django, and of others that send on its behalf, are hooked, and how."""

from __future__ import annotations

import django

from signalscope import weaving
from signalscope.weaving import Weave

__all__ = ["ESSENTIAL", "FOR_RECORDINGS", "FURTHER", "IF_LOADED", "RUNS", "Targets"]

Targets = dict[str, tuple[Weave, ...]]
"""Functions by the name of their module."""

SENDS = ("send", "send_robust", "asend", "asend_robust")

ESSENTIAL: Targets = {
    "django.dispatch.dispatcher": tuple(
        Weave("Signal", name, weaving.dispatching) for name in SENDS
    ),
}
"""Without these there is nothing to see."""

RUNS = django.VERSION >= (6, 1)
"""Whether asynchronous receivers are awaited in a function of Django's own."""

if RUNS:
    ESSENTIAL["django.dispatch.dispatcher"] += (Weave(None, "_run_parallel", weaving.running),)

FURTHER: Targets = {
    "django.dispatch.dispatcher": (
        *(Weave("Signal", name, weaving.connecting) for name in ("connect", "disconnect")),
        Weave("Signal", "__init__", weaving.creating),
    ),
    "django.db.models.signals": (Weave("ModelSignal", "connect", weaving.postponing),),
    "django.db.backends.utils": tuple(
        Weave("CursorWrapper", name, weaving.querying) for name in ("_execute", "_executemany")
    ),
    "django.db.backends.base.base": tuple(
        Weave("BaseDatabaseWrapper", name, weaving.deferring)
        for name in ("on_commit", "run_and_clear_commit_hooks")
    ),
    "django.db.models.query": tuple(
        Weave("QuerySet", name, weaving.bypassing)
        for name in ("bulk_create", "bulk_update", "update", "_raw_delete")
    ),
}
"""Where somebody else replaced one of these for good, its facts are missing from the records."""

IF_LOADED: dict[str, Targets] = {
    "django.test.testcases": {
        "django.test.testcases": (Weave("TestCase", "captureOnCommitCallbacks", weaving.deferring),)
    },
}
"""Nobody should load a test framework because of us."""

FOR_RECORDINGS: dict[str, Targets] = IF_LOADED | {
    "django.core.mail": {
        "django.core.mail": (Weave(None, "send_mass_mail", weaving.mailing),),
        "django.core.mail.message": (Weave("EmailMessage", "send", weaving.mailing),),
    },
    "django.tasks.base": {
        "django.tasks.base": tuple(
            Weave("Task", name, weaving.enqueuing) for name in ("enqueue", "aenqueue")
        )
    },
    # Celery loads its tasks' module with the first task that is used, which may be in a recording.
    "celery.app.base": {
        "celery.app.base": (Weave("Celery", "send_task", weaving.publishing),),
        "celery.app.task": (Weave("Task", "apply_async", weaving.publishing),),
    },
}
"""Nobody but a recording hears of mails and tasks, so these are hooked when one is opened; what a
program loads later, when the next one is."""
