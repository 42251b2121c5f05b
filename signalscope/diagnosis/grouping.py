"""What the rules over receiver calls have in common: equal findings become one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signalscope.diagnosis.catalogue import rule
from signalscope.diagnosis.findings import Finding
from signalscope.naming import short_name
from signalscope.places import Location

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from signalscope.records import Dispatch, ReceiverCall

__all__ = [
    "Key",
    "evidence_of",
    "finding_about",
    "grouped",
    "is_djangos",
    "key_of",
    "label",
    "names_of",
    "times",
]

Key = tuple[str, str, str | None]
"""Receiver, signal, sender: what one finding of a rule is about."""

MOST_IDS = 20
"""Dispatches that the evidence names; ``count`` counts all."""

MOST_LINES = 5


def key_of(call: ReceiverCall) -> Key:
    """Return what a finding about this call is about."""
    return call.receiver_name, call.dispatch.signal_name, call.dispatch.sender_name


def grouped(
    dispatches: Iterable[Dispatch], wanted: Callable[[ReceiverCall], bool]
) -> dict[Key, list[ReceiverCall]]:
    """Return the calls that are wanted by what they are about, in the order of their start."""
    found: dict[Key, list[ReceiverCall]] = {}
    for dispatch in dispatches:
        for call in list(dispatch.calls):
            if wanted(call):
                found.setdefault(key_of(call), []).append(call)
    return found


def is_djangos(call: ReceiverCall) -> bool:
    """Tell whether the receiver is one of Django's own, which nobody here can change."""
    return call.receiver_name.startswith("django.")


def times(count: int) -> str:
    """Return ``once``, ``twice``, ``12 times``."""
    return {1: "once", 2: "twice"}.get(count) or f"{count:,} times"


def label(signal: str, sender: str | None) -> str:
    """Return ``post_save of bookstore.Book``."""
    short = short_name(signal)
    return short if sender is None else f"{short} of {sender}"


def names_of(calls: list[ReceiverCall]) -> tuple[str, str]:
    """Return what equal calls are called in a sentence: receiver, and signal with sender."""
    receiver, signal, sender = key_of(calls[0])
    return receiver, label(signal, sender)


def evidence_of(dispatches: list[Dispatch], **more: Any) -> dict[str, Any]:
    """Return the evidence, with the ids of the first of `dispatches`."""
    return {
        "count": len(dispatches),
        # One dispatch may be there for several things.
        "dispatches": list(dict.fromkeys(dispatch.id for dispatch in dispatches[:MOST_IDS])),
        **more,
    }


def finding_about(
    id: str,  # noqa: A002 - what a rule is known by
    calls: list[ReceiverCall],
    what: str,
    remedy: str,
    lines: Sequence[Location | None] = (),
    **evidence: Any,
) -> Finding:
    """Return the finding of a rule about equal calls; the first of them gives names and places.

    `lines` are what to look at besides the receiver, where that is not what sent the signal.
    """
    first = calls[0]
    receiver, signal, sender = key_of(first)
    places = []
    if first.file is not None and first.line is not None:
        places.append(Location(first.file, first.line))
    told = [each for each in lines or (first.dispatch.location,) if each is not None]
    places += list(dict.fromkeys(told))[:MOST_LINES]
    return Finding.of(
        rule(id),
        what=what,
        remedy=remedy,
        receiver=receiver,
        signal=signal,
        sender=sender,
        places=tuple(places),
        evidence=evidence_of([call.dispatch for call in calls], **evidence),
    )
