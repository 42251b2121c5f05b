"""Install and uninstall: the only file that knows the private parts of Django's `Signal`.

Django's own code goes on dispatching. `install` reads the source of ``django.dispatch.dispatcher``,
puts hooks around the places that call a receiver, compiles the result under Django's own file
name and line numbers, and gives the new code to the existing functions, as
``Signal.send.__code__``. `uninstall` gives them back the code objects that they had.

What this buys over a wrapper, or over a dispatch loop of our own:

- Each Django dispatches exactly as that Django does, to the last log message and error.
- Receivers run at Django's own frame depth, sync and async alike, and tracebacks read the same.
- ``Signal.send`` stays the very object that it is, so it does not matter who else wrapped it,
  subclassed it or took a reference to it, nor when.
- While nobody records, the program runs Django's own statements behind one look at an empty list.

Where the source is not what it is expected to be, nothing is patched and `InstallError` says so.
"""

from __future__ import annotations

import ast
import copy
import functools
import logging
import threading
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import asgiref
import django
from django.dispatch import Signal, dispatcher

from signalscope.errors import InstallError
from signalscope.naming import file_kinds
from signalscope.recorder import Recorder

if TYPE_CHECKING:
    from signalscope.sinks import Sink

__all__ = [
    "add_sink",
    "hold",
    "install",
    "install_or_warn",
    "is_installed",
    "recorder",
    "release",
    "remove_sink",
    "uninstall",
]

METHODS = ("send", "send_robust", "asend", "asend_robust")

recorder = Recorder()

for _package in (django, asgiref):
    file_kinds.add_carrier(str(Path(str(_package.__file__)).parent))

logger = logging.getLogger("signalscope")

_lock = threading.RLock()
_replaced: dict[types.FunctionType, tuple[types.CodeType, types.CodeType]] = {}
"""Function → (the code it had, the code it got)."""


class _State:
    """Who asked for the hooks: somebody for good, and how many for a while."""

    for_good = False
    holders = 0


def install() -> None:
    """Hook the four send methods; installing again changes nothing.

    Raises `InstallError` where Django's dispatcher is not one that the hooks fit.
    """
    with _lock:
        _hook()
        _State.for_good = True


def install_or_warn() -> None:
    """Install; where that cannot be, say so in the log and leave the program as it is."""
    try:
        install()
    except InstallError as error:
        logger.warning("Signalscope sees no signals: %s", error)


def uninstall() -> None:
    """Give every function its own code back; uninstalling again changes nothing.

    Open recordings stay open and see nothing more. Sends that are under way finish under the code
    that they began with.
    """
    with _lock:
        _State.for_good = False
        _State.holders = 0
        _unhook()


def is_installed() -> bool:
    """Tell whether the send methods are hooked."""
    return bool(_replaced)


def add_sink(sink: Sink) -> None:
    """Tell `sink` of all dispatches, in all contexts, from now on; see `Sink`.

    It hears nothing while Signalscope is not installed. Adding it once more changes nothing.
    """
    recorder.add_sink(sink)


def remove_sink(sink: Sink) -> None:
    """Tell `sink` no more; removing one that was not added changes nothing."""
    recorder.remove_sink(sink)


def hold() -> None:
    """Install until the matching `release`, unless somebody has installed for longer.

    Raises `InstallError` as `install` does.
    """
    with _lock:
        _hook()
        _State.holders += 1


def release() -> None:
    """End what `hold` began."""
    with _lock:
        _State.holders = max(_State.holders - 1, 0)
        if not _State.holders and not _State.for_good:
            _unhook()


def _hook() -> None:
    if _replaced:
        return
    instrumented = _instrumented_code()
    functions = {method: _original(method) for method in METHODS}
    for method, function in functions.items():
        _replaced[function] = (function.__code__, instrumented[method])
        function.__code__ = instrumented[method]


def _unhook() -> None:
    for function, (original, ours) in _replaced.items():
        if function.__code__ is ours:
            function.__code__ = original
    _replaced.clear()


# --- Finding Django's functions -------------------------------------------------------------------


