"""What is known of living objects, by their id, until the moment that they die."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import ref as weak_reference  # by name: tests of Django's mock weakref.ref

if TYPE_CHECKING:
    from collections.abc import Callable

    from signalscope.naming.receivers import ReceiverFacts
    from signalscope.naming.senders import SenderFacts
    from signalscope.naming.signals import SignalFacts

    _Facts = TypeVar("_Facts", ReceiverFacts, SenderFacts, SignalFacts)

__all__ = [
    "MAY_BE_STALE",
    "known_receivers",
    "known_senders",
    "known_signals",
    "look_up",
    "remember",
    "weakly",
]

MAY_BE_STALE = sys.version_info < (3, 12)
"""Whether an entry can stay though its object died: up to Python 3.11 a full stack leaves no room
for C code either, so that `remember`'s callback fails there. Who looks an id up has to compare."""

known_receivers: dict[int, ReceiverFacts] = {}
known_senders: dict[int, SenderFacts] = {}
known_signals: dict[int, SignalFacts] = {}
"""Facts by the id of their object. An entry goes the moment its object dies (`remember`), so an id
that is found here belongs to a living object, and it is that object (but see `MAY_BE_STALE`)."""


def look_up(known: dict[int, _Facts], target: object) -> _Facts | None:
    """Return the facts of `target`, where it is known."""
    facts = known.get(id(target))
    return None if facts is None or (MAY_BE_STALE and facts.ref() is not target) else facts


def remember(known: dict[int, _Facts], kind: type[_Facts], target: object) -> _Facts:
    """Make facts of `target`, which are known for as long as it lives."""
    # The callback runs before the memory, and so the id, of the object can be used again. It is C
    # code throughout, since an object may die where the stack has no room for a frame of Python's;
    # `pop` takes the dead reference, which it is called with, as its default.
    key = id(target)
    facts = kind(target, functools.partial(known.pop, key))
    if facts.ref is not _unreferable:
        known[key] = facts
    return facts


def weakly(target: object, forget: Callable[[Any], object] | None) -> Callable[[], Any]:
    """Return a weak reference to `target`, or what stands for one where there can be none."""
    if target is None:
        return _none
    try:
        return weak_reference(target, forget)
    except TypeError:
        return _unreferable


def _none() -> None:
    """Stand for a weak reference to None, which is always there."""


def _unreferable() -> object:
    """Stand for a weak reference to an object that allows none; it matches nothing."""
    return _unreferable
