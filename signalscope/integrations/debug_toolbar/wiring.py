"""What is connected at the moment of looking, which no recording holds.

It is read when somebody looks, since a request should not pay for it.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from signalscope import conf
from signalscope.diagnosis.wiring.rules import diagnose_wiring
from signalscope.matching import name_matches
from signalscope.naming import short_name, signal_facts
from signalscope.places import USER, file_kinds
from signalscope.reading import own_dict, plain_text
from signalscope.registry import connections
from signalscope.registry.entries import items_of
from signalscope.registry.senders import all_signals
from signalscope.rendering.absences import sends_to_nobody
from signalscope.rendering.findings import findings
from signalscope.rendering.tables import Cell, Column, Line, Table
from signalscope.rendering.words import NOWHERE, place_of, split_name

if TYPE_CHECKING:
    from signalscope.registry import Connection
    from signalscope.rendering.absences import Missed
    from signalscope.rendering.filters import Filter
    from signalscope.rendering.findings import Finding
    from signalscope.rendering.words import Place

__all__ = ["Orphan", "Places", "faults", "orphans", "table", "untouched"]

TOOLBAR = "debug_toolbar."


def table(wanted: Filter) -> Table:
    """List the connections of this process, as `signalscope.connections` has them."""
    found = [
        each
        for each in connections()
        if wanted.accepts(each.signal_name, each.sender_name, [each.receiver_name])
    ]
    return Table(
        name="wiring",
        caption="What is connected now, by signal and in the order of sending",
        columns=[
            Column("signal", "Signal"),
            Column("sender", "Sender"),
            Column("receiver", "Receiver"),
            Column("place", "Place", "Where the receiver is defined"),
            Column("connected", "Connected at", "The connect() that made the connection"),
            Column("uid", "dispatch_uid"),
            Column("held", "Held", "Whether the signal keeps the receiver alive"),
        ],
        lines=[_line(each, number) for number, each in enumerate(found)],
        empty="Nothing is connected.",
        sort="signal",
    )


def faults(wanted: Filter) -> list[Finding]:
    """Return what the rules find in what is connected, and in the sources of the receivers."""
    found = [each.to_dict() for each in diagnose_wiring(conf.load().silenced)]
    return findings({"dispatches": [], "bypasses": [], "findings": found}, wanted)


def _line(of: Connection, number: int) -> Line:
    name, module = split_name(of.receiver_name)
    place = place_of("Defined at", of.file, of.line)
    made = place_of("Connected at", *(of.connected_at or NOWHERE))
    said = [*(["async"] if of.is_async else []), *([] if place else [module])]
    uid = "" if of.dispatch_uid is None else str(of.dispatch_uid)
    unknown = "Made before Signalscope was installed"
    return Line(
        [
            Cell(short_name(of.signal_name), "", of.signal_name),
            Cell(of.sender_name or "any"),
            Cell(name, " ".join(said), of.receiver_name),
            Cell(place=place),
            Cell(place=made) if made else Cell("–", title=unknown),
            Cell(uid or "–"),
            Cell("weakly" if of.weak else "strongly"),
        ],
        # By signal means in the order of sending, which is the order of `connections`.
        [
            (of.signal_name, number),
            of.sender_name or "",
            of.receiver_name,
            place.text if place else "",
            made.text if made else "",
            uid,
            of.weak,
        ],
    )


def untouched(recording: dict[str, Any]) -> dict[Missed, int]:
    """Return the connections to signals of which the recording has no dispatch, and why.

    With the number of sends that passed each by.
    """
    unseen = "not-kept" if recording["dropped"] else "not-sent"
    seen = {dispatch["signal_name"] for dispatch in recording["dispatches"]}
    sent: defaultdict[str, dict[str | None, int]] = defaultdict(dict)
    for (signal, sender), times in sends_to_nobody(recording).items():
        sent[signal][sender] = times
    found: dict[Missed, int] = {}
    for each in connections():
        name, signal, sender = each.receiver_name, each.signal_name, each.sender_name
        # The toolbar's own receivers are left out of the recording, too.
        if signal in seen or name.startswith(TOOLBAR):
            continue
        if signal not in sent:
            reason = unseen if _is_recorded(signal) else "denied"
            found[name, reason, signal, sender or ""] = 0
        elif sender is None or sender in sent[signal]:
            # It would have heard that, had it been there, or were this the very same sender.
            times = sum(sent[signal].values()) if sender is None else sent[signal][sender]
            found[name, "not-reached", signal, sender or ""] = times
        else:
            for other, times in sent[signal].items():
                found[name, "other-sender", signal, other or ""] = times
    return found


def _is_recorded(name: str) -> bool:
    settings = conf.load()
    allowed = not settings.allow or _is_among(name, settings.allow)
    return allowed and not _is_among(name, settings.deny)


def _is_among(name: str, signals: tuple[Any, ...]) -> bool:
    return any(
        name_matches(name, each if isinstance(each, str) else signal_facts(each).name)
        for each in signals
    )


class Orphan(NamedTuple):
    """A signal that nothing is connected to."""

    name: str
    sent: str
    """Whether it was sent all the same, in words; empty where that is not known."""


def orphans(recording: dict[str, Any], wanted: Filter) -> tuple[list[Orphan], list[Orphan]]:
    """Return the signals that nothing is connected to: the project's own, and all others."""
    # Its receivers may have gone since.
    sent = Counter(dispatch["signal_name"] for dispatch in recording["dispatches"])
    for (signal, _), times in sends_to_nobody(recording).items():
        sent[signal] += times
    is_whole = "unheard" in recording and not recording["dropped"]
    own, others = [], []
    for name in sorted({signal_facts(each).name for each in all_signals() if not items_of(each)}):
        if name.startswith(TOOLBAR) or not wanted.accepts(name, ""):
            continue
        said = f"sent {sent[name]:,} ×" if sent[name] else ""
        if _is_own(name):
            if not said and is_whole:
                said = "not sent" if _is_recorded(name) else "not recorded"
            own.append(Orphan(name, said))
        else:
            # That one was not sent is not said: what only the toolbar hears is left out.
            others.append(Orphan(name, said))
    return own, others


def _is_own(name: str) -> bool:
    """Tell whether a signal is held by a module of the project."""
    while name:
        module = sys.modules.get(name)
        if module is not None:
            file = plain_text(own_dict(module).get("__file__"))
            return file is not None and file_kinds[file] == USER
        name = name.rpartition(".")[0]
    return False


class Places:
    """Where the receivers that are connected now are defined, by their names."""

    def __init__(self) -> None:
        self._held = {each.receiver_name: (each.file, each.line) for each in connections()}

    def __call__(self, name: str) -> Place | None:
        """Return the place of the receiver `name`, None where it is not known."""
        return place_of("Defined at", *self._held.get(name, NOWHERE))
