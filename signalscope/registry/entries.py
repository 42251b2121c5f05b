"""Reading ``Signal.receivers``, whose items differ by version of Django; it is never written.

Its items hold the receivers, so whatever holds an item lives for one question only.
"""

from __future__ import annotations

import inspect
import types
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakMethod
from weakref import ref as weak_reference  # by name: tests of Django's mock weakref.ref

from signalscope.reading import dotted_name, own_dict, plain_text

if TYPE_CHECKING:
    from types import CodeType

    from signalscope.places import Location

    Place = tuple[CodeType, int] | Location | None


__all__ = [
    "ANY_SENDER",
    "Entry",
    "entries_of",
    "entry_of",
    "find_item",
    "id_of",
    "is_plain",
    "items_of",
    "key_of",
    "same_key",
    "target_of",
    "uid_of",
]


class Entry(NamedTuple):
    """One item of ``Signal.receivers`` that a send could call."""

    key: tuple[Any, Any]
    """(dispatch uid, or id of the receiver; id of the sender): a tuple made by one connect()."""
    receiver: Any
    weak: bool
    is_async: bool
    sender_ref: weak_reference[Any] | None


def items_of(signal: object) -> list[Any]:
    """Return the items of ``Signal.receivers``; none where somebody made it something else."""
    receivers = own_dict(signal).get("receivers")
    # By list's own method: a subclass may iterate in a way of its own.
    return list.copy(receivers) if issubclass(type(receivers), list) else []  # type: ignore[arg-type]


def key_of(item: Any) -> tuple[Any, Any] | None:
    """Return the key of an item of a known shape, None for any other."""
    # Django 5.2: (key, receiver, is_async); from 6.0 on: (key, receiver, sender, is_async).
    if type(item) is not tuple or len(item) not in (3, 4):
        return None
    key = item[0]
    known = type(key) is tuple and len(key) == 2 and type(item[-1]) is bool  # noqa: PLR2004
    return key if known else None


def target_of(reference: Any) -> Any:
    """Return what a weak reference is to, be it of a subclass; None where that is gone."""
    if issubclass(type(reference), WeakMethod):
        return WeakMethod.__call__(reference)
    return weak_reference.__call__(reference)


def entry_of(item: Any) -> Entry | None:
    """Return an item as an entry, None where its shape is unknown or it is dead."""
    key = key_of(item)
    if key is None:
        return None
    receiver, *sender_refs, is_async = item[1:]
    sender_ref = sender_refs[0] if sender_refs else None
    if sender_ref is not None and (
        not issubclass(type(sender_ref), weak_reference) or target_of(sender_ref) is None
    ):
        return None
    weak = issubclass(type(receiver), weak_reference)
    target = target_of(receiver) if weak else receiver
    return None if target is None else Entry(key, target, weak, is_async, sender_ref)


def entries_of(signal: object) -> list[Entry]:
    """Return the connections to living receivers, in Django's order."""
    return [entry for entry in map(entry_of, items_of(signal)) if entry is not None]


def id_of(target: Any) -> Any:
    """Return the key that Django makes of a receiver or sender, asking it for nothing."""
    if type(target) is types.MethodType:
        return (id(target.__self__), id(target.__func__))
    return id(target)


ANY_SENDER = id(None)


def is_plain(value: object) -> bool:
    """Tell whether a dispatch uid is plain data."""
    if type(value) is tuple:
        return all(map(is_plain, value))
    return id(type(value)) in _PLAIN


# By id: a metaclass of the program may have an equality, and a hash, of its own.
_PLAIN = frozenset(map(id, (str, int, float, bool, bytes, type(None))))


def find_item(signal: object, key: tuple[Any, Any]) -> Any:
    """Return the living item of ``Signal.receivers`` with a plain `key`; None where there is none.

    This runs at every connect(), so it looks closer only at keys that begin alike.
    """
    first = key[0]
    kind = type(first)
    for item in items_of(signal):
        its_key = key_of(item)
        if its_key is None or type(its_key[0]) is not kind:
            continue
        if kind is not tuple and its_key[0] != first:
            continue
        if same_key(its_key, key) and entry_of(item) is not None:
            return item
    return None


def same_key(one: tuple[Any, Any], other: tuple[Any, Any]) -> bool:
    """Tell whether two keys are of one connection."""
    return is_plain(one) and is_plain(other) and one == other


def uid_of(entry: Entry) -> Any:
    """Return what was given as ``dispatch_uid``, made plain; None where none was."""
    uid = entry.key[0]
    if is_plain(uid):
        if uid == id_of(entry.receiver):
            return None
        # What only looks like a method, Django takes for one.
        pair = type(uid) is tuple and len(uid) == 2  # noqa: PLR2004
        if pair and inspect.getattr_static(entry.receiver, "__func__", None) is not None:
            return None
    return _plain(uid)


def _plain(value: Any) -> Any:
    text = plain_text(value)
    if text is not None:
        return text
    if type(value) is tuple:
        return tuple(map(_plain, value))
    return value if is_plain(value) else f"<{dotted_name(type(value))}>"