def _original(method: str) -> types.FunctionType:
    """Return Django's own function, also from below a wrapper that somebody put around it."""
    expected = _plain_code()[method]
    seen: set[int] = set()
    queue: list[Any] = [Signal.__dict__[method]]
    while queue:
        candidate = queue.pop(0)
        if not isinstance(candidate, types.FunctionType) or id(candidate) in seen:
            continue
        seen.add(id(candidate))
        if candidate.__code__ == expected:
            return candidate
        if len(seen) < 100:  # noqa: PLR2004 - wrappers are few; a search without end is no search
            queue += _within_reach(candidate)
    found = Signal.__dict__[method]
    raise InstallError(
        f"Signal.{method} is not Django {django.get_version()}'s own function "
        f"(it comes from {getattr(found, '__module__', type(found).__name__)}), and the original "
        "was not found behind it. Install Signalscope before whatever replaces it."
    )


def _within_reach(wrapper: types.FunctionType) -> list[Any]:
    """Return the places where a wrapper usually keeps what it wraps."""
    cells = []
    for cell in wrapper.__closure__ or ():
        try:
            cells.append(cell.cell_contents)
        except ValueError:  # an empty cell
            continue
    names = [wrapper.__globals__.get(name) for name in wrapper.__code__.co_names]
    return [wrapper.__dict__.get("__wrapped__"), *cells, *names, *(wrapper.__defaults__ or ())]


# --- Writing the hooks into Django's source -------------------------------------------------------

_RECORDER = "signalscope:recorder"
"""A constant in the syntax tree that stands for the recorder in the finished code.

So the hooks need no name in Django's module."""


@functools.cache
def _source_tree() -> tuple[ast.Module, str]:
    file = dispatcher.__file__
    try:
        return ast.parse(
            Path(file).read_bytes()
        ), dispatcher.Signal.send_robust.__code__.co_filename
    except (OSError, SyntaxError) as error:
        raise InstallError(
            f"The source of django.dispatch.dispatcher cannot be read ({error}). "
            "Signalscope needs Django installed with its .py files."
        ) from error


@functools.cache
def _plain_code() -> dict[str, types.CodeType]:
    """Return the code that Django's source compiles to, to know Django's functions by."""
    tree, file = _source_tree()
    return _methods_of(compile(tree, file, "exec", dont_inherit=True))


