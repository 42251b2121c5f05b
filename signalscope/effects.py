"""Hooks of what no rollback takes back: mail, Celery's tasks and Django's."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from signalscope.context import Sending, current, parent_and_scope, sending
from signalscope.notes import caller, place_of
from signalscope.places import USER, file_kinds
from signalscope.reading import bases_of, class_name, dotted, dotted_name, plain_text
from signalscope.records import Continuation
from signalscope.thrown import no_fault, thrown_in
from signalscope.transactions import is_open
from signalscope.values import Effect, location_of

__all__ = ["EffectHooks", "is_stored"]

_WRITES = ("INSERT", "UPDATE", "REPLACE")


class EffectHooks:
    """The part of the recorder that hears of mails and tasks; like all of it, it never raises.

    What is sent while another is being sent is a part of that: a mail of a task that runs at once,
    or the task by which a mail backend delivers.
    """

    connections: Any = None

    def sending_begins(self) -> Sending | None:
        """Return what is about to be sent, for the woven code to set; None where nobody wants it.

        Receivers that run at once may share a context, and end in any order.
        """
        try:
            running = current.get()
            scope = parent_and_scope(running)[1]
            if scope is None or not scope.collectors:
                return None
            outer = sending.get()
            if outer is not None and outer.running is running:
                return None
            begun = Sending(running, outer)
            begun.in_transaction = _in_transaction(self.connections)
        except RecursionError:
            return None
        except Exception as error:
            if thrown_in(error):
                raise
            return None
        return begun

    def sent(self, begun: Sending, kind: str, what: Any, result: Any) -> Any:
        """Note what was sent; return the result of sending it."""
        with no_fault:
            _sent(begun, kind, what, result)
        return result


def _sent(begun: Sending, kind: str, what: Any, result: Any) -> None:
    running = begun.running
    parent, scope = parent_and_scope(running)
    # A message without recipients is not sent, and its backend says so.
    if scope is None or (kind == "mail" and type(result) is int and not result):
        return
    frame = caller(3)
    if _is_of_a_log(frame):
        return
    effect = Effect(
        kind,
        _NAMES[kind](what),
        location_of(place_of(frame)),
        parent=parent,
        deferred=type(running) is Continuation,
        before_commit=begun.in_transaction and not begun.wrote and not _has_run(result),
    )
    for collector in scope.collectors:
        collector.effect(effect)


def is_stored(sql: Any) -> bool:
    """Tell whether a statement of a backend stores what is sent, rather than looks something up."""
    return type(sql) is str and sql.lstrip()[:7].upper().startswith(_WRITES)


def _in_transaction(connections: Any) -> bool:
    """Tell whether this thread is in an atomic block that is not the one of a test case.

    Connections that nobody has used yet are not made for this.
    """
    return any(map(is_open, connections.all(initialized_only=True)))


def _has_run(result: Any) -> bool:
    """Tell whether the task ran while it was sent: nothing of it waits for the commit."""
    if any(class_name.__get__(base) == "EagerResult" for base in bases_of(type(result))):
        return True
    return getattr(result, "started_at", None) is not None


def _is_of_a_log(frame: Any) -> bool:
    """Tell whether a handler of a log sends it, which has its reasons to send at once."""
    while frame is not None and file_kinds[frame.f_code.co_filename] != USER:
        if frame.f_globals.get("__name__") == "logging":
            return True
        frame = frame.f_back
    return False


def _mail_name(message: Any) -> str:
    return _MESSAGE if message is None else dotted_name(type(message))


def _celery_name(task: Any) -> str:
    return plain_text(task) or plain_text(task.name) or dotted_name(type(task))


def _task_name(task: Any) -> str:
    function = task.func
    if type(function) is FunctionType:
        return dotted(function.__module__, function.__qualname__)
    return dotted_name(type(function))


_MESSAGE = "django.core.mail.message.EmailMessage"
_NAMES = {"mail": _mail_name, "celery": _celery_name, "task": _task_name}
