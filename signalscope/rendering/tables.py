"""Tables over a recording, and two of them: receivers and signals, added up."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from signalscope.naming import short_name
from signalscope.rendering.filters import Filter, quoted
from signalscope.rendering.text import duration
from signalscope.rendering.words import place_of, split_name

if TYPE_CHECKING:
    from signalscope.rendering.words import Place

__all__ = ["Cell", "Column", "Line", "Table", "number_cell", "receivers", "signals"]


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


def number_cell(value: int) -> Cell:
    """Return a number as it is shown; none is a dash."""
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
    return [*(Cell(duration(value)) for value in values), number_cell(of.queries)], [
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
                    number_cell(held.times),
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
                    number_cell(held.times),
                    number_cell(held.calls),
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
