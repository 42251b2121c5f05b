"""Hooks in ``Signal.send`` and its siblings."""

from __future__ import annotations

import ast
import copy
from typing import Any, TypeGuard

from signalscope.naming import MAY_BE_STALE
from signalscope.weaving.templates import Function, as_list, expression, statements, unknown

__all__ = ["dispatching", "running"]


def dispatching(method: Function) -> None:
    """Give a send method a second way through, with hooks, for when somebody listens.

    Where a send finds at once that nobody listens, that is counted while somebody records. The
    statements that follow the look-up of the live receivers stay as they are for everybody
    else, who meet no local variable of ours either. Inner functions get the dispatch as the
    default of a parameter: a closure would cost every call of the method a cell, the empty ones
    too. What is done for each synchronous receiver stands in the code itself, since calling a
    function costs as much as all of it.
    """
    found = [index for index, node in enumerate(method.body) if _looks_up_receivers(node)]
    if len(found) != 1:
        raise unknown(f"Signal.{method.name} does not look up its live receivers once")
    for node in method.body[: found[0]]:
        if isinstance(node, ast.If) and isinstance(node.body[-1], ast.Return):
            node.body[:0] = statements(
                """
if RECORDER.active and (
    RECORDER.hears_of_instances or (self is not PRE_INIT and self is not POST_INIT)
):
    RECORDER.unheard(self, sender)
""",
                node.body[-1],
            )
    split = found[0] + 1
    look_up: Any = method.body[split - 1]
    plain = method.body[split:]
    receivers = ", ".join(map(ast.unparse, look_up.targets[0].elts))
    hook_calls = _HookCalls()
    hooked = [as_list(hook_calls.visit(copy.deepcopy(node))) for node in plain]
    if not hook_calls.found:
        raise unknown(f"Signal.{method.name} calls no receiver where it was looked for")
    method.body[split:] = statements(
        f"""
if RECORDER.muting:
    {receivers} = RECORDER.audible(self, sender, {receivers})
if RECORDER.active and (
    _signalscope_dispatch := RECORDER.begin(self, sender, named, {method.name!r}, {receivers})
) is not None:
    try:
        HOOKED
    except BaseException as _signalscope_error:
        RECORDER.failed(_signalscope_dispatch, _signalscope_error, {receivers})
        raise
    finally:
        _signalscope_dispatch.ended = CLOCK()
        SET(_signalscope_dispatch.outer)
        _signalscope_dispatch.outer = None
        if RECORDER.tells:
            RECORDER.finished(_signalscope_dispatch)
else:
    PLAIN
""",
        look_up,
        PLAIN=plain,
        HOOKED=[each for some in hooked for each in some],
    )


def _looks_up_receivers(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
        and node.value.func.attr == "_live_receivers"
        and isinstance(node.targets[0], ast.Tuple)
    )


