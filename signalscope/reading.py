"""Reading foreign objects without running code of theirs.

No property and no metaclass of the program runs here: what an object has is read by the descriptors
of Python's own types, and types are told apart by identity, as ``==``, ``in`` and ``isinstance``
can all be overridden.
"""

from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "bases_of",
    "class_dict",
    "class_module",
    "class_name",
    "dotted",
    "dotted_name",
    "model_options",
    "module_dict",
    "namespaces",
    "own_dict",
    "plain_text",
]

class_module: Any = type.__dict__["__module__"]
class_name: Any = type.__dict__["__name__"]
_class_qualname: Any = type.__dict__["__qualname__"]
_class_bases: Any = type.__dict__["__mro__"]
class_dict: Any = type.__dict__["__dict__"]
module_dict: Any = vars(types.ModuleType)["__dict__"]


def plain_text(value: object) -> str | None:
    """Return a string as one of Python's own type; None for what is none."""
    cls = type(value)
    if cls is str:
        return value  # type: ignore[return-value]
    return str.__str__(value) if issubclass(cls, str) else None


def bases_of(cls: type) -> tuple[type, ...]:
    """Return a class and what it inherits from, in the order of look-up."""
    return _class_bases.__get__(cls)  # type: ignore[no-any-return]


def own_dict(target: object) -> Mapping[str, Any]:
    """Return the namespace of an instance, class or module itself; an empty one where it has none.

    A ``__dict__`` that the program defines, as a property say, is passed over.
    """
    if issubclass(type(target), type):
        return class_dict.__get__(target)  # type: ignore[no-any-return]
    for base in bases_of(type(target)):
        getter = class_dict.__get__(base).get("__dict__")
        if type(getter) is types.GetSetDescriptorType or type(getter) is types.MemberDescriptorType:
            try:
                found = getter.__get__(target)
            except (AttributeError, TypeError):
                continue
            # A subclass of dict may have a `get` of its own.
            if type(found) is dict or type(found) is types.MappingProxyType:
                return found
    return {}


def namespaces() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name of each loaded module, and a copy of its names with what they stand for.

    Lazily loaded modules stay asleep.
    """
    for name, module in list(sys.modules.items()):
        if type(name) is str and issubclass(type(module), types.ModuleType):
            yield name, module_dict.__get__(module).copy()


def dotted_name(cls: type) -> str:
    """Return module and qualified name of a class; builtins without their module."""
    return dotted(class_module.__get__(cls), _class_qualname.__get__(cls))


def dotted(module: object, name: object) -> str:
    """Join the two as far as they are text: the program may have assigned anything to them."""
    module, name = plain_text(module), plain_text(name) or "<unnamed>"
    return name if module is None or module == "builtins" else f"{module}.{name}"


def model_options(cls: object) -> Mapping[str, Any]:
    """Return what is in the ``_meta`` of a Django model class; nothing for anything else.

    An inherited one is another model's: a model that has none of its own is about to be made.
    """
    if not issubclass(type(cls), type):
        return {}
    return own_dict(class_dict.__get__(cls).get("_meta"))
