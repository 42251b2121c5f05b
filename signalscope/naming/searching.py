"""Where an object is held: the search of all that is loaded for a signal's name."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from signalscope.parsing import parse
from signalscope.reading import (
    class_dict,
    class_module,
    dotted_name,
    namespaces,
    own_dict,
    plain_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["find_in_modules", "find_many"]


def find_many(wanted: Mapping[int, object]) -> dict[int, str]:
    """Find the module attributes that objects are, by their id; only of those that there are."""
    found: dict[int, list[tuple[str, str]]] = {}
    if wanted:
        for module, namespace in namespaces():
            for name, value in namespace.items():
                if id(value) in wanted and type(name) is str:
                    found.setdefault(id(value), []).append((module, name))
    return {key: _best_of(places, wanted[key]) for key, places in found.items()}


def find_in_modules(target: object) -> str | None:
    """Find the module attribute that is `target`; where several are, the one that assigned it."""
    found = [
        (module, name)
        for module, namespace in namespaces()
        if id(target) in map(id, namespace.values())  # most modules have not got it: in C
        for name, value in namespace.items()
        if value is target and type(name) is str
    ]
    return _best_of(found, target) if found else _find_in_classes(target)


def _best_of(found: list[tuple[str, str]], target: object) -> str:
    """Return the module attribute that assigned `target`, of those that are it."""
    found = sorted(found, key=lambda at: (at[0].count("."), at))
    if len(found) > 1:
        # Django's model signals stand beside their class, and many modules import them: their
        # sources need not be read then, which takes longer than the search.
        beside = plain_text(class_module.__get__(type(target)))
        likely = [at for at in found if at[0] == beside] + found
        found = [next((at for at in likely if _makes(*at)), found[0])]
    return ".".join(found[0])


def _find_in_classes(target: object) -> str | None:
    """Find the class attribute that is `target`."""
    for module, namespace in namespaces():
        for value in namespace.values():
            # Not isinstance: it would ask a lazy object for its class, and so wake it.
            if issubclass(type(value), type) and plain_text(class_module.__get__(value)) == module:
                for name, attribute in list(class_dict.__get__(value).items()):
                    if attribute is target and type(name) is str:
                        return f"{dotted_name(value)}.{name}"
    return None


def _makes(module: str, name: str) -> bool:
    """Tell whether the source of `module` assigns to `name` what a call returns.

    So an import is none, nor a None that stands in for one that failed.
    """
    file = plain_text(own_dict(sys.modules.get(module)).get("__file__"))
    try:
        source = Path(file).read_bytes() if file else b""
        # To parse takes far longer, and most modules only import the name.
        if not re.search(rb"\b%s\b(?!\.)[^\n=(]*=" % name.encode(), source):
            return False
        tree = parse(source)
    except (OSError, SyntaxError, ValueError):
        return False
    return any(
        isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr))
        and node.value is not None
        and any(isinstance(part, ast.Call) for part in ast.walk(node.value))
        and name in _names_in(node.targets if isinstance(node, ast.Assign) else [node.target])
        for node in ast.walk(tree)
    )


def _names_in(targets: Iterable[ast.expr]) -> set[str]:
    """Return the names that an assignment binds, which those of ``name.attribute`` are not."""
    parts = (part for each in targets for part in ast.walk(each))
    return {
        part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }
