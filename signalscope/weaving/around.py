"""Hooks around dispatch: connections, queries, callbacks on commit, bulk operations, effects."""

from __future__ import annotations

import ast
import copy
from typing import Any

from signalscope.weaving.templates import Function, body, expression, statements, unknown

__all__ = [
    "bypassing",
    "connecting",
    "creating",
    "deferring",
    "enqueuing",
    "mailing",
    "postponing",
    "publishing",
    "querying",
]


def connecting(method: Function) -> None:
    """Tell of each ``connect()`` or ``disconnect()``, before it happens."""
    arguments = ", ".join(argument.arg for argument in method.args.args)
    _tell(method, f"RECORDER.{method.name}ing({arguments})")


def creating(method: Function) -> None:
    """Tell that a signal is made, before it is."""
    _tell(method, "RECORDER.wiring.created(self)")


def postponing(method: Function) -> None:
    """Tell of each ``connect()`` that may have to wait for its sender, before it does."""
    _tell(method, "RECORDER.wiring.postponed(self, receiver, sender, dispatch_uid, apps)")


def _tell(method: Function, call: str) -> None:
    # A full stack makes the very call fail, where plain code may have had just enough room. All
    # else that the hook raises was thrown in, and is the program's.
    docstring, rest = body(method)
    method.body = [
        *docstring,
        *statements(f"try: {call}\nexcept RecursionError: pass", rest[0]),
        *rest,
    ]


def querying(method: Function) -> None:
    """Time what a cursor executes, and tell where that fails."""
    docstring, rest = body(method)
    method.body = [
        *docstring,
        *statements(
            """
if RECORDER.active and (_signalscope_query := RECORDER.query_begins()) is not None:
    try:
        TIMED
    except BaseException as _signalscope_error:
        RECORDER.query_failed(_signalscope_query, self.db, _signalscope_error)
        raise
    finally:
        RECORDER.query_ends(_signalscope_query, sql)
else:
    REST
""",
            rest[0],
            TIMED=copy.deepcopy(rest),
            REST=rest,
        ),
    ]


def deferring(method: Function) -> None:
    """Remember who asks for a callback ``on_commit``, and run it as what that one set off.

    A queued callback is known by the set of savepoint ids that Django queues with it; Django calls
    it ``_`` where it takes the callback from the queue.
    """
    hook = _HookCallbacks()
    hook.visit(method)
    if not hook.found:
        raise unknown(f"{method.name} runs no callback where it was looked for")


class _HookCallbacks(ast.NodeTransformer):
    def __init__(self) -> None:
        self.found = 0
        self._queued = "None"

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id == "_" and isinstance(node.ctx, ast.Store):
            self._queued = "_"
        return node

    def visit_Expr(self, node: ast.Expr) -> Any:
        call = node.value
        if not isinstance(call, ast.Call):
            return node
        if ast.unparse(call.func) == "self.run_on_commit.append":
            return [
                node,
                *statements(
                    "if RECORDER.active: RECORDER.deferred(self.run_on_commit[-1][0])", node
                ),
            ]
        if ast.unparse(call) not in ("func()", "callback()"):
            return node
        self.found += 1
        return statements(
            f"""
if (
    RECORDER.active
    and (_signalscope_before := RECORDER.callback_begins({self._queued})) is not None
):
    try:
        SET(_signalscope_before[1])
        CONTINUED
    finally:
        _signalscope_found = GET()
        SET(_signalscope_before[0])
        RECORDER.callback_ended(_signalscope_found)
else:
    CALLED
""",
            node,
            CONTINUED=[copy.deepcopy(node)],
            CALLED=[node],
        )


def bypassing(method: Function) -> None:
    """Tell of an operation that sends no signals, when it is done, and when it began."""
    docstring, rest = body(method)
    names = {argument.arg for argument in method.args.args}
    objects = "objs" if "objs" in names else "None"
    if "ignore_conflicts" in names:
        # How many of them the database took, nobody knows.
        objects = f"None if ignore_conflicts else {objects}"
    if not isinstance(rest[-1], ast.Return):
        raise unknown(f"QuerySet.{method.name} does not end with its result")
    hooked = _HookReturns(
        f"RECORDER.bypassed(self, {method.name!r}, {objects}, RESULT, _signalscope_started)"
    )
    method.body = [
        *docstring,
        *statements(
            """
if RECORDER.active:
    _signalscope_started = CLOCK()
    TOLD
else:
    REST
""",
            rest[0],
            TOLD=[hooked.visit(copy.deepcopy(node)) for node in rest],
            REST=rest,
        ),
    ]


class _HookReturns(ast.NodeTransformer):
    def __init__(self, hook: str) -> None:
        self._hook = hook
        self.found = 0

    def visit_FunctionDef(self, node: Any) -> Any:
        return node

    def visit_Lambda(self, node: ast.Lambda) -> Any:
        return node

    def visit_Return(self, node: ast.Return) -> Any:
        if node.value is not None:
            self.found += 1
            node.value = expression(self._hook, node.value, RESULT=node.value)
        return node


def mailing(function: Function) -> None:
    """Tell of a mail that was sent, or of several at once."""
    _sending(function, "mail", "self" if _first_parameter(function) == "self" else "None")


def enqueuing(method: Function) -> None:
    """Tell of a task of Django's that was enqueued."""
    _sending(method, "task", "self")


def publishing(method: Function) -> None:
    """Tell of a task of Celery's that was sent, by the task itself or by its name."""
    _sending(method, "celery", "name" if method.name == "send_task" else "self")


def _first_parameter(function: Function) -> str:
    return function.args.args[0].arg


def _sending(function: Function, kind: str, what: str) -> None:
    docstring, rest = body(function)
    hooked = _HookReturns(f"RECORDER.sent(_signalscope_sending, {kind!r}, {what}, RESULT)")
    told = [hooked.visit(copy.deepcopy(node)) for node in rest]
    if not hooked.found:
        raise unknown(f"{function.name} does not return what sending gives")
    function.body = [
        *docstring,
        *statements(
            """
if RECORDER.active and (_signalscope_sending := RECORDER.sending_begins()) is not None:
    try:
        SENDING(_signalscope_sending)
        TOLD
    finally:
        if SENDS() is _signalscope_sending:
            SENDING(_signalscope_sending.outer)
        _signalscope_sending.running = _signalscope_sending.outer = None
else:
    REST
""",
            rest[0],
            TOLD=told,
            REST=rest,
        ),
    ]
