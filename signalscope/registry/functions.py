"""Functions behind functions, and names behind names."""

from __future__ import annotations

import ast
import functools
import sys
import types
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.apps import apps

from signalscope.matching import name_matches
from signalscope.naming import receiver_facts
from signalscope.parsing import parse
from signalscope.reading import namespaces, own_dict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

    from signalscope.places import Location

    Place = tuple[CodeType, int] | Location | None

from signalscope.registry.senders import is_signal, own_names

__all__ = [
    "MISSING",
    "chain_of",
    "function_of",
    "is_defined",
    "look_up",
    "never_imported",
    "pending_operations",
    "same_function",
]


def chain_of(receiver: Any) -> Iterator[Any]:
    """Yield a receiver and what it passes its calls to, as far as that is sure."""
    for _ in range(32):
        yield receiver
        if type(receiver) is types.MethodType:
            receiver = receiver.__func__
        elif issubclass(type(receiver), functools.partial):
            receiver = functools.partial.func.__get__(receiver)
        elif type(receiver) is types.FunctionType and "__wrapped__" in own_dict(receiver):
            receiver = own_dict(receiver)["__wrapped__"]
        else:
            return


def function_of(receiver: Any) -> Any:
    """Return the function of a bound method, else the receiver itself."""
    return receiver.__func__ if type(receiver) is types.MethodType else receiver


def same_function(one: Any, other: Any) -> bool:
    """Tell whether both are one object; bound methods, each of which is new, by their parts."""
    if type(one) is types.MethodType and type(other) is types.MethodType:
        return one.__self__ is other.__self__ and one.__func__ is other.__func__
    return one is other


MISSING: Any = object()


def look_up(name: str) -> Any:
    """Return what a dotted name stands for in the loaded modules, else `MISSING`."""
    parts = name.split(".")
    for end in range(len(parts) - 1, 0, -1):
        found = sys.modules.get(".".join(parts[:end]), MISSING)
        for part in parts[end:]:
            found = own_names(found).get(part, MISSING)
        if found is not MISSING:
            wrapped = type(found) is staticmethod or type(found) is classmethod
            return found.__func__ if wrapped else found
    return MISSING


def is_defined(name: str) -> bool:
    """Tell whether a loaded module defines what is called so, or ends so."""
    if look_up(name) is not MISSING:
        return True
    kinds = (types.FunctionType, type)
    return any(
        issubclass(type(value), kinds) and name_matches(receiver_facts(value).name, name)
        for _, namespace in namespaces()
        for key, value in namespace.items()
        if type(key) is str and (name.endswith(key) or "*" in name)
    )


def never_imported(name: str) -> str | None:
    """Return the module that defines `name`, and that is installed but not loaded; None for none.

    Names may begin below an installed app. Modules are looked for, and read, not imported.
    """
    parts = name.split(".")
    owners = [config.name.split(".") for config in list(apps.app_configs.values())]
    for path in (parts, *([*owner, *parts] for owner in owners)):
        module = _unloaded(path)
        if module is not None:
            return module
    return None


def _unloaded(path: list[str]) -> str | None:
    folders: list[str] | None = None
    for end in range(1, len(path)):
        name = ".".join(path[:end])
        loaded = sys.modules.get(name)
        try:
            if loaded is not None:
                folders = list(own_names(loaded)["__path__"])
                continue
            spec = PathFinder.find_spec(name, folders)
        except Exception:  # noqa: BLE001 - no package; or hooks of the path, which are anybody's
            return None
        if spec is None:
            return None
        if spec.origin is not None and _defines(spec.origin, path[end]):
            return name
        if spec.submodule_search_locations is None:
            return None
        folders = list(spec.submodule_search_locations)
    return None


def _defines(file: str, name: str) -> bool:
    """Tell whether a source gives `name` a value; where it cannot be read, that is not known."""
    try:
        tree = parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return False
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return any(
        (isinstance(node, definitions) and node.name == name)
        or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == name)
        for node in ast.walk(tree)
    )


def pending_operations() -> Iterator[tuple[Any, Any, str]]:
    """Yield the connections that wait for a model: signal, receiver, the model's label."""
    waiting: Any = getattr(apps, "_pending_operations", {})
    for (app_label, model_name), functions in list(waiting.items()):
        for function in list(functions):
            operation: Any = function
            arguments: list[Any] = []
            while True:
                if type(operation) is functools.partial:
                    arguments += operation.args
                    operation = operation.func
                elif type(operation) is types.FunctionType and "func" in own_dict(operation):
                    operation = own_dict(operation)["func"]
                else:
                    break
            if (
                type(operation) is types.MethodType
                and is_signal(operation.__self__)
                and type(operation.__func__) is types.FunctionType
                and operation.__func__.__name__ == "connect"
                and arguments
            ):
                yield operation.__self__, arguments[0], f"{app_label}.{model_name}"
