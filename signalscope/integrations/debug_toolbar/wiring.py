"""What is connected at the moment of looking, which no recording holds.

It is read when somebody looks, since a request should not pay for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signalscope import conf
from signalscope.matching import name_matches
from signalscope.naming import short_name, signal_facts
from signalscope.registry import connections
from signalscope.registry.entries import items_of
from signalscope.registry.senders import all_signals
from signalscope.rendering.tables import Cell, Column, Line, Table
from signalscope.rendering.words import NOWHERE, place_of, split_name

if TYPE_CHECKING:
    from signalscope.registry import Connection
    from signalscope.rendering.filters import Filter
    from signalscope.rendering.tables import Missed
    from signalscope.rendering.words import Place

__all__ = ["Places", "orphans", "table", "untouched"]

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


def untouched(recording: dict[str, Any]) -> list[Missed]:
    """Return the connections to signals of which the recording has no dispatch, and why."""
    seen = {dispatch["signal_name"] for dispatch in recording["dispatches"]}
    return [
        (
            each.receiver_name,
            "not-sent" if _is_recorded(each.signal_name) else "denied",
            each.signal_name,
            each.sender_name or "",
        )
        for each in connections()
        # The toolbar's own receivers are left out of the recording, too.
        if each.signal_name not in seen and not each.receiver_name.startswith(TOOLBAR)
    ]


def _is_recorded(name: str) -> bool:
    settings = conf.load()
    allowed = not settings.allow or _is_among(name, settings.allow)
    return allowed and not _is_among(name, settings.deny)


def _is_among(name: str, signals: tuple[Any, ...]) -> bool:
    return any(
        name_matches(name, each if isinstance(each, str) else signal_facts(each).name)
        for each in signals
    )


def orphans(wanted: Filter) -> list[str]:
    """Return the names of the signals that nothing is connected to."""
    names = {signal_facts(each).name for each in all_signals() if not items_of(each)}
    return sorted(name for name in names if wanted.accepts(name, ""))


class Places:
    """Where the receivers that are connected now are defined, by their names."""

    def __init__(self) -> None:
        self._held = {each.receiver_name: (each.file, each.line) for each in connections()}

    def __call__(self, name: str) -> Place | None:
        """Return the place of the receiver `name`, None where it is not known."""
        return place_of("Defined at", *self._held.get(name, NOWHERE))
