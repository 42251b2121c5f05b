"""What is noted of a send: where it came from, and small safe facts."""

from __future__ import annotations

import sys
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from signalscope.naming import MAY_BE_STALE, known_senders, sender_facts
from signalscope.places import PACKAGE, USER, file_kinds
from signalscope.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType

__all__ = ["NOTHING", "caller", "facts_of", "maker_of", "place_of"]

# The one way to a caller's line without a traceback.
caller: Callable[[int], FrameType] = sys._getframe  # noqa: SLF001


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


def maker_of(frame: Any) -> tuple[CodeType, int] | None:
    """Find the code that connected a receiver: as `place_of`, unless nobody asked the package to.

    A package that Django or an import ran stands for itself. The project's own code below that is
    what started the program, the same line for all.
    """
    direct = frame.f_code, frame.f_lasti
    package = None
    while frame is not None:
        code = frame.f_code
        kind = file_kinds[code.co_filename]
        if kind == USER:
            return code, frame.f_lasti
        if kind == PACKAGE:
            package = package or (code, frame.f_lasti)
        elif package is not None:
            break
        frame = frame.f_back
    return package or direct


_FLAGS = frozenset({"created", "raw", "using", "update_fields", "action", "reverse"})
NOTHING: dict[str, Any] = {}


def facts_of(named: dict[str, Any]) -> dict[str, Any]:  # noqa: C901, PLR0912 - in one piece
    """Pick what is small and safe; an instance as its class, its key and its id."""
    facts: dict[str, Any] = {}
    for name, value in named.items():
        # What most values are comes first, and identity is the quickest test.
        if value is None or value is True or value is False:
            if name in _FLAGS:
                facts[name] = value
            continue
        cls = type(value)
        if cls is str:
            if name in _FLAGS:
                facts[name] = value
        elif name in _FLAGS:
            if _are_names(value):
                facts[name] = value
        elif name == "pk_set":
            facts["pk_count"] = len(value) if cls is set or cls is frozenset else None
        else:
            # By id: to look a class up would ask its metaclass for a hash.
            try:
                of_class = known_senders[id(cls)]
            except KeyError:
                of_class = sender_facts(cls)
            else:
                if MAY_BE_STALE and of_class.ref() is not cls:
                    of_class = sender_facts(cls)
            if of_class.is_model:
                facts[name] = (of_class, _key_of(value, of_class.key), id(value))
            elif name == "instance":
                facts[name] = (of_class, UNKNOWN, id(value))
    return facts


def _are_names(value: object) -> bool:
    return type(value) is frozenset and all(type(each) is str for each in value)


_KEY_TYPES = (int, str, float, bytes, UUID, Decimal, date, datetime, time)
_KEY_TYPE_IDS = frozenset(map(id, _KEY_TYPES))
_attribute = object.__getattribute__


def _key_of(instance: object, attribute: str | None) -> Any:
    try:
        key = _attribute(instance, "__dict__").get(attribute, UNKNOWN)
    except AttributeError:
        return UNKNOWN
    # Whatever else was put there (an instance, an expression) would live as long as the record.
    return key if key is None or id(type(key)) in _KEY_TYPE_IDS else UNKNOWN
