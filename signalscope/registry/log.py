"""The log of connections: where and when they were made and ended, by facts and weak references."""

from __future__ import annotations

import contextlib
import functools
import time
import types
from typing import TYPE_CHECKING, Any
from weakref import ref as weak_reference  # by name: tests of Django's mock weakref.ref

from django.db.models import signals as model_signals

from signalscope.naming import (
    Location,
    SenderFacts,
    SignalFacts,
    dotted_name,
    known_signals,
    receiver_facts,
    signal_facts,
)
from signalscope.records import location_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

    from signalscope.naming import ReceiverFacts

    Place = tuple[CodeType, int] | Location | None

from signalscope.registry.entries import (
    ANY_SENDER,
    Entry,
    entries_of,
    id_of,
    is_plain,
    items_of,
    key_of,
    same_key,
)
from signalscope.registry.senders import Senders, living

__all__ = ["ConnectLog", "Row", "connect_log", "missed"]


class _Mortal(weak_reference[Any]):
    """A weak reference that knows when its object died."""

    __slots__ = ("died",)

    died: int | None


def _mortal(target: object, clock: Callable[[], int]) -> _Mortal | None:
    try:
        reference = _Mortal(target, functools.partial(_note_death, clock))
    except TypeError:  # an object that allows no weak reference
        return None
    reference.died = None
    return reference


def _note_death(clock: Callable[[], int], reference: _Mortal) -> None:
    reference.died = clock()


def _forget(_: object) -> None:
    """Facts that are not looked up by id need not hear that their object died."""


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
        self.key = key
        """Plain values. Once bound, the very tuple in ``Signal.receivers``: no other is it, though
        ids be used again."""
        self.receiver: ReceiverFacts = receiver_facts(receiver)
        method = type(receiver) is types.MethodType
        self.owner = _mortal(receiver.__self__ if method else receiver, clock)
        """The receiver; of a bound method, its instance."""
        self.function = weak_reference(receiver.__func__) if method else None
        """The function of a bound method."""
        self.sender: SenderFacts | None = None
        """None where it is not known."""
        self.place: Location | None = None
        self.since = since
        """By when it was connected."""
        self.ended: int | None = None
        """When disconnect() took it out."""
        self.lost = False
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


class _Log:
    """The rows of one signal."""

    __slots__ = ("bound", "limit", "unbound")

    def __init__(self) -> None:
        self.bound: dict[int, Row] = {}
        """By the id of the key, which the row holds."""
        self.unbound: list[Row] = []
        """Heard of, and not yet found in ``Signal.receivers``."""
        self.limit = 2 * _PAST

    def rows(self) -> list[Row]:
        """Return all rows, oldest first."""
        return sorted([*self.bound.values(), *self.unbound], key=lambda row: row.since)

    def add(self, row: Row) -> None:
        """Add a row that is bound."""
        self.bound[id(row.key)] = row

    def drop_unbound(self, row: Row) -> None:
        """Take a row from those that are not bound."""
        # Not locked: a hook may run inside of another, by a finaliser. Threads may come first.
        with contextlib.suppress(ValueError):
            self.unbound.remove(row)

    def prune(self) -> None:
        """Forget the oldest of what is gone, now and then."""
        if len(self.bound) + len(self.unbound) <= self.limit:
            return
        rows = self.rows()
        gone = [row for row in rows if row.ended is not None or row.died is not None]
        for row in gone[:-_PAST]:
            self.bound.pop(id(row.key), None)
            self.drop_unbound(row)
        self.limit = 2 * max(_PAST, len(self.bound) + len(self.unbound))


_PAST = 200
"""How many connections of one signal that are gone are remembered at least."""


class _Logs:
    """The log of each signal, by its facts, for as long as these live.

    Not a `WeakKeyDictionary`: that looks ``weakref.ref`` up at each use, and a program's test may
    have put a mock there.
    """

    def __init__(self) -> None:
        self._held: dict[int, tuple[weak_reference[SignalFacts], _Log]] = {}

    def __len__(self) -> int:
        return len(self._held)

    def get(self, facts: SignalFacts) -> _Log | None:
        held = self._held.get(id(facts))
        return None if held is None else held[1]

    def add(self, facts: SignalFacts) -> _Log:
        key = id(facts)
        log = _Log()
        self._held[key] = weak_reference(facts, lambda _: self._held.pop(key, None)), log
        return log

    def items(self) -> list[tuple[SignalFacts, _Log]]:
        pairs = [(reference(), log) for reference, log in list(self._held.values())]
        return [(facts, log) for facts, log in pairs if facts is not None]


