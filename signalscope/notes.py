"""What is noted of a send: where it came from, small safe facts, and what went wrong."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from signalscope.naming import PACKAGE, USER, file_kinds, known_senders, sender_facts
from signalscope.records import UNKNOWN, ErrorInfo

if TYPE_CHECKING:
    from types import CodeType

__all__ = ["NOTHING", "caller", "error_info", "facts_of", "place_of"]

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
_PLAIN_TYPES = frozenset({int, str, float, bool, tuple, list, dict, set, frozenset, type})
NOTHING: dict[str, Any] = {}


def facts_of(named: dict[str, Any]) -> dict[str, Any]:
    """Pick what is small and safe; an instance as its class, its key and its id."""
    facts: dict[str, Any] = {}
    for name, value in named.items():
        if name in _FLAGS:
            # Most values are one of three, and identity is the quickest test.
            plain = value is None or value is True or value is False
            if plain or type(value) is str or type(value) is frozenset:
                facts[name] = value
        elif name == "pk_set":
            facts["pk_count"] = len(value) if type(value) in (set, frozenset) else None
        elif value is not None:
            cls = type(value)
            if cls in _PLAIN_TYPES:
                continue
            of_class = known_senders.get(id(cls)) or sender_facts(cls)
            if of_class.is_model:
                facts[name] = (of_class, _key_of(value, of_class.key), id(value))
            elif name == "instance":
                facts[name] = (of_class, UNKNOWN, id(value))
    return facts


def _key_of(instance: object, attribute: str | None) -> Any:
    try:
        return object.__getattribute__(instance, "__dict__").get(attribute, UNKNOWN)
    except AttributeError:
        return UNKNOWN


def error_info(error: BaseException) -> ErrorInfo:
    """Describe an exception, whatever it is."""
    try:
        return ErrorInfo.of(error)
    except Exception:  # noqa: BLE001 - a full stack, a metaclass that raises
        return ErrorInfo("BaseException", "")
