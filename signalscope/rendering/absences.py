"""What did not happen in a recording: receivers that did not run, and sends that reached nobody."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from signalscope.naming import short_name
from signalscope.rendering.facts import REASONS
from signalscope.rendering.filters import Filter
from signalscope.rendering.tables import Cell, Column, Line, Table, number_cell
from signalscope.rendering.words import split_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from signalscope.rendering.words import Place

__all__ = ["Missed", "missed", "not_called", "sends_to_nobody", "unheard"]

Missed = tuple[str, str, str, str]
"""Receiver, reason, signal, sender (empty for none)."""


def missed(recording: dict[str, Any]) -> dict[Missed, int]:
    """Return which receivers dispatches and bypasses left out, and how often.

    One that is there for another sender only counts where that sender did not send either.
    """
    found: defaultdict[Missed, int] = defaultdict(int)
    ran = {
        (call["receiver_name"], dispatch["signal_name"])
        for dispatch in recording["dispatches"]
        for call in dispatch["calls"]
    }
    for dispatch in recording["dispatches"]:
        signal, sender = dispatch["signal_name"], dispatch["sender_name"] or ""
        for each in dispatch["not_called"]:
            name, reason = each["receiver_name"], each["reason"]
            if reason != "other-sender" or (name, signal) not in ran:
                found[name, reason, signal, sender] += 1
    for bypass in recording["bypasses"]:
        for name in bypass["receivers"]:
            found[name, "bypass", bypass["operation"], bypass["model_name"]] += 1
    return found


def not_called(
    recording: dict[str, Any],
    wanted: Filter | None = None,
    *,
    others: Mapping[Missed, int] | None = None,
    place: Callable[[str], Place | None] = lambda _: None,
) -> Table:
    """List what was connected and did not run, and why; the unusual reasons come first.

    `others` are receivers that no dispatch of the recording had to do with, each with the number of
    sends that found nobody; `place` finds where a receiver is defined.
    """
    wanted = wanted or Filter()
    found = missed(recording)
    found.update(others or {})
    times: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    senders: defaultdict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)
    for (name, reason, signal, sender), number in found.items():
        if wanted.accepts(signal, sender, [name]):
            times[name, reason, signal] += number
            senders[name, reason, signal][sender] = None
    return Table(
        name="not-called",
        caption="Receivers that were connected and did not run",
        columns=[
            Column("receiver", "Receiver"),
            Column("reason", "Reason"),
            Column("signal", "Signal"),
            Column("sender", "Sender", "Who sent it; where nobody did, for whom it is connected"),
            Column("times", "Times", "How many dispatches left it out", numeric=True),
            Column("place", "Place"),
        ],
        lines=[
            _not_called_line(key, sorted(senders[key]), number, place(key[0]))
            for key, number in times.items()
        ],
        empty="Every receiver that is connected ran.",
    ).sorted_by("reason")


def unheard(recording: dict[str, Any], wanted: Filter | None = None) -> Table:
    """List what was sent while nobody was connected for it, which is information and no fault."""
    wanted = wanted or Filter()
    return Table(
        name="unheard",
        caption="Sent, nobody connected",
        columns=[
            Column("signal", "Signal"),
            Column("sender", "Sender"),
            Column("times", "Times", "How often it was sent", numeric=True),
        ],
        lines=[
            Line(
                [Cell(short_name(signal), "", signal), Cell(sender or "–"), number_cell(times)],
                [(signal.startswith("django."), signal), sender or "", times],
            )
            for (signal, sender), times in sends_to_nobody(recording).items()
            if wanted.accepts(signal, sender)
        ],
    ).sorted_by("signal")


def sends_to_nobody(recording: dict[str, Any]) -> dict[tuple[str, str | None], int]:
    """Return how often each signal was sent by each sender while nobody was connected for it."""
    # Recordings of older versions did not count these.
    return {(signal, sender): times for signal, sender, times in recording.get("unheard", ())}


def _not_called_line(
    key: tuple[str, str, str], senders: list[str], times: int, place: Place | None
) -> Line:
    name, reason, signal = key
    short, module = split_name(name)
    text, more, rank = _REASONS.get(reason, (reason, "", len(_REASONS)))
    usual = "any" if reason in _NOT_SEEN else "–"
    named = [sender or usual for sender in senders]
    listed = ", ".join(named[:_MOST_SENDERS])
    if len(named) > _MOST_SENDERS:
        listed += f" and {len(named) - _MOST_SENDERS:,} more"
    return Line(
        [
            Cell(short, "" if place else module, name),
            Cell(text, title=more, tone=reason if reason in _UNUSUAL else ""),
            Cell(short_name(signal), "", signal),
            Cell(listed, title=", ".join(named)),
            number_cell(times),
            Cell(place=place) if place else Cell("–"),
        ],
        # The project's own come before Django's, which nobody asks about.
        [
            name,
            (rank, name.startswith("django."), name),
            signal,
            listed,
            times,
            place.text if place else "",
        ],
    )


_MOST_SENDERS = 3
_NOT_SEEN = ("not-reached", "not-sent", "not-kept", "denied")
_UNUSUAL = ("error-before", "cancelled", "muted", "dead", "bypass")
_REASONS = {
    reason: (text, more, rank)
    for rank, (reason, text, more) in enumerate(
        [
            ("error-before", REASONS["error-before"], ""),
            ("cancelled", "cancelled before its turn", REASONS["cancelled"]),
            ("bypass", "bypassed", "A bulk operation, which sends no signals"),
            ("muted", "muted", REASONS["muted"]),
            ("dead", "garbage-collected", REASONS["dead"]),
            ("other-sender", REASONS["other-sender"], ""),
            (
                "not-reached",
                "its signal was sent past it",
                "When it was not connected, or by another sender of the same name",
            ),
            ("not-sent", "its signal was not sent", "Not while the panel recorded"),
            ("not-kept", "its signal is not among what was kept", "See MAX_RECORDS of SIGNALSCOPE"),
            ("denied", "its signal is not recorded", "See ALLOW and DENY of SIGNALSCOPE"),
        ]
    )
}