class ConnectLog:
    """Remembers where and when connections were made and ended, and keeps nothing else alive.

    `connected` and `disconnected` are to be called *before* Django changes the registry: only then
    can be seen which connection a ``disconnect()`` ends, and that a ``connect()`` changes nothing.
    `start` and `stop` say from when to when all calls arrive. Outside these times connections can
    come and go unseen; of what they leave open, nothing is claimed. Ticks are nanoseconds of
    `clock`. Connections whose dispatch uid is not plain data are not remembered.
    """

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self._clock = clock
        self._logs = _Logs()
        self._since: int | None = None
        self._until: int | None = 0

    def start(self, ticks: int) -> None:
        """Begin to hear of every ``connect()`` and ``disconnect()``; starting again: no change."""
        if self._until is None:
            return
        for facts, log in self._logs.items():
            signal = facts.ref()
            if signal is not None:
                self._sync(log, signal)
        self._since, self._until = ticks, None

    def stop(self, ticks: int) -> None:
        """Hear no more, and note what is connected, while it is known since when."""
        if self._until is not None:
            return
        for facts in list(known_signals.values()):
            signal = facts.ref()
            if signal is not None and items_of(signal):
                self._adopt(self._log_of(facts), signal)
        self._until = ticks

    def connected(  # noqa: PLR0913, PLR0917 - the parameters of Signal.connect
        self,
        signal: Any,
        receiver: Any,
        sender: Any,
        weak: bool,  # noqa: FBT001
        dispatch_uid: Any,
        place: Place,
        ticks: int,
    ) -> None:
        """Note a ``connect()`` that is about to happen, unless Django will ignore it."""
        if not is_plain(dispatch_uid):
            return
        key = (dispatch_uid or id_of(receiver), id_of(sender))
        log = self._log_of(signal_facts(signal))
        self._sync(log, signal)
        if any(same_key(entry.key, key) for entry in entries_of(signal)):
            return
        row = Row(key, receiver, self._clock, ticks)
        # Not `sender_facts`: a model may connect while it is made, and facts of half a model stay.
        row.sender = SenderFacts(sender, _forget)
        row.place = location_of(place)
        row.lost = not weak
        log.unbound.append(row)
        log.prune()

    def disconnected(
        self, signal: Any, receiver: Any, sender: Any, dispatch_uid: Any, ticks: int
    ) -> None:
        """Note a ``disconnect()`` that is about to happen, unless it will find nothing."""
        if not is_plain(dispatch_uid):
            return
        key = (dispatch_uid or id_of(receiver), id_of(sender))
        entry = next((each for each in entries_of(signal) if same_key(each.key, key)), None)
        if entry is None:
            return
        log = self._log_of(signal_facts(signal))
        self._sync(log, signal)
        row = log.bound.get(id(entry.key))
        if row is None and self._until is None and self._since is not None:
            row = self._row_of_old(entry, Senders(scan=False), self._since)
            log.add(row)
        if row is not None:
            row.ended = ticks
        log.prune()

    def missed(
        self, signal: SignalFacts, sender: SenderFacts, started: int
    ) -> list[tuple[str, str]]:
        """Return receivers that a dispatch did not call: (name, ``other-sender`` or ``dead``).

        `started` is when it began. What cannot be known is left out.
        """
        if type(signal) is not SignalFacts or type(sender) is not SenderFacts:
            return []  # of a saved recording
        found: list[tuple[str, str | None]] = []
        current: set[int] = set()
        target = signal.ref()
        rows = {} if target is None else self.rows(target)
        for entry in [] if target is None else entries_of(target):
            current.add(id(entry.key))
            verdict = self._verdict(entry, rows.get(id(entry.key)), sender, started)
            found.append((_name_of(entry.receiver), verdict))
        log = self._logs.get(signal)
        found += [
            (row.receiver.name, _verdict_of_past(row, sender, started))
            for row in ([] if log is None else log.rows())
            if id(row.key) not in current and row.since <= started
        ]
        called = {name for name, verdict in found if verdict == _CALLED}
        return list(
            dict.fromkeys(
                (name, verdict)
                for name, verdict in found
                if verdict not in (None, _CALLED) and name not in called
            )
        )

    def bypassed_receivers(self, model: type, operation: str) -> tuple[str, ...]:
        """Return the names of the receivers that a bulk operation on `model` skips, in order."""
        names: dict[str, None] = {}
        for signal in _BYPASSED.get(operation, ()):
            for entry in entries_of(signal):
                if entry.key[1] in (ANY_SENDER, id(model)):
                    names[_name_of(entry.receiver)] = None
        return tuple(names)

    def rows(self, signal: object) -> dict[int, Row]:
        """Return what is known of the connections of `signal`, by the id of their key."""
        log = self._logs.get(signal_facts(signal))
        if log is None:
            return {}
        self._sync(log, signal)
        return log.bound

    def past(self, signal: object) -> list[Row]:
        """Return what is known of connections of `signal` that are gone, oldest first."""
        log = self._logs.get(signal_facts(signal))
        if log is None:
            return []
        self._sync(log, signal)
        current = {id(entry.key) for entry in entries_of(signal)}
        return [row for row in log.rows() if id(row.key) not in current]

    def _log_of(self, facts: SignalFacts) -> _Log:
        return self._logs.get(facts) or self._logs.add(facts)

    def _sync(self, log: _Log, signal: object) -> None:
        """Bind rows to the registry's items, and mark those that it has lost."""
        present = set()
        for item in items_of(signal):
            key = key_of(item)
            if key is None:
                continue
            present.add(id(key))
            row = log.bound.get(id(key))
            if row is None and log.unbound:
                row = _bind(log, key, item)
            if row is not None and row.ended is None:
                row.lost = not issubclass(type(item[1]), weak_reference)
        for row in [*log.bound.values(), *log.unbound]:
            if id(row.key) not in present and row.ended is None:
                died = row.died
                if died is None or (self._until is not None and died > self._until):
                    row.lost = True

    def _adopt(self, log: _Log, signal: object) -> None:
        """Note connections that are older than `start`: nobody was heard to make them since."""
        self._sync(log, signal)
        senders = Senders(scan=False)
        for entry in entries_of(signal):
            if id(entry.key) in log.bound or not is_plain(entry.key) or self._since is None:
                continue
            with contextlib.suppress(Exception):  # a foreign object that cannot be described
                log.add(self._row_of_old(entry, senders, self._since))

    def _row_of_old(self, entry: Entry, senders: Senders, since: int) -> Row:
        row = Row(entry.key, entry.receiver, self._clock, since)
        row.sender = senders.of(entry, None)
        row.lost = not entry.weak
        return row

    def _verdict(
        self, entry: Entry, row: Row | None, sender: SenderFacts, started: int
    ) -> str | None:
        """Tell what a dispatch did with a receiver that is connected still."""
        since = row.since if row is not None else self._since if self._until is None else None
        if since is None or since > started:
            return None
        other = None if entry.sender_ref is None else entry.sender_ref()
        if other is None and row is not None and row.sender is not None:
            other = living(row.sender)
        same = _sent_by(sender, entry.key[1], other)
        return None if same is None else _CALLED if same else "other-sender"


