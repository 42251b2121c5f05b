"""Why a receiver would or would not run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signalscope.context import mutes
from signalscope.matching import name_matches
from signalscope.naming import SignalFacts, receiver_facts, signal_facts
from signalscope.reading import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

    from signalscope.places import Location
    from signalscope.registry.rows import Row

    Place = tuple[CodeType, int] | Location | None

from signalscope.registry.answers import Reason, Why
from signalscope.registry.entries import ANY_SENDER
from signalscope.registry.functions import (
    chain_of,
    function_of,
    is_defined,
    never_imported,
    pending_operations,
    same_function,
)
from signalscope.registry.live import (
    Asked,
    Wire,
    connection_of,
    quoted,
    signals_named,
    suggestion,
    wires_of,
)
from signalscope.registry.log import connect_log
from signalscope.registry.senders import all_signals
from signalscope.registry.sentences import (
    at_place,
    connected_reason,
    ending_of,
    muted_reason,
    place_of,
    relation_of,
    remarks,
    sender_phrase,
    several,
    short_name,
)

__all__ = ["why"]


def why(receiver: Any, signal: Any = None, sender: Any = None) -> Why:
    """Return why `receiver` would or would not run when `signal` is sent by `sender`.

    Each may be an object or a dotted name. Nothing is imported for a name, as that could connect
    the receiver. Where `signal` or `sender` is None, any will do. Raises `UnknownName` for a string
    that names no signal, and `SignalscopeError` for a signal that is none; whatever else is not
    known is among the reasons.
    """
    return _Inquiry(receiver, signal, sender).answer()


class _Inquiry:
    """One question to `why`, with what is looked up to answer it."""

    def __init__(self, receiver: Any, signal: Any, sender: Any) -> None:
        self._receiver = receiver
        self._text = plain_text(receiver)
        self._facts = None if self._text is not None else receiver_facts(receiver)
        self._asked_signals = None
        if signal is not None:
            self._asked_signals = {signal_facts(each) for each in signals_named(signal)}
        self._signals = all_signals()
        self._wires = wires_of(self._signals)
        self._sender = None if sender is None else Asked(sender, self._wires)
        self._mine = sorted(
            (wire for wire in self._wires if self._is_wanted(wire.entry.receiver)),
            key=lambda wire: wire.signal.name,
        )
        self._relevant = [wire for wire in self._mine if self._is_asked(wire.signal)]
        self._running = [
            wire for wire in self._relevant if self._sender is None or self._sender.is_for(wire)
        ]

    def answer(self) -> Why:
        """Put the answer together."""
        heard: list[Wire] = []
        reasons = [*self._unknown_sender()]
        if self._running:
            for wire in self._running:
                reasons.append(connected_reason(wire))
                if self._is_muted(wire):
                    reasons.append(muted_reason(wire))
                else:
                    heard.append(wire)
            reasons += [*several(heard), *remarks(heard)]
        else:
            reasons += self._absence()
        return Why(
            receiver_name=self._name(),
            question=self._question(),
            runs=bool(heard),
            reasons=tuple(dict.fromkeys(reasons)),
            connections=tuple(connection_of(wire) for wire in self._mine),
        )

    # --- What is asked ----------------------------------------------------------------------------

    def _is_wanted(self, connected: Any) -> bool:
        """Tell whether to call `connected` is to run the receiver that is asked about."""
        if self._text is None:
            return any(same_function(each, self._receiver) for each in chain_of(connected))
        names = (receiver_facts(each).name for each in chain_of(connected))
        return any(name_matches(name, self._text) for name in names)

    def _is_asked(self, signal: SignalFacts) -> bool:
        return self._asked_signals is None or signal in self._asked_signals

    def _name(self) -> str:
        if self._facts is not None:
            return self._facts.name
        names = {wire.receiver.name for wire in self._mine}
        return names.pop() if len(names) == 1 else self._text or ""

    def _question(self) -> str:
        what = self._asked_name()
        by = "" if self._sender is None else f"by {self._sender.name}"
        if what:
            return " ".join(filter(None, ("when", what, "is sent", by)))
        return f"when anything is sent {by}" if by else ""

    def _asked_name(self) -> str:
        return " or ".join(sorted(short_name(facts) for facts in self._asked_signals or ()))

    def _is_muted(self, wire: Wire) -> bool:
        sender = wire.sender
        if self._sender is not None and self._sender.found:
            sender = self._sender.found[0]
        return sender is not None and any(
            rule.apply(wire.signal, sender, wire.receiver, wire.entry.receiver)
            for rule in mutes.get()
            if not rule.over
        )

    def _unknown_sender(self) -> Iterator[Reason]:
        if self._sender is not None and not self._sender.found:
            yield Reason("sender-unknown", self._sender.unknown())

    # --- Why it would not run ---------------------------------------------------------------------

    def _absence(self) -> list[Reason]:
        reasons = [*self._gone(), *self._unresolved()]
        if self._relevant:
            reasons += [self._other_sender(wire) for wire in self._relevant]
        elif self._mine:
            reasons += [self._other_signal(wire) for wire in self._mine]
        else:
            reasons += self._likenesses()
        return reasons or [self._nowhere()]

    def _gone(self) -> Iterator[Reason]:
        """Say how connections that answered the question went."""
        for signal in self._signals:
            facts = signal_facts(signal)
            if not self._is_asked(facts):
                continue
            for row in connect_log.past(signal):
                if self._was_wanted(row) and self._was_asked(row):
                    yield from ending_of(facts, row)

    def _was_wanted(self, row: Row) -> bool:
        if self._facts is None:
            return name_matches(row.receiver.name, self._text or "")
        if row.died is None:
            return row.owner is not None and row.fits(self._receiver)
        # The one that died was another; yet one that was made in the same place.
        return place_of(row.receiver) == place_of(self._facts)

    def _was_asked(self, row: Row) -> bool:
        if self._sender is None or row.key[1] == ANY_SENDER:
            return True
        return row.sender is not None and self._sender.has(row.sender)

    def _unresolved(self) -> Iterator[Reason]:
        for signal, receiver, label in pending_operations():
            facts = signal_facts(signal)
            if self._is_asked(facts) and self._is_wanted(receiver):
                yield Reason(
                    "unresolved-sender",
                    f"Its connection to {short_name(facts)} waits for a model {label}, "
                    "and there is "
                    "none: correct the sender's name, or install the app that defines it.",
                )

    def _other_sender(self, wire: Wire) -> Reason:
        asked = self._sender
        name = "the sender asked for" if asked is None else asked.name
        relation = ""
        if asked is not None and wire.sender is not None and len(asked.found) == 1:
            relation = relation_of(wire.signal, wire.sender, asked.found[0])
        remedy = relation or f"Connect it for {name} as well, or for any sender."
        return Reason(
            "other-sender",
            f"It is connected to {short_name(wire.signal)} for {sender_phrase(wire.sender)}, "
            f"not for {name}"
            f"{at_place(wire.place)}. {remedy}",
        )

    def _other_signal(self, wire: Wire) -> Reason:
        asked = self._asked_name()
        connected = short_name(wire.signal)
        if connected == asked:
            connected = wire.signal.name
        return Reason(
            "other-signal",
            f"It is connected to {connected} for {sender_phrase(wire.sender)}, not to {asked}"
            f"{at_place(wire.place)}. Connect it to {asked} as well.",
        )

    def _likenesses(self) -> Iterator[Reason]:
        """Name what is connected and could be mistaken for the receiver."""
        if self._facts is None:
            return
        for wire in self._wires:
            if not self._is_asked(wire.signal):
                continue
            connected, name = wire.entry.receiver, wire.receiver.name
            where = f"{short_name(wire.signal)} for {sender_phrase(wire.sender)}"
            if any(same_function(each, connected) for each in chain_of(self._receiver)):
                yield Reason(
                    "undecorated",
                    f"Connected to {where} is the function as it was before it was decorated"
                    f"{at_place(wire.place)}: sends call that one. Put @receiver above the other "
                    "decorators.",
                )
            elif same_function(function_of(self._receiver), function_of(connected)):
                yield Reason(
                    "other-instance",
                    f"Connected to {where} is {name} of another instance{at_place(wire.place)}. "
                    "Connect the method of this one.",
                )
            elif name == self._facts.name:
                yield Reason(
                    "other-object",
                    f"Connected to {where} is another object of this name, defined at "
                    f"{wire.receiver.file}:{wire.receiver.line}{at_place(wire.place)}: a mock, a "
                    "decorator, a reload or a second import made two of one. Sends call the one "
                    "that was connected.",
                )

    def _nowhere(self) -> Reason:
        text = self._text
        if text is not None:
            module = never_imported(text)
            if module is not None:
                return Reason(
                    "never-imported",
                    f"The module {module} was never imported, so nothing in it is connected. "
                    "Import it in the ready() of its AppConfig.",
                )
            if not is_defined(text):
                names = (wire.receiver.name for wire in self._wires)
                return Reason(
                    "receiver-unknown",
                    f"Nothing connected is named {quoted(text)}, and no loaded module defines it. "
                    + (suggestion(text, names) or "Give its dotted name, module.function."),
                )
        return Reason(
            "not-connected",
            "It is connected to no signal that a loaded module holds. Connect it with "
            "@receiver(signal) or signal.connect(), in a module that the ready() of an AppConfig "
            "imports.",
        )
