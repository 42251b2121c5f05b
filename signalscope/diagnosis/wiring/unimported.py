"""W004 never-imported: a module of an installed app that connects receivers and was not loaded."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from django.apps import apps

from signalscope.diagnosis.catalogue import rule
from signalscope.diagnosis.findings import Finding
from signalscope.diagnosis.source.trees import parsed
from signalscope.places import USER, Location, file_kinds
from signalscope.registry.senders import own_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.apps import AppConfig

    from signalscope.registry.live import Wire

__all__ = ["never_imported"]

_HINT = re.compile(rb"\breceiver\b|\.connect\s*\(")
"""What every source has that connects a receiver; those without it need not be parsed."""
_TEST_NAMES = r"tests?|testing|test_\w+|\w+_tests?|conftest"
_OTHER_LOADERS_NAMES = (
    "factories"  # by tests
    "|migrations|management|commands"  # by Django's own commands, when they run
    "|wsgi|asgi|celery|tasks"  # by a server or a worker
    "|__main__|setup|fabfile|scripts?|examples?"  # by a person
)


def _has_part(names: str) -> re.Pattern[str]:
    """Match the dotted name of a module that has one of `names` among its parts."""
    return re.compile(rf"(?:^|\.)(?:{names})(?:\.|$)")


_TEST_MODULES = _has_part(_TEST_NAMES)
"""Tests import a module for themselves alone: the program that is served still lacks it."""
_LOADED_BY_OTHERS = _has_part(f"{_TEST_NAMES}|{_OTHER_LOADERS_NAMES}")
"""Modules that a program may well lack now: something other than Django loads them, in its time."""
_LOADERS = re.compile(r"import|discover|load|module", re.IGNORECASE)
"""What functions are called that are handed the name of a module."""
_FILLED_IN = re.compile(r"%s|%\(|\{")
"""What a name begins with whose package is filled in."""
_MOST_FILES = 5_000


class _Source(NamedTuple):
    module: str
    path: Path
    text: bytes


def never_imported(_: list[Wire]) -> list[Finding]:
    """Find modules of a project's own apps whose receivers are connected by nobody.

    Sources are read, not imported. Silent on a module that another one imports, in whatever
    function, or that is named in a string: it may be loaded later.
    """
    if not apps.ready:
        return []
    sources = list(_sources(apps.get_app_configs()))
    loaded = {own_names(module).get("__file__") for module in list(sys.modules.values())}
    waiting = [
        (source, line)
        for source in sources
        if source.module not in sys.modules
        and str(source.path) not in loaded  # under another name
        and not _LOADED_BY_OTHERS.search(source.module)
        and _HINT.search(source.text)
        and (line := _line_of_connection(source)) is not None
    ]
    if not waiting:
        return []
    return [
        _finding(source, line)
        for source, line in waiting
        if not any(_names(other, source.module) for other in sources if other is not source)
    ]


def _sources(configs: Iterable[AppConfig]) -> Iterator[_Source]:
    """Yield the modules of the project's own apps, and those that lie beside their packages."""
    seen: set[Path] = set()
    folders = {Path(config.path): config.name for config in configs}
    for folder in list(folders):
        name = folders[folder]
        for parent in list(folder.parents)[: name.count(".")]:
            name = name.rpartition(".")[0]
            folders.setdefault(parent, name)
    for folder, package in sorted(folders.items()):
        if file_kinds[str(folder / "__init__.py")] != USER or not (folder / "__init__.py").exists():
            continue
        for path in sorted(folder.rglob("*.py")):
            if path in seen or len(seen) >= _MOST_FILES:
                continue
            seen.add(path)
            parts = path.relative_to(folder).with_suffix("").parts
            names = [*package.split("."), *(parts[:-1] if parts[-1] == "__init__" else parts)]
            try:
                yield _Source(".".join(names), path, path.read_bytes())
            except OSError:
                continue


