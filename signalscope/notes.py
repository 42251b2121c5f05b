"""What is noted of a send: where it came from, and small safe facts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from signalscope.naming import PACKAGE, USER, file_kinds, known_senders, sender_facts
from signalscope.records import UNKNOWN

if TYPE_CHECKING:
    from types import CodeType

__all__ = ["NOTHING", "caller", "facts_of", "place_of"]

caller = sys._getframe  # noqa: SLF001 - the one way to a caller's line without a traceback


def place_of(frame: Any) -> tuple[CodeType, int] | None:
    """Find the nearest code of the project's own; else of a package; else what sent."""
    direct = code, _ = frame.f_code, frame.f_lasti
    if file_kinds.get(code.co_filename) == USER:
        return direct
    package = None
    while frame is not None:
        code = frame.f_code
        kind = file_kinds[code.co_filename]
        if kind == USER:
            return code, frame.f_lasti
        if kind == PACKAGE and package is None:
            package = code, frame.f_lasti
        frame = frame.f_back
    return package or direct


_FLAGS = frozenset({"created", "raw", "using", "update_fields", "action", "reverse"})
_PLAIN_TYPES = (int, str, float, bool, tuple, list, dict, set, frozenset, type)
# By id: to look a class up would ask its metaclass for a hash.
_PLAIN_IDS = frozenset(map(id, _PLAIN_TYPES))
NOTHING: dict[str, Any] = {}


def facts_of(named: dict[str, Any]) -> dict[str, Any]:
    """Pick what is small and safe; an instance as its class, its key and its id."""
    facts: dict[str, Any] = {}
    for name, value in named.items():
        # Most values are one of three, and identity is the quickest test.
        if value is None or value is True or value is False:
            if name in _FLAGS:
                facts[name] = value
            continue
        cls = type(value)
        if name in _FLAGS:
            if cls is str or cls is frozenset:
                facts[name] = value
        elif name == "pk_set":
            facts["pk_count"] = len(value) if cls is set or cls is frozenset else None
        elif id(cls) not in _PLAIN_IDS:
            of_class = known_senders.get(id(cls)) or sender_facts(cls)
            if of_class.is_model:
                facts[name] = (of_class, _key_of(value, of_class.key), id(value))
            elif name == "instance":
                facts[name] = (of_class, UNKNOWN, id(value))
    return facts


_dict_of = object.__getattribute__


def _key_of(instance: object, attribute: str | None) -> Any:
    try:
        return _dict_of(instance, "__dict__").get(attribute, UNKNOWN)
    except AttributeError:
        return UNKNOWN
