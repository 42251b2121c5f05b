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
from typing import TYPE_CHECKING, Any, NamedTuple

from signalscope.errors import InstallError
from signalscope.weaving.around import (
    bypassing,
    connecting,
    creating,
    deferring,
    enqueuing,
    mailing,
    postponing,
    publishing,
    querying,
)
from signalscope.weaving.dispatch import dispatching, running
from signalscope.weaving.templates import CONSTANT, Function, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from signalscope.recorder import Recorder

__all__ = [
    "Weave",
    "WovenCode",
    "bypassing",
    "connecting",
    "creating",
    "deferring",
    "dispatching",
    "enqueuing",
    "mailing",
    "postponing",
    "publishing",
    "querying",
    "running",
    "weave",
]


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
    tree = _with_only(tree, weaves)
    plain = compile(tree, file, "exec", dont_inherit=True)
    woven_tree = copy.deepcopy(tree)
    for each in weaves:
        each.weave(_find(woven_tree, each))
    ast.fix_missing_locations(woven_tree)
    constants = {f"{CONSTANT}{name}": value for name, value in recorder.constants.items()}
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


def _with_only(tree: ast.Module, weaves: tuple[Weave, ...]) -> ast.Module:
    """Leave out of a module what is not woven: to compile all of it takes most of an install.

    Other statements stay: CPython calls the attributes of an imported name by another bytecode,
    and a ``from __future__`` changes how the rest is compiled.
    """
    wanted = {(each.owner, each.name) for each in weaves}
    kept: list[Any] = []
    for node in tree.body:
        if isinstance(node, Function):
            if (None, node.name) in wanted:
                kept.append(node)
        elif isinstance(node, ast.ClassDef):
            inner: list[ast.stmt] = [
                each
                for each in node.body
                if isinstance(each, Function) and (node.name, each.name) in wanted
            ]
            if inner:
                lean = copy.copy(node)
                lean.body, lean.decorator_list = inner, []
                kept.append(lean)
        else:
            kept.append(node)
    return ast.Module(kept, [])


def _find(tree: ast.Module, wanted: Weave) -> Function:
    owners = [tree] if wanted.owner is None else _named(tree.body, ast.ClassDef, wanted.owner)
    for owner in owners:
        found: list[Function] = _named(owner.body, Function, wanted.name)
        if found:
            return found[0]
    raise unknown(f"there is no {wanted.owner or 'function'}.{wanted.name}")


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
