"""Hooks woven into Django's own functions: their source, compiled again with calls of the recorder.

A woven function keeps its file name, its line numbers and its depth on the stack; only its code
object is another. The recorder, and what of it is needed most often, stand in that code as
constants, so that no module of Django's gets a new name. Where a source does not have the shape
that a weave expects, `InstallError` says so and nothing is woven.

`patching` decides when the woven code is in place; here is only how it is made.
"""

from __future__ import annotations

import ast
import copy
import functools
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

import django

from signalscope.errors import InstallError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from signalscope.recorder import Recorder

__all__ = ["Weave", "WovenCode", "weave"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef

_CONSTANT = "signalscope:"
"""Begins a constant in the syntax tree that stands for an object of ours in the finished code."""


class Weave(NamedTuple):
    """Which function gets which hooks: ``Weave("Signal", "send", _dispatch)``."""

    owner: str | None
    """The class; None for a function of the module."""
    name: str
    """The function, as the source has it."""
    weave: Callable[[Any], None]
    """Changes the function's node in the syntax tree."""


class WovenCode(NamedTuple):
    """A function's code as Django's source has it, by which to know the function, and woven."""

    plain: types.CodeType
    woven: types.CodeType


def weave(
    module: types.ModuleType, weaves: tuple[Weave, ...], recorder: Recorder
) -> dict[Weave, WovenCode]:
    """Compile the source of `module` with its hooks.

    Raises `InstallError` where the source cannot be read, or is not as the weaves expect it.
    """
    tree, file = _source_of(module)
    plain = compile(tree, file, "exec", dont_inherit=True)
    woven_tree = copy.deepcopy(tree)
    for each in weaves:
        each.weave(_find(woven_tree, each))
    ast.fix_missing_locations(woven_tree)
    constants = {f"{_CONSTANT}{name}": value for name, value in recorder.constants.items()}
    woven = compile(woven_tree, file, "exec", dont_inherit=True)
    return {
        each: WovenCode(_code_in(plain, each), _with_constants(_code_in(woven, each), constants))
        for each in weaves
    }


@functools.cache
def _source_of(module: types.ModuleType) -> tuple[ast.Module, str]:
    file = str(module.__file__)
    try:
        return ast.parse(Path(file).read_bytes()), file
    except (OSError, SyntaxError) as error:
        raise InstallError(
            f"The source of {module.__name__} cannot be read ({error}). "
            "Signalscope needs Django installed with its .py files."
        ) from error


def _find(tree: ast.Module, wanted: Weave) -> _Function:
    owners = [tree] if wanted.owner is None else _named(tree.body, ast.ClassDef, wanted.owner)
    for owner in owners:
        found: list[_Function] = _named(owner.body, _Function, wanted.name)
        if found:
            return found[0]
    raise _unknown(f"there is no {wanted.owner or 'function'}.{wanted.name}")


def _named(nodes: list[Any], kind: Any, name: str) -> list[Any]:
    return [node for node in nodes if isinstance(node, kind) and node.name == name]


def _code_in(module: types.CodeType, wanted: Weave) -> types.CodeType:
    code = module
    for name in (wanted.owner, wanted.name):
        if name is not None:
            code = next(inner for inner in _codes(code) if inner.co_name == name)
    return code


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    return (constant for constant in code.co_consts if isinstance(constant, types.CodeType))


def _with_constants(code: types.CodeType, constants: dict[str, Any]) -> types.CodeType:
    def replaced(constant: Any) -> Any:
        if isinstance(constant, types.CodeType):
            return _with_constants(constant, constants)
        return constants.get(constant, constant) if isinstance(constant, str) else constant

    return code.replace(co_consts=tuple(map(replaced, code.co_consts)))


def _unknown(why: str) -> InstallError:
    return InstallError(
        f"Django {django.get_version()} is not built as Signalscope knows it: {why}. "
        "Nothing was patched; look for a newer Signalscope."
    )


# --- Templates ------------------------------------------------------------------------------------


def _statements(template: str, at: ast.stmt | ast.expr, **blocks: list[Any]) -> list[Any]:
    """Parse `template`, in which names of `blocks` are statements.

    Other names in capitals are the recorder's constants (`Recorder.constants`), which must not be
    tested for truth. All of it gets the place of `at`, so that tracebacks read as Django's.
    """
    filled = _Filled(blocks)
    nodes = ast.parse(template).body
    _place_at(nodes, at)
    return [new for node in nodes for new in _as_list(filled.visit(node))]


def _expression(template: str, at: ast.expr, **values: ast.expr) -> ast.expr:
    """Parse `template`, in which names of `values` are expressions, at the place of `at`."""
    node: Any = ast.parse(template, mode="eval").body
    _place_at([node], at)
    filled: ast.expr = _Filled(values).visit(node)
    return filled


class _Filled(ast.NodeTransformer):
    """Puts code, and the recorder's constant, in the places that a template names."""

    def __init__(self, parts: dict[str, Any]) -> None:
        self._parts = parts

    def visit_Expr(self, node: ast.Expr) -> Any:
        if isinstance(node.value, ast.Name) and node.value.id in self._parts:
            return self._parts[node.value.id]
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        if isinstance(node.func, ast.Constant):
            # The compiler warns of constants that are called; a choice of two equal ones it takes,
            # and makes one of them.
            choice = ast.IfExp(ast.Constant(value=True), node.func, node.func)
            node.func = ast.copy_location(choice, node.func)
        return node

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id in self._parts:
            return self._parts[node.id]
        if node.id.isupper():
            return ast.copy_location(ast.Constant(f"{_CONSTANT}{node.id}"), node)
        return node


def _as_list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def _place_at(nodes: list[Any], at: ast.stmt | ast.expr) -> None:
    for node in nodes:
        for part in ast.walk(node):
            if hasattr(part, "lineno"):
                ast.copy_location(part, at)


def _body(function: _Function) -> tuple[list[Any], list[Any]]:
    """Return a function's docstring and its other statements."""
    has_docstring = ast.get_docstring(function, clean=False) is not None
    return function.body[: int(has_docstring)], function.body[int(has_docstring) :]


# --- Signal.send and its siblings -----------------------------------------------------------------


def dispatching(method: _Function) -> None:
    """Give a send method a second way through, with hooks, for when somebody listens.

    The statements that follow the look-up of the live receivers stay as they are for everybody
    else, who meet no local variable of ours either. Inner functions get the dispatch as the
    default of a parameter: a closure would cost every call of the method a cell, the empty ones
    too. What is done for each synchronous receiver stands in the code itself, since calling a
    function costs as much as all of it.
    """
    found = [index for index, node in enumerate(method.body) if _looks_up_receivers(node)]
    if len(found) != 1:
        raise _unknown(f"Signal.{method.name} does not look up its live receivers once")
    split = found[0] + 1
    look_up: Any = method.body[split - 1]
    plain = method.body[split:]
    receivers = ", ".join(map(ast.unparse, look_up.targets[0].elts))
    hook_calls = _HookCalls()
    hooked = [_as_list(hook_calls.visit(copy.deepcopy(node))) for node in plain]
    if not hook_calls.found:
        raise _unknown(f"Signal.{method.name} calls no receiver where it was looked for")
    method.body[split:] = _statements(
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
        return _statements(
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
            node.body[:0] = _statements("SET(_signalscope_dispatch.outer)", node.body[0])
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
        return _statements(
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
        # The variable goes from one call of the loop to the next; what follows the loop sets it
        # back to what it was around.
        return _statements(
            f"""
_signalscope_call = CALL()
_signalscope_call.dispatch = _signalscope_dispatch
try:
    _signalscope_call.receiver_facts = KNOWN[ID({receiver})]
except KeyError:
    _signalscope_call.receiver_facts = RECORDER.facts_of_receiver({receiver})
_signalscope_dispatch.calls.append(_signalscope_call)
SET(_signalscope_call)
if RECORDER.tells:
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
        value.value = _expression(
            "RECORDER.watch(_signalscope_call, AWAITABLE, alone=False)", call, AWAITABLE=call
        )
        return _statements(
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
        return _expression(
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


def running(function: _Function) -> None:
    """Tell how each awaitable ended that a function of Django's awaits for many receivers."""
    hook = _HookAwaits()
    hook.visit(function)
    if not hook.found:
        raise _unknown(f"{function.name} awaits no receiver where it was looked for")


class _HookAwaits(ast.NodeTransformer):
    """Hooks ``... = await coro``."""

    found = 0

    def visit_Assign(self, node: ast.Assign) -> Any:
        if not (isinstance(node.value, ast.Await) and isinstance(node.value.value, ast.Name)):
            return node
        self.found += 1
        awaited = node.value.value.id
        return _statements(
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


# --- Everything else ------------------------------------------------------------------------------


def connecting(method: _Function) -> None:
    """Tell of each ``connect()`` or ``disconnect()``, before it happens."""
    arguments = ", ".join(argument.arg for argument in method.args.args)
    _tell(method, f"RECORDER.{method.name}ing({arguments})")


def creating(method: _Function) -> None:
    """Tell that a signal is made, before it is."""
    _tell(method, "RECORDER.wiring.created(self)")


def postponing(method: _Function) -> None:
    """Tell of each ``connect()`` that may have to wait for its sender, before it does."""
    _tell(method, "RECORDER.wiring.postponed(self, receiver, sender, dispatch_uid, apps)")


def _tell(method: _Function, call: str) -> None:
    # A full stack makes the very call fail, where plain code may have had just enough room.
    docstring, rest = _body(method)
    method.body = [
        *docstring,
        *_statements(f"try: {call}\nexcept Exception: pass", rest[0]),
        *rest,
    ]


def querying(method: _Function) -> None:
    """Time what a cursor executes."""
    docstring, rest = _body(method)
    method.body = [
        *docstring,
        *_statements(
            """
if RECORDER.active and (_signalscope_query := RECORDER.query_begins()) is not None:
    try:
        TIMED
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


def deferring(method: _Function) -> None:
    """Remember who asks for a callback ``on_commit``, and run it as what that one set off.

    A queued callback is known by the set of savepoint ids that Django queues with it; Django calls
    it ``_`` where it takes the callback from the queue.
    """
    hook = _HookCallbacks()
    hook.visit(method)
    if not hook.found:
        raise _unknown(f"{method.name} runs no callback where it was looked for")


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
                *_statements(
                    "if RECORDER.active: RECORDER.deferred(self.run_on_commit[-1][0])", node
                ),
            ]
        if ast.unparse(call) not in ("func()", "callback()"):
            return node
        self.found += 1
        return _statements(
            f"""
if (
    RECORDER.active
    and (_signalscope_before := RECORDER.callback_begins({self._queued})) is not None
):
    try:
        CONTINUED
    finally:
        RECORDER.callback_ends(_signalscope_before)
else:
    CALLED
""",
            node,
            CONTINUED=[copy.deepcopy(node)],
            CALLED=[node],
        )


def bypassing(method: _Function) -> None:
    """Tell of an operation that sends no signals, when it is done."""
    docstring, rest = _body(method)
    names = {argument.arg for argument in method.args.args}
    objects = "objs" if "objs" in names else "None"
    if "ignore_conflicts" in names:
        # How many of them the database took, nobody knows.
        objects = f"None if ignore_conflicts else {objects}"
    method.body = [
        *docstring,
        *[_HookReturns(method.name, objects).visit(node) for node in rest],
    ]
    if not isinstance(method.body[-1], ast.Return):
        raise _unknown(f"QuerySet.{method.name} does not end with its result")


class _HookReturns(ast.NodeTransformer):
    def __init__(self, operation: str, objects: str) -> None:
        self._operation = operation
        self._objects = objects

    def visit_FunctionDef(self, node: Any) -> Any:
        return node

    def visit_Lambda(self, node: ast.Lambda) -> Any:
        return node

    def visit_Return(self, node: ast.Return) -> Any:
        if node.value is not None:
            node.value = _expression(
                f"RECORDER.bypassed(self, {self._operation!r}, {self._objects}, RESULT) "
                "if RECORDER.active else RESULT",
                node.value,
                RESULT=node.value,
            )
        return node
