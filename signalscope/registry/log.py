"""The log of connections: where and when they were made and ended, by facts and weak references."""

from __future__ import annotations

import contextlib
import time
import types
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any
from weakref import ref as weak_reference  # by name: tests of Django's mock weakref.ref

from django.db.models import signals as model_signals

from signalscope.naming import (
    SenderFacts,
    SignalFacts,
    known_signals,
    note_origin,
    receiver_facts,
    sender_facts,
    signal_facts,
)
from signalscope.notes import caller, place_of
from signalscope.reading import bases_of, dotted_name, own_dict
from signalscope.thrown import thrown_in
from signalscope.values import location_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

    from signalscope.places import Location

    Place = tuple[CodeType, int] | Location | None

from signalscope.registry.entries import (
    ANY_SENDER,
    Entry,
    entries_of,
    entry_of,
    find_item,
    id_of,
    is_plain,
    items_of,
    key_of,
    target_of,
)
from signalscope.registry.rows import Log, Logs, Row
from signalscope.registry.senders import Senders, living
from signalscope.registry.verdicts import CALLED, sent_by, verdict_of_past
from signalscope.registry.waiting import Waiting, is_resumed

__all__ = ["ConnectLog", "Look", "connect_log", "missed"]


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
        self._logs = Logs()
        self._waiting = Waiting()
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
        # What waits now may be joined by others that nobody hears of.
        self._waiting.clear()

    def created(self, signal: Any) -> None:
        """Note where a signal is made, which ``Signal.__init__``, the caller, is to set up.

        May raise anything.
        """
        frame = caller(2)
        bases = bases_of(type(signal))
        # A constructor of the signal's own class is a part of making it.
        while frame.f_code.co_name == "__init__" and _is_constructor(frame.f_code, bases):
            frame = frame.f_back  # type: ignore[assignment]
        place = place_of(frame)
        if place is not None:
            note_origin(signal, place)

    def postponed(
        self, signal: Any, receiver: Any, sender: Any, dispatch_uid: Any, registry: Any
    ) -> None:
        """Note where ``ModelSignal.connect``, the caller, was called for a model yet to be made.

        May raise anything.
        """
        if issubclass(type(sender), str):
            self._waiting.note(signal, receiver, sender, dispatch_uid, registry, caller(2))

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
        if find_item(signal, key) is not None:
            return
        log = self._log_of(signal_facts(signal))
        row = Row(key, receiver, self._clock, ticks)
        row.sender = sender_facts(sender)
        if is_resumed(caller(1)):
            # The code that is about to run now only made the model.
            place = self._waiting.take(signal, receiver, sender, dispatch_uid)
        row.place = location_of(place)
        # Django would take anything for a truth value, and asks it. Once bound, the item tells.
        row.lost = weak is not True
        # Before it is there, since it is not yet found in ``Signal.receivers``.
        self._prune(log, signal)
        log.add_unbound(row)

    def disconnected(
        self, signal: Any, receiver: Any, sender: Any, dispatch_uid: Any, ticks: int
    ) -> None:
        """Note a ``disconnect()`` that is about to happen, unless it will find nothing."""
        if not is_plain(dispatch_uid):
            return
        key = (dispatch_uid or id_of(receiver), id_of(sender))
        item = find_item(signal, key)
        entry = None if item is None else entry_of(item)
        if entry is None:
            return
        log = self._log_of(signal_facts(signal))
        row = log.bound.get(id(entry.key)) or _bind(log, entry.key, item)
        if row is None and self._until is None and self._since is not None:
            row = self._row_of_old(entry, Senders(scan=False), self._since)
            log.add(row)
        if row is not None:
            row.ended = ticks
        self._prune(log, signal)

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
            (row.receiver.name, verdict_of_past(row, sender, started))
            for row in ([] if log is None else log.rows())
            if id(row.key) not in current and row.since <= started
        ]
        called = {name for name, verdict in found if verdict == CALLED}
        return list(
            dict.fromkeys(
                (name, verdict)
                for name, verdict in found
                if verdict not in (None, CALLED) and name not in called
            )
        )

    def died(self) -> list[tuple[SignalFacts, Row]]:
        """Return the connections that were made where it was seen, and whose receiver died."""
        return [
            (facts, row)
            for facts, log in self._logs.items()
            for row in log.rows()
            if row.died is not None and row.ended is None and not row.lost
        ]

    def look(self) -> Look:
        """Return an answer to `missed` for many dispatches, as connections are at this moment."""
        return Look(self)

    def moments(self, signal: SignalFacts) -> list[int]:
        """Return the ticks at which something changed in the connections of `signal`, sorted."""
        log = self._logs.get(signal)
        times: list[int | None] = [self._since, self._until]
        for row in [] if log is None else log.rows():
            times += row.since, row.ended, row.died
        return sorted({each for each in times if each is not None})

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

    def _log_of(self, facts: SignalFacts) -> Log:
        return self._logs.get(facts) or self._logs.add(facts)

    def _prune(self, log: Log, signal: object) -> None:
        def items() -> list[Any]:
            self._sync(log, signal)
            return items_of(signal)

        log.prune(items)

    def _sync(self, log: Log, signal: object) -> None:
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
        for row in log.rows():
            if id(row.key) not in present and row.ended is None:
                died = row.died
                if died is None or (self._until is not None and died > self._until):
                    row.lost = True

    def _adopt(self, log: Log, signal: object) -> None:
        """Note connections that are older than `start`: nobody was heard to make them since."""
        self._sync(log, signal)
        senders = Senders(scan=False)
        for entry in entries_of(signal):
            if id(entry.key) in log.bound or not is_plain(entry.key) or self._since is None:
                continue
            with contextlib.suppress(Exception):  # a foreign object that cannot be described
                log.add(self._row_of_old(entry, senders, self._since))
        self._prune(log, signal)

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
        other = None if entry.sender_ref is None else target_of(entry.sender_ref)
        if other is None and row is not None and row.sender is not None:
            other = living(row.sender)
        same = sent_by(sender, entry.key[1], other)
        return None if same is None else CALLED if same else "other-sender"


