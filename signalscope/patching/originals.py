"""Django's own functions, from below whatever was put around them, and the code they are to get."""

from __future__ import annotations

import logging
import types
from importlib import import_module
from typing import TYPE_CHECKING, Any

import django

from signalscope import weaving
from signalscope.errors import InstallError
from signalscope.patching.instance import recorder
from signalscope.patching.targets import FOR_RECORDINGS

if TYPE_CHECKING:
    from signalscope.patching.targets import Targets
    from signalscope.weaving import Weave

__all__ = ["functions_if_known", "functions_of"]

logger: logging.Logger = logging.getLogger("signalscope")

_woven: dict[str, dict[Weave, weaving.WovenCode]] = {}
"""Woven code by module; made once, since reading and compiling Django's source takes a while."""


def functions_of(
    targets: Targets, *, essential: bool = False
) -> dict[types.FunctionType, types.CodeType]:
    """Return Django's functions with the code that they are to get."""
    functions = {}
    for name, weaves in targets.items():
        module = import_module(name)
        known = _woven.setdefault(name, {})
        if not known.keys() >= set(weaves):
            known.update(weaving.weave(module, weaves, recorder))
        for each in weaves:
            function = _original(_owner(module, each), each.name, known[each].plain)
            if function is not None:
                functions[function] = known[each].woven
            elif essential:
                raise _out_of_reach(name, each)
            else:
                logger.info("%s", _out_of_reach(name, each))
    return functions


def functions_if_known(name: str) -> dict[types.FunctionType, types.CodeType]:
    """Return the functions of a module; none where its release is one that the hooks do not fit."""
    try:
        return functions_of(FOR_RECORDINGS[name])
    except Exception as error:
        if name.startswith("django."):
            raise
        logger.info("%s is not watched: %s", name, error)
        return {}


def _owner(module: types.ModuleType, each: Weave) -> Any:
    return module if each.owner is None else getattr(module, each.owner)


def _original(owner: Any, name: str, plain: types.CodeType) -> types.FunctionType | None:
    """Return Django's own function, also from below a wrapper that somebody put around it."""
    seen: set[int] = set()
    queue: list[Any] = [owner.__dict__.get(name)]
    while queue:
        candidate = queue.pop(0)
        if isinstance(candidate, (classmethod, staticmethod)):
            candidate = candidate.__func__
        if not isinstance(candidate, types.FunctionType) or id(candidate) in seen:
            continue
        seen.add(id(candidate))
        if candidate.__code__ == plain:
            return candidate
        if len(seen) < 100:  # noqa: PLR2004 - wrappers are few; a search without end is no search
            queue += _within_reach(candidate)
    return None


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


def _out_of_reach(module: str, each: Weave) -> InstallError:
    found = _owner(import_module(module), each).__dict__.get(each.name)
    return InstallError(
        f"{each.owner or module}.{each.name} is not Django {django.get_version()}'s own function "
        f"(it comes from {getattr(found, '__module__', type(found).__name__)}), and the original "
        "was not found behind it. Install Signalscope before whatever replaces it."
    )
