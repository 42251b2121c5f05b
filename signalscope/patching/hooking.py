"""Woven code goes into Django's functions, and out of them again."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from signalscope.patching.instance import recorder
from signalscope.patching.originals import functions_if_known, functions_of
from signalscope.patching.targets import ESSENTIAL, FURTHER, IF_LOADED
from signalscope.registry import connect_log

if TYPE_CHECKING:
    import types

    from signalscope.patching.targets import Targets

__all__ = ["hook", "is_installed", "unhook"]

_replaced: dict[types.FunctionType, tuple[types.CodeType, types.CodeType]] = {}
"""Function → (the code it had, the code it got)."""

_loaded: set[str] = set()
"""The names of `FOR_RECORDINGS` that are hooked."""


def is_installed() -> bool:
    """Tell whether the send methods are hooked."""
    return bool(_replaced)


def hook(if_loaded: dict[str, Targets] = IF_LOADED) -> None:
    """Give the functions their woven code, as far as they do not have it."""
    found = {}
    if not _replaced:
        found = functions_of(ESSENTIAL, essential=True) | functions_of(FURTHER)
        connect_log.start(recorder.clock())
    for name in if_loaded.keys() - _loaded:
        if name in sys.modules and not _is_being_loaded(name):
            found |= functions_if_known(name)
            _loaded.add(name)
    for function, woven in found.items():
        _replaced[function] = (function.__code__, woven)
        function.__code__ = woven


def _is_being_loaded(name: str) -> bool:
    """Tell whether another thread, or a caller of ours, is still running the module's code."""
    spec = getattr(sys.modules[name], "__spec__", None)
    return bool(getattr(spec, "_initializing", False))


def unhook() -> None:
    """Give every function its own code back."""
    connect_log.stop(recorder.clock())
    for function, (original, ours) in _replaced.items():
        if function.__code__ is ours:
            function.__code__ = original
    _replaced.clear()
    _loaded.clear()
