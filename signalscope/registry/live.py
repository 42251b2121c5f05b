"""What is connected now."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, NamedTuple

from django.apps import apps

from signalscope.errors import SignalscopeError, UnknownName
from signalscope.matching import name_matches
from signalscope.naming import (
    SenderFacts,
    SignalFacts,
    known_senders,
    receiver_facts,
    sender_facts,
    short_name,
    signal_facts,
)
from signalscope.reading import dotted_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import CodeType

    from signalscope.naming import ReceiverFacts
    from signalscope.places import Location

    Place = tuple[CodeType, int] | Location | None

from signalscope.registry.answers import UNKNOWN_SENDER, Connection
from signalscope.registry.entries import ANY_SENDER, Entry, entries_of, id_of, items_of, uid_of
from signalscope.registry.functions import MISSING, look_up
from signalscope.registry.log import connect_log
from signalscope.registry.senders import Senders, all_signals, is_signal, living

__all__ = [
    "Asked",
    "Wire",
    "connection_of",
    "connections",
    "quoted",
    "signals_named",
    "suggestion",
    "wires_of",
]


class Wire(NamedTuple):
    """An entry with its facts."""

    signal: SignalFacts
    entry: Entry
    receiver: ReceiverFacts
    sender: SenderFacts | None
    place: Location | None


def wires_of(signals: Iterable[Any]) -> list[Wire]:
    """Return the connections of these signals, each with what is known of it."""
    found = []
    senders = Senders()
    for signal in signals:
        rows = connect_log.rows(signal)
        for entry in entries_of(signal):
            row = rows.get(id(entry.key))
            try:
                receiver, sender = receiver_facts(entry.receiver), senders.of(entry, row)
            except Exception:  # noqa: BLE001, S112 - a foreign object that cannot be described
                continue
            place = None if row is None else row.place
            found.append(Wire(signal_facts(signal), entry, receiver, sender, place))
    return found


def connection_of(wire: Wire) -> Connection:
    """Return a connection as plain data."""
    return Connection(
        signal_name=wire.signal.name,
        sender_name=UNKNOWN_SENDER if wire.sender is None else wire.sender.name,
        receiver_name=wire.receiver.name,
        dispatch_uid=uid_of(wire.entry),
        weak=wire.entry.weak,
        is_async=wire.entry.is_async,
        file=wire.receiver.file,
        line=wire.receiver.line,
        connected_at=wire.place,
    )


def connections(signal: Any = None, sender: Any = None) -> list[Connection]:
    """Return what is connected now: by the name of the signal, then in the order of sending.

    `signal` narrows it to one signal, and `sender` to what a send by it would call, so that what
    is connected for any sender is included. Both may be objects or dotted names, which may be
    shortened (``post_save``) or patterns (``bookstore.*``). Signals are found that a loaded module
    or its classes hold, or that were seen at work. Raises `UnknownName` for a string that names
    nothing, and `SignalscopeError` for a signal that is none.
    """
    wires = wires_of(signals_named(signal))
    if sender is not None:
        asked = Asked(sender, wires)
        if not asked.found:
            raise UnknownName(asked.unknown())
        wires = [wire for wire in wires if asked.is_for(wire)]
    return [connection_of(wire) for wire in wires]


def signals_named(signal: Any) -> list[Any]:
    """Return the signals that are asked for, ordered by name."""
    if signal is None:
        return _by_name([each for each in all_signals() if items_of(each)])
    if not issubclass(type(signal), str):
        if not is_signal(signal):
            raise SignalscopeError(
                f"A {dotted_name(type(signal))} is no signal: give a django.dispatch.Signal, "
                "or the dotted name of one."
            )
        return [signal]
    signals = all_signals()
    found = [each for each in signals if name_matches(signal_facts(each).name, signal)]
    if not found:
        names = (signal_facts(each).name for each in signals)
        raise UnknownName(
            f"No loaded module holds a signal named {quoted(signal)}. "
            + (suggestion(signal, names) or "Import the module that defines it first.")
        )
    return _by_name(found)


def _by_name(signals: list[Any]) -> list[Any]:
    return sorted(signals, key=lambda signal: signal_facts(signal).name)


def quoted(text: str) -> str:
    """Put a name in quotation marks."""
    return f"'{str.__str__(text)}'"


def suggestion(wanted: str, names: Iterable[str | None]) -> str:
    """Return ``Did you mean ...?`` with the nearest of `names`; an empty string for none."""
    candidates: dict[str, str] = {}
    for name in names:
        if name is not None:
            for form in (name, short_name(name)):
                candidates.setdefault(form.casefold(), name)
    near = difflib.get_close_matches(wanted.casefold(), candidates, n=3, cutoff=0.6)
    found = dict.fromkeys(candidates[form] for form in near)
    return f"Did you mean {' or '.join(found)}?" if found else ""


def same_sender(one: SenderFacts, other: SenderFacts) -> bool:
    """Tell whether both are of one sender, as far as can be known: of two that live, by identity.

    Two models may have one label.
    """
    if one is other:
        return True
    here, there = living(one), living(other)
    if here is None or there is None:
        return one.name == other.name
    return here is there


class Asked:
    """The sender that somebody asks about."""

    def __init__(self, sender: Any, wires: list[Wire]) -> None:
        self._given = sender if issubclass(type(sender), str) else ""
        self._text = self._given or None
        self._key = id_of(sender)
        self._known: list[SenderFacts] = []
        self.found: list[SenderFacts]
        if self._text is None:
            self.found = [sender_facts(sender)]
        else:
            self._known = list(dict.fromkeys(_known_senders(wires)))
            self.found = [each for each in self._known if name_matches(each.name, self._text)]
            named = MISSING if self.found else look_up(self._text)
            if named is not MISSING:
                self.found, self._text, self._key = [sender_facts(named)], None, id_of(named)

    @property
    def name(self) -> str | None:
        """How the answer calls it: as it is called, where what was given names one object only."""
        if self.found and all(same_sender(each, self.found[0]) for each in self.found):
            return self.found[0].name
        return self._given

    def is_for(self, wire: Wire) -> bool:
        """Tell whether a send by this sender calls what `wire` connects."""
        if wire.entry.key[1] == ANY_SENDER:
            return True
        if self._text is None:
            return bool(wire.entry.key[1] == self._key)
        return wire.sender is not None and self.has(wire.sender)

    def has(self, sender: SenderFacts) -> bool:
        """Tell whether `sender` is, or was, one of those that are asked about."""
        return any(same_sender(sender, each) for each in self.found)

    def unknown(self) -> str:
        """Say that nothing is called so."""
        text = self._given
        return f"No sender named {quoted(text)} is known. " + (
            suggestion(text, (each.name for each in self._known))
            or "A model is named by its label, as in app_label.Model; a class by its dotted path."
        )


def _known_senders(wires: list[Wire]) -> Iterator[SenderFacts]:
    """Yield the models, the senders of connections, and those that were seen."""
    for models in list(apps.all_models.values()):
        yield from map(sender_facts, list(models.values()))
    yield from (wire.sender for wire in wires if wire.sender is not None)
    yield from list(known_senders.values())