class Look:
    """What `ConnectLog.missed` says, remembered for each stretch of time without a change."""

    def __init__(self, log: ConnectLog) -> None:
        self._log = log
        self._moments: dict[int, list[int]] = {}
        self._answers: dict[tuple[int, int, int, int], list[tuple[str, str]]] = {}

    def missed(
        self, signal: SignalFacts, sender: SenderFacts, started: int
    ) -> list[tuple[str, str]]:
        """Return receivers that a dispatch did not call: see `ConnectLog.missed`."""
        if id(signal) not in self._moments:
            # Before the first answer is asked for, so that rows are bound.
            self._log.missed(signal, sender, started)
            self._moments[id(signal)] = self._log.moments(signal)
        moments = self._moments[id(signal)]
        key = id(signal), id(sender), bisect_left(moments, started), bisect_right(moments, started)
        if key not in self._answers:
            self._answers[key] = self._log.missed(signal, sender, started)
        return self._answers[key]


def _name_of(receiver: object) -> str:
    try:
        return receiver_facts(receiver).name
    except Exception as error:  # a foreign object that cannot be described
        if thrown_in(error):
            raise
        return dotted_name(type(receiver))


_BYPASSED = {
    "bulk_create": (model_signals.pre_save, model_signals.post_save),
    "bulk_update": (model_signals.pre_save, model_signals.post_save),
    "update": (model_signals.pre_save, model_signals.post_save),
    "_raw_delete": (model_signals.pre_delete, model_signals.post_delete),
}


def _bind(log: Log, key: tuple[Any, Any], item: Any) -> Row | None:
    """Find the row of a connect() whose item is seen for the first time."""
    receiver = target_of(item[1]) if issubclass(type(item[1]), weak_reference) else item[1]
    if not is_plain(key):
        return None
    for row in reversed(log.unbound.get(key, ())):
        if row.ended is None and row.fits(receiver):
            log.drop_unbound(row)
            row.key = key
            log.add(row)
            return row
    return None


def _is_constructor(code: CodeType, bases: tuple[type, ...]) -> bool:
    """Tell whether `code` is that of an ``__init__`` of these classes."""
    functions = (own_dict(base).get("__init__") for base in bases)
    return any(type(each) is types.FunctionType and each.__code__ is code for each in functions)


connect_log: ConnectLog = ConnectLog()
"""The log of this process."""


def missed(signal: SignalFacts, sender: SenderFacts, started: int) -> list[tuple[str, str]]:
    """Return receivers that a dispatch did not call; see `ConnectLog.missed`."""
    return connect_log.missed(signal, sender, started)