def _line_of_connection(source: _Source) -> int | None:
    """Return the first line that connects a receiver when the module is imported."""
    try:
        tree = parsed(source.text.decode())
    except UnicodeDecodeError:
        return None
    if tree is None or not _knows_signals(tree.module):
        return None
    for node in _run_at_import(tree.module):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and _name(decorator.func) == "receiver":
                    return node.lineno
        elif isinstance(node, ast.Call) and _is_signals_connect(node):
            return node.lineno
    return None


def _knows_signals(module: ast.Module) -> bool:
    """Tell whether a module imports something of Django's signals, or from a module of signals."""
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(alias.name for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        if any("signals" in name or name == "django.dispatch" for name in names):
            return True
    return False


def _run_at_import(module: ast.Module) -> Iterator[ast.AST]:
    """Yield what stands outside of functions."""
    waiting: list[ast.AST] = list(module.body)
    for node in waiting:
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))


def _is_signals_connect(call: ast.Call) -> bool:
    if not (isinstance(call.func, ast.Attribute) and call.func.attr == "connect"):
        return False
    given = {keyword.arg for keyword in call.keywords}
    return bool(given & {"sender", "receiver", "dispatch_uid", "weak"}) or _name(
        call.func.value
    ).endswith(("_save", "_delete", "_init", "_changed", "_migrate"))


def _name(expression: ast.expr) -> str:
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else ""


def _names(other: _Source, module: str) -> bool:
    """Tell whether a source imports a module, or has its name in a string.

    Not where an app's ``ready()`` imports it: that has run by now, or is not of an installed app.
    """
    last = module.rpartition(".")[2]
    if last.encode() not in other.text or _TEST_MODULES.search(other.module) is not None:
        return False
    try:
        tree = parsed(other.text.decode())
    except UnicodeDecodeError:
        return False
    if tree is None:
        return True
    for node in ast.walk(tree.module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if _may_name(node, node.value, module, tree.parents):
                return True
        elif (
            isinstance(node, (ast.Import, ast.ImportFrom))
            and module in _imports(node, other)
            and not _is_in_ready(node, tree.parents)
        ):
            return True
    return False


def _may_name(node: ast.Constant, text: str, module: str, parents: dict[ast.AST, ast.AST]) -> bool:
    """Tell whether a string may be what a module is loaded by.

    The last part of its name alone is so where it stands in a list, has a name of its own or is
    handed to something that loads; not as a key, nor where it says anything else to a function.
    """
    last = module.rpartition(".")[2]
    if text in (module, f".{last}") or (_FILLED_IN.match(text) and text.endswith(f".{last}")):
        return True
    if text != last:
        return False
    around = parents.get(node)
    if isinstance(around, ast.keyword):
        around = parents.get(around)
    if isinstance(around, ast.Call):
        return _LOADERS.search(_name(around.func)) is not None
    is_key = isinstance(around, ast.Dict) and node in around.keys
    return not is_key and not isinstance(around, ast.Subscript)


def _imports(node: ast.Import | ast.ImportFrom, source: _Source) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    base = ""
    if node.level:
        parts = source.module.split(".")
        inside = source.path.name == "__init__.py"
        base = ".".join(parts[: len(parts) - node.level + inside])
    name = ".".join(filter(None, (base, node.module)))
    return {name, *(f"{name}.{alias.name}" for alias in node.names)}


def _is_in_ready(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    while node in parents:
        node = parents[node]
        if isinstance(node, ast.FunctionDef):
            return node.name == "ready"
    return False


def _finding(source: _Source, line: int) -> Finding:
    owner = max(
        (
            each.name
            for each in apps.get_app_configs()
            if f"{source.module}.".startswith(f"{each.name}.")
        ),
        key=len,
        default=source.module.partition(".")[0],
    )
    return Finding.of(
        rule("W004"),
        what=f"{source.module} connects receivers, and nothing imports it: they never run.",
        remedy=f"Import it in the ready() of the AppConfig of {owner}, and see that this AppConfig "
        "is the one that INSTALLED_APPS takes.",
        places=(Location(str(source.path), line),),
        evidence={"module": source.module},
    )
