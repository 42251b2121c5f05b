"""The syntax trees of functions that live, found by the place that their code names."""

from __future__ import annotations

import ast
import functools
import linecache
from typing import TYPE_CHECKING, NamedTuple

from signalscope.parsing import parse

if TYPE_CHECKING:
    import types

__all__ = ["Definition", "Node", "Tree", "definition_of", "parameters_of", "parsed", "tree_of"]

Node = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_NODES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class Tree(NamedTuple):
    """The syntax tree of a file."""

    module: ast.Module
    functions: dict[int, list[Node]]
    """By the line on which a code object says that it begins: that of the first decorator."""
    parents: dict[ast.AST, ast.AST]


class Definition(NamedTuple):
    """Where a function is written."""

    node: Node
    tree: Tree
    file: str


def tree_of(file: str) -> Tree | None:
    """Return the tree of a file, None where there is no such source or it is not Python's."""
    try:
        lines = tuple(linecache.getlines(file))
    except ValueError:  # a name that no file can have
        return None
    return parsed("".join(lines)) if lines else None


@functools.lru_cache(maxsize=256)
def parsed(source: str) -> Tree | None:
    """Return the tree of a source, None where it is not Python's."""
    try:
        module = parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    functions: dict[int, list[Node]] = {}
    parents: dict[ast.AST, ast.AST] = {}
    nodes: list[ast.AST] = [module]
    for node in nodes:  # not by recursion: a tree may be deeper than the stack
        for child in ast.iter_child_nodes(node):
            parents[child] = node
            nodes.append(child)
        if isinstance(node, _NODES):
            decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
            first = min([node.lineno, *(each.lineno for each in decorators)])
            functions.setdefault(first, []).append(node)
    return Tree(module, functions, parents)


def definition_of(code: types.CodeType) -> Definition | None:
    """Return where a code object is written; None where that is not sure.

    A file that was changed since, or holds two lambdas on one line, does not tell.
    """
    tree = tree_of(code.co_filename)
    if tree is None:
        return None
    fitting = [node for node in tree.functions.get(code.co_firstlineno, []) if _fits(node, code)]
    return Definition(fitting[0], tree, code.co_filename) if len(fitting) == 1 else None


def parameters_of(node: Node) -> list[str]:
    """Return the names of a function's parameters, in the order of its code object."""
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    rest = [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
    return [each.arg for each in (*named, *rest)]


def _fits(node: Node, code: types.CodeType) -> bool:
    name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
    names = parameters_of(node)
    return code.co_name == name and list(code.co_varnames[: len(names)]) == [
        _mangled(each, code) for each in names
    ]


def _mangled(name: str, code: types.CodeType) -> str:
    """Return a parameter's name as the compiler writes it: private ones belong to their class."""
    if not name.startswith("__") or name.endswith("__"):
        return name
    return next((each for each in code.co_varnames if each.endswith(name)), name)
