"""What callables are called, and where their code is."""

from __future__ import annotations

import functools
import types
from typing import Any

from signalscope.reading import bases_of, class_dict, dotted, dotted_name, own_dict

__all__ = ["describe_callable"]


def describe_callable(receiver: Any) -> tuple[str, types.CodeType | None]:
    """Return the dotted name of a callable, and the code that it runs where that is Python's."""
    cls = type(receiver)
    if cls is types.FunctionType:
        name = dotted(receiver.__module__, receiver.__qualname__)
        return name, _unwrapped(receiver).__code__
    if cls is types.MethodType:
        return describe_callable(receiver.__func__)
    if issubclass(cls, functools.partial):
        inner, code = describe_callable(functools.partial.func.__get__(receiver))
        return f"functools.partial({inner})", code
    if cls is types.BuiltinFunctionType:
        return _describe_builtin(receiver), None
    if issubclass(cls, type):
        return dotted_name(receiver), None
    names = (class_dict.__get__(base) for base in bases_of(cls))
    call = next((each["__call__"] for each in names if "__call__" in each), None)
    code = _unwrapped(call).__code__ if type(call) is types.FunctionType else None
    return dotted_name(cls), code


def _describe_builtin(function: types.BuiltinFunctionType) -> str:
    owner = function.__self__
    if owner is None or issubclass(type(owner), types.ModuleType):
        return dotted(function.__module__, function.__name__)
    return dotted(dotted_name(type(owner)), function.__name__)


def _unwrapped(function: types.FunctionType) -> types.FunctionType:
    """Follow `functools.wraps` to the function that a reader would look for."""
    for _ in range(32):
        inner = own_dict(function).get("__wrapped__")
        if type(inner) is not types.FunctionType:
            break
        function = inner
    return function