class _HookCalls(ast.NodeTransformer):
    """Hooks every ``receiver(signal=self, ...)``, by the form of the statement around it."""

    def __init__(self) -> None:
        self.found = 0
        self._inner = 0
        self._gathers = False

    def visit_FunctionDef(self, node: Any) -> Any:
        """An inner function: it gets the dispatch by a parameter of its own."""
        node.args.kwonlyargs.append(ast.arg("_signalscope_dispatch"))
        node.args.kw_defaults.append(ast.Name("_signalscope_dispatch", ast.Load()))
        self._inner += 1
        try:
            return self.generic_visit(node)
        finally:
            self._inner -= 1

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - ast.NodeTransformer's name

    def visit_For(self, node: ast.For) -> Any:
        """The loop of an inner function, which runs in another thread and a context of its own."""
        hooked = self.generic_visit(node)
        if not self._inner:
            return hooked
        return statements(
            """
try:
    LOOP
finally:
    SET(_signalscope_dispatch.outer)
""",
            node,
            LOOP=[hooked],
        )

    def visit_If(self, node: ast.If) -> Any:
        """``if async_receivers:`` after the loop: what it runs is not inside the last call."""
        self.generic_visit(node)
        if not self._inner and ast.unparse(node.test) == "async_receivers":
            node.body[:0] = statements("SET(_signalscope_dispatch.outer)", node.body[0])
        return node

    def visit_Assign(self, node: ast.Assign) -> Any:
        """A receiver's response, called or awaited, or the responses of a gather."""
        value = node.value
        if isinstance(value, ast.Await):
            if _calls_receiver(value.value):
                return self._awaited(node, value, value.value)
        elif _calls_receiver(value):
            return self._called(node, ast.unparse(value.func))
        self._gathers = False
        hooked = self.generic_visit(node)
        if not self._gathers:
            return hooked
        return statements(
            """
try:
    GATHERED
finally:
    RECORDER.settled(_signalscope_dispatch)
""",
            node,
            GATHERED=[hooked],
        )

    def _called(self, node: ast.Assign, receiver: str) -> Any:
        self.found += 1
        compared = f"""
else:
    if _signalscope_call.receiver_facts.ref() is not {receiver}:
        _signalscope_call.receiver_facts = RECORDER.facts_of_receiver({receiver})
"""
        # The variable goes from one call of the loop to the next; what follows the loop sets it
        # back to what it was around.
        return statements(
            f"""
_signalscope_call = CALL()
_signalscope_call.dispatch = _signalscope_dispatch
try:
    _signalscope_call.receiver_facts = KNOWN[ID({receiver})]
except KeyError:
    _signalscope_call.receiver_facts = RECORDER.facts_of_receiver({receiver})
{compared if MAY_BE_STALE else ""}
_signalscope_dispatch.calls.append(_signalscope_call)
SET(_signalscope_call)
if RECORDER.tells_starts:
    RECORDER.entered(_signalscope_call)
_signalscope_call.started = CLOCK()
try:
    STATEMENT
except BaseException as _signalscope_error:
    RECORDER.fail(_signalscope_call, _signalscope_error)
    raise
_signalscope_call.ended = CLOCK()
if RECORDER.tells:
    RECORDER.left(_signalscope_call)
""",
            node,
            STATEMENT=[node],
        )

    def _awaited(self, node: ast.Assign, value: ast.Await, call: ast.Call) -> Any:
        self.found += 1
        receiver = ast.unparse(call.func)
        value.value = expression(
            "RECORDER.watch(_signalscope_call, AWAITABLE, alone=False)", call, AWAITABLE=call
        )
        return statements(
            f"""
_signalscope_call = RECORDER.expect(_signalscope_dispatch, {receiver})
try:
    STATEMENT
except BaseException as _signalscope_error:
    RECORDER.raised(_signalscope_call, _signalscope_error)
    raise
RECORDER.returned(_signalscope_call)
""",
            node,
            STATEMENT=[node],
        )

    def visit_Call(self, node: ast.Call) -> Any:
        """``receiver(...)`` among the arguments of a gather, which nothing of Django's awaits."""
        if not _calls_receiver(node):
            return self.generic_visit(node)
        self.found += 1
        self._gathers = True
        return expression(
            f"RECORDER.watch(RECORDER.expect(_signalscope_dispatch, {ast.unparse(node.func)}), "
            "AWAITABLE, alone=True)",
            node,
            AWAITABLE=node,
        )


def _calls_receiver(node: ast.expr) -> TypeGuard[ast.Call]:
    return (
        isinstance(node, ast.Call)
        and not node.args
        and any(keyword.arg == "signal" for keyword in node.keywords)
    )


def running(function: Function) -> None:
    """Tell how each awaitable ended that a function of Django's awaits for many receivers."""
    hook = _HookAwaits()
    hook.visit(function)
    if not hook.found:
        raise unknown(f"{function.name} awaits no receiver where it was looked for")


class _HookAwaits(ast.NodeTransformer):
    """Hooks ``... = await coro``."""

    found = 0

    def visit_Assign(self, node: ast.Assign) -> Any:
        if not (isinstance(node.value, ast.Await) and isinstance(node.value.value, ast.Name)):
            return node
        self.found += 1
        awaited = node.value.value.id
        return statements(
            f"""
try:
    STATEMENT
except BaseException as _signalscope_error:
    RECORDER.ran({awaited}, _signalscope_error)
    raise
if RECORDER.active:
    RECORDER.ran({awaited}, None)
""",
            node,
            STATEMENT=[node],
        )