@functools.cache
def _instrumented_code() -> dict[str, types.CodeType]:
    source, file = _source_tree()
    tree = copy.deepcopy(source)
    signal = next(
        (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Signal"),
        None,
    )
    methods = {
        node.name: node
        for node in (signal.body if signal else ())
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name in METHODS
    }
    for name in METHODS:
        if name not in methods:
            raise _unknown_source(f"there is no Signal.{name}")
        _instrument(methods[name])
    ast.fix_missing_locations(tree)
    code = compile(tree, file, "exec", dont_inherit=True)
    return {
        name: _with_constants(method, {_RECORDER: recorder})
        for name, method in _methods_of(code).items()
    }


def _methods_of(module: types.CodeType) -> dict[str, types.CodeType]:
    signal = next(
        code
        for code in module.co_consts
        if isinstance(code, types.CodeType) and code.co_name == "Signal"
    )
    return {
        code.co_name: code
        for code in signal.co_consts
        if isinstance(code, types.CodeType) and code.co_name in METHODS
    }


def _with_constants(code: types.CodeType, values: dict[str, object]) -> types.CodeType:
    def replaced(constant: Any) -> Any:
        if isinstance(constant, types.CodeType):
            return _with_constants(constant, values)
        return values.get(constant, constant) if isinstance(constant, str) else constant

    return code.replace(co_consts=tuple(map(replaced, code.co_consts)))


def _instrument(method: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Give `method` a second way through, with hooks, for when somebody records.

    The statements that follow the look-up of the live receivers stay as they are for everybody
    else::

        sync_receivers, async_receivers = self._live_receivers(sender)
        if <recorder>.active: dispatch = <recorder>.begin(self, sender, named, "send", ...)
        else: dispatch = None
        if dispatch is None:
            ...                               # Django's statements
        else:
            try: ...                          # Django's statements, calls hooked by `_HookCalls`
            except BaseException as error: <recorder>.failed(dispatch, error); raise
            finally: <recorder>.end(dispatch)

    Inner functions get the dispatch as the default of a parameter: a closure would cost every
    call of the method a cell, the empty ones too.
    """
    found = [index for index, node in enumerate(method.body) if _looks_up_receivers(node)]
    if len(found) != 1:
        raise _unknown_source(f"Signal.{method.name} does not look up its live receivers once")
    split = found[0] + 1
    look_up, plain = method.body[split - 1], method.body[split:]
    receivers = ", ".join(map(ast.unparse, look_up.targets[0].elts))  # type: ignore[attr-defined]
    hook_calls = _HookCalls()
    hooked = [hook_calls.visit(copy.deepcopy(node)) for node in plain]
    if not hook_calls.found:
        raise _unknown_source(f"Signal.{method.name} calls no receiver where it was looked for")
    template = ast.parse(
        f"""
if {_RECORDER!r}.active:
    _signalscope_dispatch = {_RECORDER!r}.begin(
        self, sender, named, {method.name!r}, {receivers}
    )
else:
    _signalscope_dispatch = None
if _signalscope_dispatch is None:
    PLAIN
else:
    try:
        HOOKED
    except BaseException as _signalscope_error:
        {_RECORDER!r}.failed(_signalscope_dispatch, _signalscope_error)
        raise
    finally:
        {_RECORDER!r}.end(_signalscope_dispatch)
"""
    ).body
    fork: Any = template[-1]
    _place_at(template, look_up)
    fork.body = plain
    fork.orelse[0].body = hooked
    method.body[split:] = template


def _looks_up_receivers(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
        and node.value.func.attr == "_live_receivers"
        and isinstance(node.targets[0], ast.Tuple)
    )


_CALLED = ("enter", "leave", "fail")
_AWAITED = ("expect", "returned", "raised")


class _HookCalls(ast.NodeTransformer):
    """Hooks every ``receiver(signal=self, ...)``, by the form of the statement around it."""

    def __init__(self) -> None:
        self.found = 0
        self._inner = 0

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
        template: Any = ast.parse(
            f"""
try:
    LOOP
finally:
    {_RECORDER!r}.resume(_signalscope_dispatch)
"""
        ).body
        _place_at(template, node)
        template[0].body = [hooked]
        return template

    def visit_Assign(self, node: ast.Assign) -> Any:
        """``response = receiver(...)`` and ``response = await receiver(...)``."""
        value = node.value
        awaited = isinstance(value, ast.Await)
        call = value.value if isinstance(value, ast.Await) else value
        if not _calls_receiver(call):
            return self.generic_visit(node)
        self.found += 1
        begin, end, fail = _AWAITED if awaited else _CALLED
        template = ast.parse(
            f"""
_signalscope_call = {_RECORDER!r}.{begin}(_signalscope_dispatch, {ast.unparse(call.func)})
try:
    CALL
except BaseException as _signalscope_error:
    {_RECORDER!r}.{fail}(_signalscope_call, _signalscope_error)
    raise
{_RECORDER!r}.{end}(_signalscope_call)
"""
        ).body
        _place_at(template, node)
        if isinstance(value, ast.Await):
            value.value = self._watched("_signalscope_call", call, alone=False)
        hooked: Any = template[1]
        hooked.body = [node]
        return template

    def visit_Call(self, node: ast.Call) -> Any:
        """``receiver(...)`` among the arguments of a gather, which nothing of Django's awaits."""
        if not _calls_receiver(node):
            return self.generic_visit(node)
        self.found += 1
        expected = f"{_RECORDER!r}.expect(_signalscope_dispatch, {ast.unparse(node.func)})"
        return self._watched(expected, node, alone=True)

    def _watched(self, call: str, node: ast.Call, *, alone: bool) -> ast.expr:
        template: Any = ast.parse(
            f"{_RECORDER!r}.watch({call}, AWAITABLE, alone={alone})", mode="eval"
        )
        _place_at([template.body], node)
        template.body.args[1] = node
        return template.body  # type: ignore[no-any-return]


def _calls_receiver(node: ast.expr) -> TypeGuard[ast.Call]:
    return (
        isinstance(node, ast.Call)
        and not node.args
        and any(keyword.arg == "signal" for keyword in node.keywords)
    )


def _place_at(nodes: list[Any], at: ast.stmt | ast.expr) -> None:
    """Give new nodes the place of the one they belong to, so that tracebacks read as Django's."""
    for node in nodes:
        for part in ast.walk(node):
            if hasattr(part, "lineno"):
                ast.copy_location(part, at)


def _unknown_source(why: str) -> InstallError:
    return InstallError(
        f"The dispatcher of Django {django.get_version()} is not one that Signalscope knows: "
        f"{why}. Nothing was patched; look for a newer Signalscope."
    )
