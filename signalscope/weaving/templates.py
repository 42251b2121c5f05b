"""Pieces of code as text, made into nodes of a syntax tree that stand at Django's own lines."""

from __future__ import annotations

import ast
from typing import Any

import django

from signalscope.errors import InstallError

__all__ = ["CONSTANT", "Function", "as_list", "body", "expression", "statements", "unknown"]

Function = ast.FunctionDef | ast.AsyncFunctionDef

CONSTANT = "signalscope:"
"""Begins a constant in the syntax tree that stands for an object of ours in the finished code."""


def unknown(why: str) -> InstallError:
    """Return the error for a Django whose source is not as expected."""
    return InstallError(
        f"Django {django.get_version()} is not built as Signalscope knows it: {why}. "
        "Nothing was patched; look for a newer Signalscope."
    )


def statements(template: str, at: ast.stmt | ast.expr, **blocks: list[Any]) -> list[Any]:
    """Parse `template`, in which names of `blocks` are statements.

    Other names in capitals are the recorder's constants (`Recorder.constants`), which must not be
    tested for truth. All of it gets the place of `at`, so that tracebacks read as Django's.
    """
    filled = _Filled(blocks)
    nodes = ast.parse(template).body
    _place_at(nodes, at)
    return [new for node in nodes for new in as_list(filled.visit(node))]


def expression(template: str, at: ast.expr, **values: ast.expr) -> ast.expr:
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
        node.func = _unsuspicious(node.func)
        return node

    def visit_Compare(self, node: ast.Compare) -> Any:
        self.generic_visit(node)
        node.comparators = list(map(_unsuspicious, node.comparators))
        return node

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id in self._parts:
            return self._parts[node.id]
        if node.id.isupper():
            return ast.copy_location(ast.Constant(f"{CONSTANT}{node.id}"), node)
        return node


def _unsuspicious(node: ast.expr) -> ast.expr:
    # The compiler warns of constants that are called, or compared by identity; a choice of two
    # equal ones it takes, and makes one of them.
    ours = isinstance(node, ast.Constant) and str(node.value).startswith(CONSTANT)
    choice = ast.IfExp(ast.Constant(value=True), node, node)
    return ast.copy_location(choice, node) if ours else node


def as_list(found: Any) -> list[Any]:
    """Return what a transformer gave for one node: a list of nodes."""
    return found if isinstance(found, list) else [found]


def _place_at(nodes: list[Any], at: ast.stmt | ast.expr) -> None:
    for node in nodes:
        for part in ast.walk(node):
            if hasattr(part, "lineno"):
                ast.copy_location(part, at)


def body(function: Function) -> tuple[list[Any], list[Any]]:
    """Return a function's docstring and its other statements."""
    has_docstring = ast.get_docstring(function, clean=False) is not None
    return function.body[: int(has_docstring)], function.body[int(has_docstring) :]
