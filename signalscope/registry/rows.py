"""What is remembered of connections: a row for each, by facts and weak references."""

from __future__ import annotations

import contextlib
import functools
import types
from typing import TYPE_CHECKING, Any
from weakref import ref as weak_reference  # by name: tests of Django's mock weakref.ref

from signalscope.naming import SenderFacts, SignalFacts, receiver_facts
from signalscope.registry.entries import key_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from signalscope.naming import ReceiverFacts
    from signalscope.places import Location

__all__ = ["Log", "Logs", "Row"]


class _Mortal(weak_reference[Any]):
    """A weak reference that knows when its object died."""

    __slots__ = ("_stamps",)

    _stamps: list[int]

    @property
    def died(self) -> int | None:
        """When, by the clock; None while it lives, or where that could not be noted."""
        return self._stamps[0] if self._stamps else None


def _mortal(target: object, clock: Callable[[], int]) -> _Mortal | None:
    stamps: list[int] = []
    # An object may die where the stack has no room for a frame of Python's, so all that is called
    # then is C: `next` makes `map` draw a reading of the clock, and hand it to `append`.
    reading = map(stamps.append, iter(clock, None))
    try:
        reference = _Mortal(target, functools.partial(next, reading))
    except TypeError:  # an object that allows no weak reference
        return None
    reference._stamps = stamps  # noqa: SLF001 - its own, as it were: a reference has no __init__
    return reference


class Row:
    """What is known of one connection, be it there still or gone."""

    __slots__ = (
        "ended",
        "function",
        "key",
        "lost",
        "owner",
        "place",
        "receiver",
        "sender",
        "since",
    )

    def __init__(
        self, key: tuple[Any, Any], receiver: Any, clock: Callable[[], int], since: int
    ) -> None:
        self.key: tuple[Any, Any] = key
        """Plain values. Once bound, the very tuple in ``Signal.receivers``: no other is it, though
        ids be used again."""
        self.receiver: ReceiverFacts = receiver_facts(receiver)
        method = type(receiver) is types.MethodType
        self.owner: _Mortal | None = _mortal(receiver.__self__ if method else receiver, clock)
        """The receiver; of a bound method, its instance."""
        self.function: weak_reference[Callable[..., Any]] | None = (
            weak_reference(receiver.__func__) if method else None
        )
        """The function of a bound method."""
        self.sender: SenderFacts | None = None
        """None where it is not known."""
        self.place: Location | None = None
        self.since: int = since
        """By when it was connected."""
        self.ended: int | None = None
        """When disconnect() took it out."""
        self.lost: bool = False
        """Whether nothing follows from the death of the receiver: the connection is strong, or
        went by other means than death and disconnect()."""

    def fits(self, receiver: Any) -> bool:
        """Tell whether `receiver` is what was connected; None for a dead one."""
        if self.owner is None:
            return True
        if type(receiver) is types.MethodType:
            return (
                self.function is not None
                and self.owner() is receiver.__self__
                and self.function() is receiver.__func__
            )
        return self.owner() is receiver and (self.function is None or receiver is None)

    @property
    def died(self) -> int | None:
        """When the receiver died; None while it lives, or where that is not known."""
        return None if self.owner is None else self.owner.died


class Log:
    """The rows of one signal."""

    __slots__ = ("bound", "limit", "unbound", "waiting")

    def __init__(self) -> None:
        self.bound: dict[int, Row] = {}
        """By the id of the key, which the row holds."""
        self.unbound: dict[tuple[Any, Any], list[Row]] = {}
        """Heard of, and not yet found in ``Signal.receivers``; by an equal key, oldest first."""
        self.waiting: int = 0
        """How many rows are unbound."""
        self.limit: int = 2 * PAST

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.bound) + self.waiting

    def rows(self) -> list[Row]:
        """Return all rows, oldest first."""
        unbound = [row for rows in list(self.unbound.values()) for row in list(rows)]
        return sorted([*list(self.bound.values()), *unbound], key=lambda row: row.since)

    def add(self, row: Row) -> None:
        """Add a row that is bound."""
        self.bound[id(row.key)] = row

    def add_unbound(self, row: Row) -> None:
        """Add a row whose connection is about to be made."""
        self.unbound.setdefault(row.key, []).append(row)
        self.waiting += 1

    def drop_unbound(self, row: Row) -> None:
        """Take a row from those that are not bound."""
        # Not locked: a hook may run inside of another, by a finaliser. Threads may come first.
        with contextlib.suppress(KeyError, ValueError):
            rows = self.unbound[row.key]
            rows.remove(row)
            self.waiting -= 1
            if not rows:
                del self.unbound[row.key]

    def prune(self, items: Callable[[], list[Any]]) -> None:
        """Forget the oldest of what is gone, now and then; `items` reads ``Signal.receivers``.

        A connection may be gone by other ways than death and disconnect(): with its sender, or as
        somebody put another list in place of ``Signal.receivers``.
        """
        if self.size <= self.limit:
            return
        present = {id(key_of(item)) for item in items()}
        gone = [
            row
            for row in self.rows()
            if row.ended is not None or row.died is not None or id(row.key) not in present
        ]
        for row in gone[:-PAST]:
            self.bound.pop(id(row.key), None)
            self.drop_unbound(row)
        self.limit = 2 * max(PAST, self.size)


PAST = 200
"""How many connections of one signal that are gone are remembered at least."""


class Logs:
    """The log of each signal, by its facts, for as long as these live.

    Not a `WeakKeyDictionary`: that looks ``weakref.ref`` up at each use, and a program's test may
    have put a mock there.
    """

    def __init__(self) -> None:
        self._held: dict[int, tuple[weak_reference[SignalFacts], Log]] = {}

    def __len__(self) -> int:
        return len(self._held)

    def get(self, facts: SignalFacts) -> Log | None:
        """Return the log of a signal, None where there is none."""
        held = self._held.get(id(facts))
        return None if held is None else held[1]

    def add(self, facts: SignalFacts) -> Log:
        """Begin the log of a signal."""
        key = id(facts)
        log = Log()
        # No function of Python's: facts may die where the stack is full.
        self._held[key] = weak_reference(facts, functools.partial(self._held.pop, key)), log
        return log

    def items(self) -> list[tuple[SignalFacts, Log]]:
        """Return the logs whose facts live."""
        pairs = [(reference(), log) for reference, log in list(self._held.values())]
        return [(facts, log) for facts, log in pairs if facts is not None]
