"""The sentences of an answer."""

from __future__ import annotations

import functools
import types
from typing import TYPE_CHECKING, Any

from signalscope import naming
from signalscope.places import short_path
from signalscope.reading import model_options

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

    from signalscope.naming import ReceiverFacts, SenderFacts, SignalFacts
    from signalscope.places import Location
    from signalscope.registry.live import Wire
    from signalscope.registry.rows import Row

    Place = tuple[CodeType, int] | Location | None

from signalscope.registry.answers import Reason
from signalscope.registry.entries import ANY_SENDER
from signalscope.registry.functions import MISSING, chain_of, function_of, look_up, same_function

__all__ = [
    "at_place",
    "connected_reason",
    "ending_of",
    "muted_reason",
    "place_of",
    "relation_of",
    "remarks",
    "sender_phrase",
    "several",
    "short_name",
]


def short_name(signal: SignalFacts) -> str:
    """Return the last part of a signal's name."""
    return naming.short_name(signal.name)


def sender_phrase(sender: SenderFacts | None) -> str:
    """Say for which sender."""
    if sender is None:
        return "a sender that is not known by name"
    return "any sender" if sender.name is None else sender.name


def at_place(place: Location | None) -> str:
    """Say where a connection was made, where that is known."""
    return "" if place is None else f", at {short_path(place.file)}:{place.line}"


def place_of(facts: ReceiverFacts) -> tuple[str, str | None, int | None]:
    """Return name and place of a receiver, by which double imports are known."""
    return facts.name, facts.file, facts.line


def connected_reason(wire: Wire) -> Reason:
    """Say that a connection fits."""
    return Reason(
        "connected",
        f"It is connected to {short_name(wire.signal)} for {sender_phrase(wire.sender)}"
        f"{at_place(wire.place)}.",
    )


def muted_reason(wire: Wire) -> Reason:
    """Say that a connection fits, and is muted here."""
    return Reason(
        "muted",
        f"It is muted here for {short_name(wire.signal)}, until the block of muted() ends.",
    )


def several(wires: list[Wire]) -> Iterator[Reason]:
    """Say where one send runs it more than once."""
    groups: dict[tuple[Any, ...], list[Wire]] = {}
    for wire in wires:
        groups.setdefault((wire.signal, *place_of(wire.receiver)), []).append(wire)
    for (signal, *_), group in groups.items():
        senders = [wire.entry.key[1] for wire in group]
        anyway = senders.count(ANY_SENDER)
        times = anyway + max(
            (senders.count(each) for each in senders if each != ANY_SENDER), default=0
        )
        if times > 1:
            yield Reason(
                "several",
                f"It is wired {times} times for one send of {short_name(signal)}, "
                "and runs each time: "
                "connect it once, or always with the same dispatch_uid.",
            )


def remarks(wires: list[Wire]) -> Iterator[Reason]:
    """Say what may surprise about a receiver that runs."""
    for wire in wires:
        name, receiver = wire.receiver.name, wire.entry.receiver
        what = _short_lived(receiver, name) if wire.entry.weak else None
        if what is not None:
            yield Reason(
                "short-lived",
                f"It is held weakly, so it is gone as soon as nothing else holds the {what}: keep "
                "a reference to it, or connect it with weak=False. (With DEBUG on, Django may keep "
                "it alive.)",
            )
        yield from _replacement(receiver, name)


def _short_lived(receiver: Any, name: str) -> str | None:
    """Return what has to be held elsewhere, where it is seldom."""
    if type(receiver) is types.MethodType:
        return None if issubclass(type(receiver.__self__), type) else "instance"
    if issubclass(type(receiver), functools.partial):
        return "partial"
    return "function" if type(receiver) is types.FunctionType and "<" in name else None


def _replacement(receiver: Any, name: str) -> Iterator[Reason]:
    """Say where the module holds another object by now than the one that is connected."""
    function = function_of(receiver)
    if type(function) is not types.FunctionType or "<" in name:
        return
    held = look_up(name)
    if held is MISSING or any(same_function(each, held) for each in chain_of(function)):
        return
    if any(same_function(each, function) for each in chain_of(held)):
        yield Reason(
            "undecorated",
            "Connected is the function as it was before its module decorated it further: sends "
            "call that one. Put @receiver above the other decorators.",
        )
    else:
        yield Reason(
            "replaced",
            f"{name} is another object by now (a mock, a reload, an assignment): sends go on "
            "calling the one that was connected.",
        )


def ending_of(signal: SignalFacts, row: Row) -> Iterator[Reason]:
    """Say how a connection ended."""
    to_whom = f"{short_name(signal)} for {sender_phrase(row.sender)}"
    was = f"It was connected to {to_whom}{at_place(row.place)}"
    if row.ended is not None:
        yield Reason("disconnected", f"{was}, and disconnect() took it out. Connect it again.")
    elif row.died is not None and not row.lost:
        yield Reason(
            "dead",
            f"{was}, weakly, and was garbage-collected, as nothing else held it. Define it at the "
            "level of a module, keep a reference to it, or connect it with weak=False.",
        )


def relation_of(  # noqa: PLR0911 - one for each confusion
    signal: SignalFacts, connected: SenderFacts, asked: SenderFacts
) -> str:
    """Explain what two senders, which are easily taken for one another, are to each other."""
    one, other = connected.ref(), asked.ref()
    here, there = connected.name, asked.name
    confusion = _confusion(here, there)
    if confusion:
        return confusion
    if not (_is_class(one) and _is_class(other)):
        return ""
    if connected.is_model and asked.is_model:
        mine, yours = model_options(one), model_options(other)
        if short_name(signal) == "m2m_changed" and (
            bool(mine.get("auto_created")) is not bool(yours.get("auto_created"))
        ):
            return "m2m_changed is sent by the model in between, as in sender=Book.authors.through."
        if mine.get("abstract"):
            return (
                f"{here} is abstract, and an abstract model never sends: connect it to each model "
                "that is built on it."
            )
        if yours.get("proxy") and yours.get("concrete_model") is mine.get("concrete_model"):
            return f"{there} is a proxy of {here}, and sends in its own name: connect it to both."
        if mine.get("proxy") and mine.get("concrete_model") is yours.get("concrete_model"):
            return (
                f"{here} is a proxy of {there}, and sends only for what is handled as the proxy: "
                "connect it to both."
            )
    if type.__subclasscheck__(one, other):
        return f"{there} is a child of {here}, and sends in its own name: connect it to that too."
    if type.__subclasscheck__(other, one):
        return (
            f"{here} is a child of {there}, and what is sent in the parent's name is not sent in "
            "the child's: connect it to the parent too."
        )
    return ""


def _confusion(here: str | None, there: str | None) -> str:
    """Explain two senders whose names are alike; an empty string for others."""
    if here == there:
        return (
            "These are two objects of one name, and senders are told apart by identity: a string "
            "and a model, or a module that was imported twice."
        )
    if there in (f"{here} (historical)", f"{here}".removesuffix(" (historical)")):
        return (
            "A migration's historical model is another object than the model of today, and senders "
            "are told apart by identity: what a receiver is to do, a migration has to do itself."
        )
    return ""


def _is_class(value: object) -> bool:
    return issubclass(type(value), type)