_CALLED = "called"


def _name_of(receiver: object) -> str:
    try:
        return receiver_facts(receiver).name
    except Exception:  # noqa: BLE001 - a foreign object that cannot be described
        return dotted_name(type(receiver))


_BYPASSED = {
    "bulk_create": (model_signals.pre_save, model_signals.post_save),
    "bulk_update": (model_signals.pre_save, model_signals.post_save),
    "update": (model_signals.pre_save, model_signals.post_save),
    "_raw_delete": (model_signals.pre_delete, model_signals.post_delete),
}


def _bind(log: _Log, key: tuple[Any, Any], item: Any) -> Row | None:
    """Find the row of a connect() whose item is seen for the first time."""
    receiver = item[1]() if issubclass(type(item[1]), weak_reference) else item[1]
    for row in reversed(log.unbound):
        if row.ended is None and same_key(row.key, key) and row.fits(receiver):
            log.drop_unbound(row)
            row.key = key
            log.add(row)
            return row
    return None


def _verdict_of_past(row: Row, sender: SenderFacts, started: int) -> str | None:
    """Tell what a dispatch did with a receiver that was connected before it, and is gone."""
    gone = row.ended if row.ended is not None else None if row.lost else row.died
    if gone is None:
        return None
    other = None
    if row.sender is not None:
        gone_sender = row.sender.name is not None and row.sender.ref() is None
        other = _DEAD if gone_sender else living(row.sender)
    same = _sent_by(sender, row.key[1], other)
    if same is None:
        return None
    if gone > started:
        return _CALLED if same else "other-sender"
    return "dead" if same and row.ended is None else None


_DEAD: Any = object()


def _sent_by(sender: SenderFacts, key: Any, other: Any) -> bool | None:
    """Tell whether a connection is for `sender`; None where that cannot be known.

    `key` is the id of the connection's sender, and `other` that sender: None where it is not known,
    `_DEAD` for one that is gone.
    """
    if key == ANY_SENDER:
        return True
    if sender.name is None:
        return False
    target = living(sender)
    if target is not None:
        return bool(key == id_of(target)) if other is None else other is target
    # Nobody can tell its id by now. Yet it was none that can be referred to, or is there still.
    if other is None or (other is _DEAD and sender.ref() is None):
        return None
    return False


connect_log = ConnectLog()
"""The log of this process."""


def missed(signal: SignalFacts, sender: SenderFacts, started: int) -> list[tuple[str, str]]:
    """Return receivers that a dispatch did not call; see `ConnectLog.missed`."""
    return connect_log.missed(signal, sender, started)
