"""Tables over a recording: receivers and signals added up, receivers that were not called."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from signalscope.naming import short_name
from signalscope.rendering.facts import REASONS
from signalscope.rendering.filters import Filter, quoted
from signalscope.rendering.text import duration
from signalscope.rendering.words import place_of, split_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from signalscope.rendering.words import Place

__all__ = ["Cell", "Column", "Line", "Table", "not_called", "receivers", "signals"]


class Column(NamedTuple):
    """A column of a table. One whose key begins with a minus sorts from the highest on."""

    key: str
    label: str
    title: str = ""
    numeric: bool = False


class Cell(NamedTuple):
    """What a row says in one column."""

    text: str = ""
    detail: str = ""
    """Less important, beside the text."""
    title: str = ""
    place: Place | None = None
    search: str = ""
    """A filter that finds in the tree what the row is about."""
    tone: str = ""


class Line(NamedTuple):
    """A row of a table: its cells, and what each column sorts by."""

    cells: list[Cell]
    sort: list[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table, sorted."""

    name: str
    caption: str
    columns: list[Column]
    lines: list[Line] = field(default_factory=list)
    empty: str = ""
    """What is said where there is no row."""
    sort: str = ""
    """The key of the column that it is sorted by, after a minus where the highest comes first."""

    def sorted_by(self, key: str) -> Table:
        """Return it in another order: that of a column's key, after a minus from the highest on.

        For a key that is none, it stays as it is.
        """
        keys = [column.key for column in self.columns]
        if key.removeprefix("-") not in keys:
            return self
        at = keys.index(key.removeprefix("-"))
        lines = sorted(self.lines, key=lambda line: line.sort[at], reverse=key.startswith("-"))
        return Table(
            name=self.name,
            caption=self.caption,
            columns=self.columns,
            lines=lines,
            empty=self.empty,
            sort=key,
        )


@dataclass(slots=True)
class _Sum:
    """What is added up of calls or dispatches."""

    times: int = 0
    calls: int = 0
    total: int = 0
    longest: int = 0
    own: int = 0
    queries: int = 0
    file: str | None = None
    line: int | None = None

    def add(self, took: int | None) -> None:
        """Count one; one that still runs has no time yet."""
        self.times += 1
        self.total += took or 0
        self.longest = max(self.longest, took or 0)

    def add_call(self, call: dict[str, Any]) -> None:
        """Add what one receiver call did itself."""
        self.own += call["self_ns"] or 0
        self.queries += call["queries"]["count"] if call["queries"] else 0

    @property
    def mean(self) -> int:
        return self.total // self.times


def _number(value: int) -> Cell:
    return Cell(f"{value:,}" if value else "–")


_TIMES = [
    Column("total", "Total", "From begin to end, with all that it set off", numeric=True),
    Column("own", "Own time", "Less the dispatches below", numeric=True),
    Column("mean", "Mean", numeric=True),
    Column("max", "Max", numeric=True),
    Column("queries", "Queries", "In receivers’ own code", numeric=True),
]


def _times(of: _Sum) -> tuple[list[Cell], list[int]]:
    values = [of.total, of.own, of.mean, of.longest]
    return [*(Cell(duration(value)) for value in values), _number(of.queries)], [
        *values,
        of.queries,
    ]


def receivers(recording: dict[str, Any], wanted: Filter | None = None) -> Table:
    """Add up what each receiver did, over the calls that are wanted."""
    wanted = wanted or Filter()
    sums: defaultdict[str, _Sum] = defaultdict(_Sum)
    for dispatch in recording["dispatches"]:
        for call in dispatch["calls"]:
            name = call["receiver_name"]
            if wanted.accepts(dispatch["signal_name"], dispatch["sender_name"], [name]):
                held = sums[name]
                held.add(call["duration_ns"])
                held.add_call(call)
                held.file, held.line = call["file"], call["line"]
    lines = []
    for name, held in sums.items():
        short, module = split_name(name)
        times, values = _times(held)
        place = place_of("Defined at", held.file, held.line)
        lines.append(
            Line(
                [
                    Cell(short, "" if place else module, name, search=quoted("receiver", name)),
                    _number(held.times),
                    *times,
                    Cell(place=place),
                ],
                [name, held.times, *values, "" if place is None else place.text],
            )
        )
    return Table(
        name="receivers",
        caption="What each receiver did, added up",
        columns=[
            Column("receiver", "Receiver"),
            Column("calls", "Calls", numeric=True),
            *_TIMES,
            Column("place", "Place", "Where it is defined"),
        ],
        lines=lines,
    ).sorted_by("-total")


def signals(recording: dict[str, Any], wanted: Filter | None = None) -> Table:
    """Add up the dispatches of each signal by each sender."""
    wanted = wanted or Filter()
    sums: defaultdict[tuple[str, str], _Sum] = defaultdict(_Sum)
    for dispatch in recording["dispatches"]:
        signal, sender = dispatch["signal_name"], dispatch["sender_name"]
        names = [call["receiver_name"] for call in dispatch["calls"]]
        if wanted.accepts(signal, sender, names):
            held = sums[signal, sender or ""]
            held.add(dispatch["duration_ns"])
            held.calls += len(names)
            for call in dispatch["calls"]:
                held.add_call(call)
    lines = []
    for (signal, sender), held in sums.items():
        times, values = _times(held)
        search = quoted("signal", signal) + (f" {quoted('sender', sender)}" if sender else "")
        lines.append(
            Line(
                [
                    Cell(short_name(signal), "", signal, search=search),
                    Cell(sender or "–"),
                    _number(held.times),
                    _number(held.calls),
                    *times,
                ],
                [signal, sender, held.times, held.calls, *values],
            )
        )
    return Table(
        name="signals",
        caption="Dispatches by signal and sender, added up",
        columns=[
            Column("signal", "Signal"),
            Column("sender", "Sender"),
            Column("dispatches", "Dispatches", numeric=True),
            Column("calls", "Calls", "Receiver calls", numeric=True),
            *_TIMES,
        ],
        lines=lines,
    ).sorted_by("-total")


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
    others: Iterable[Missed] = (),
    place: Callable[[str], Place | None] = lambda _: None,
) -> Table:
    """List what was connected and did not run, and why; the unusual reasons come first.

    `others` are receivers that no dispatch of the recording had to do with; `place` finds where a
    receiver is defined.
    """
    wanted = wanted or Filter()
    found = missed(recording)
    found.update(dict.fromkeys(others, 0))
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
            _number(times),
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
_NOT_SEEN = ("not-sent", "denied")
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
                "not-sent",
                "its signal was not sent",
                "Or only by senders that none is connected for",
            ),
            ("denied", "its signal is not recorded", "See ALLOW and DENY of SIGNALSCOPE"),
        ]
    )
}
