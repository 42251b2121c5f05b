"""What the names in a function stand for, read from living modules and classes."""

from __future__ import annotations

import ast
import builtins
import sys
import types
from typing import TYPE_CHECKING, Any

from signalscope.diagnosis.source.trees import parameters_of
from signalscope.reading import bases_of, class_dict, model_options, own_dict
from signalscope.registry.functions import MISSING
from signalscope.registry.senders import own_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signalscope.diagnosis.source.trees import Node

__all__ = ["Names", "attribute_of", "is_model", "own_nodes", "plain_function"]

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is inside of a node, and not inside of a function or class within it."""
    waiting = list(ast.iter_child_nodes(node))
    for each in waiting:
        yield each
        if not isinstance(each, _SCOPES):
            waiting.extend(ast.iter_child_nodes(each))


class Names:
    """The names of one function: its globals, what it closes over, and what it imports itself."""

    def __init__(self, function: types.FunctionType, node: Node) -> None:
        self._globals = function.__globals__
        self._cells = dict(
            zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
        )
        self._imports: dict[str, tuple[str, str | None]] = {}
        self.assigned: dict[str, list[ast.expr | None]] = {}
        """Names that the function gives a value: the values, None for one that is no expression."""
        self.local_functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
        self.parameters: set[str] = set(parameters_of(node))
        for each in own_nodes(node):
            self._read(each)

    def _read(self, node: ast.AST) -> None:
        match node:
            case ast.Import() | ast.ImportFrom():
                self._read_import(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.local_functions[node.name] = node
                self._assign(node.name, None)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self._assign(name, value)
            case (
                ast.NamedExpr(target=ast.Name(id=name), value=ast.expr() as value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                self._assign(name, value)
            case ast.AnnAssign(value=None):
                return
            case (
                ast.ClassDef(name=str(name))
                | ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
            ):
                self._assign(name, None)
            case _:
                for field in ("target", "targets", "optional_vars"):
                    self._read_targets(getattr(node, field, None))

    def _assign(self, name: str, value: ast.expr | None) -> None:
        self.assigned.setdefault(name, []).append(value)

    def _read_targets(self, targets: Any) -> None:
        several = targets if isinstance(targets, list) else [targets]
        for target in several:
            if isinstance(target, ast.AST):
                for part in ast.walk(target):
                    if isinstance(part, ast.Name) and isinstance(part.ctx, (ast.Store, ast.Del)):
                        self._assign(part.id, None)

    def _read_import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                self._imports[bound] = (alias.name if alias.asname else bound, None)
            return
        package = self._globals.get("__package__") or ""
        parts = package.split(".") if isinstance(package, str) else []
        base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
        module = ".".join(filter(None, (base, node.module)))
        for alias in node.names:
            self._imports[alias.asname or alias.name] = (module, alias.name)

    def value_of(self, expression: ast.AST) -> Any:
        """Return the object that an expression of names and dots stands for; else `MISSING`."""
        if isinstance(expression, ast.Attribute):
            owner = self.value_of(expression.value)
            return MISSING if owner is MISSING else attribute_of(owner, expression.attr)
        return self._named(expression.id) if isinstance(expression, ast.Name) else MISSING

    def _named(self, name: str) -> Any:
        if name in self.assigned or name in self.parameters:
            return MISSING
        if name in self._imports:
            return self._imported(*self._imports[name])
        if name not in self._cells:
            return self._globals.get(name, vars(builtins).get(name, MISSING))
        try:
            return self._cells[name].cell_contents
        except ValueError:  # nothing yet
            return MISSING

    @staticmethod
    def _imported(module: str, name: str | None) -> Any:
        found = sys.modules.get(module, MISSING)
        if name is None or found is MISSING:
            return found
        inner = own_names(found).get(name, MISSING)
        return sys.modules.get(f"{module}.{name}", MISSING) if inner is MISSING else inner


def attribute_of(owner: Any, name: str) -> Any:
    """Return what a module holds, or a class with its bases, without asking them for it."""
    if issubclass(type(owner), types.ModuleType):
        return own_names(owner).get(name, MISSING)
    kind = owner if issubclass(type(owner), type) else type(owner)
    if kind is not owner and name in own_dict(owner):
        return own_dict(owner)[name]
    for base in bases_of(kind):
        found = class_dict.__get__(base).get(name, MISSING)
        if found is not MISSING:
            return found
    return MISSING


def plain_function(value: Any) -> types.FunctionType | None:
    """Return the function that a call of `value` runs, where that is one written in Python."""
    if type(value) in (staticmethod, classmethod, types.MethodType):
        value = value.__func__
    return value if type(value) is types.FunctionType else None


def is_model(value: Any) -> bool:
    """Tell whether a value is a model class."""
    return bool(model_options(value))
