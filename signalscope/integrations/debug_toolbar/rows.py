"""From a recording as plain data to what the panel shows: pure functions, no HTML, no Django.

Everything here reads the dict that `Recording.to_dict` makes and that JSON brings back, and returns
strings that a template prints as they are. Positions on the time axis run from 0 to `AXIS`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from signalscope.naming import short_name
from signalscope.rendering.text import duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "AXIS",
    "Bar",
    "Fact",
    "Figure",
    "Note",
    "Overview",
    "Page",
    "Row",
    "Timeline",
    "Tree",
    "figures",
    "overview",
    "receivers",
    "short_path",
    "split_name",
    "subtitle",
]

AXIS = 1000
"""The length of the time axis. What bars are drawn in; their height is 10."""

MAX_INDENT = 16
"""Levels that are indented; deeper ones say how deep they are, so that they still fit."""

Window = tuple[int, int]
"""Begin and end of the request, in nanoseconds of the recorder's clock."""


# --- The request at a glance ----------------------------------------------------------------------


class Overview(TypedDict):
    """The figures of a request. Times are nanoseconds."""

    dispatches: int
    calls: int
    signals_ns: int
    """Time in which at least one dispatch was open."""
    request_ns: int
    errors: int
    """Errors where they arose; one that goes up through outer receivers counts once."""
    recursions: int
    dropped: int


class Figure(NamedTuple):
    """One figure of the overview line: ``12.3 ms`` ``in signals``; `tone` is "" or a warning."""

    value: str
    label: str
    tone: str = ""


def overview(recording: dict[str, Any], window: Window) -> Overview:
    """Return the figures of `recording`."""
    dispatches = recording["dispatches"]
    begin, end = window
    roots = [dispatch for dispatch in dispatches if not dispatch["parent"]]
    return {
        "dispatches": len(dispatches),
        "calls": sum(len(dispatch["calls"]) for dispatch in dispatches),
        "signals_ns": _covered(_interval(root, end) for root in roots),
        "request_ns": end - begin,
        "errors": len(_origins(dispatches)),
        "recursions": sum(1 for dispatch in dispatches if dispatch["recursive"]),
        "dropped": recording["dropped"],
    }


def receivers(of: Overview) -> str:
    """Return ``31 receivers``."""
    return _count(of["calls"], "receiver")


def subtitle(of: Overview) -> str:
    """Return the line for the side bar: ``31 receivers, 12.3 ms, 1 recursion``."""
    if not of["dispatches"] and not of["dropped"]:
        return "No receiver ran"
    parts = [receivers(of), duration(of["signals_ns"])]
    if of["errors"]:
        parts.append(_count(of["errors"], "error"))
    if of["recursions"]:
        parts.append(_count(of["recursions"], "recursion"))
    if of["dropped"]:
        parts.append(f"{of['dropped']:,} not kept")
    return ", ".join(parts)


def figures(of: Overview) -> list[Figure]:
    """Return the overview line; problems come last, and only where there are any."""
    shown = [
        Figure(f"{of['dispatches']:,}", _word(of["dispatches"], "dispatch", "dispatches")),
        Figure(f"{of['calls']:,}", _word(of["calls"], "receiver call")),
        Figure(duration(of["signals_ns"]), f"in signals, {_share(of)} of the request"),
    ]
    if of["errors"]:
        shown.append(Figure(f"{of['errors']:,}", _word(of["errors"], "error"), "error"))
    if of["recursions"]:
        label = _word(of["recursions"], "recursion")
        shown.append(Figure(f"{of['recursions']:,}", label, "recursion"))
    if of["dropped"]:
        label = _word(of["dropped"], "dispatch", "dispatches")
        shown.append(Figure(f"{of['dropped']:,}", f"{label} not kept (MAX_RECORDS)", "recursion"))
    return shown


def _share(of: Overview) -> str:
    if not of["request_ns"]:
        return "0%"
    percent = 100 * of["signals_ns"] / of["request_ns"]
    return f"{percent:.0f}%" if percent >= 1 or not percent else "under 1%"


# --- The tree -------------------------------------------------------------------------------------


class Bar(NamedTuple):
    """A stretch of the time axis, in its units, as text for SVG's ``x`` and ``width``."""

    x: str
    width: str


class Fact(NamedTuple):
    """Something small to know of a row: `tone` names its colour, `title` says it at length."""

    text: str
    tone: str = ""
    title: str = ""


class Note(NamedTuple):
    """A line of its own below a row: an error, or the cycle of a recursion."""

    tone: str
    lead: str
    text: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A dispatch or a receiver call, as it is shown."""

    key: str
    """``d3`` for dispatch 3, ``c3.0`` for its first call."""
    kind: str
    """``dispatch`` or ``call``."""
    level: str
    """1 for a root, one more for each step in."""
    indent: range
    """As long as there are steps to indent by."""
    deeper: str
    """The level, where it is too deep to indent by; else empty."""
    number: str
    """The order of a call among those of its dispatch, from 1; of a dispatch in the request."""
    number_title: str
    name: str
    title: str
    """The name in full."""
    qualifier: str
    """The sender of a dispatch, the module of a receiver."""
    facts: list[Fact]
    notes: list[Note]
    parent: bool
    """Whether rows belong below it."""
    duration: str
    own: str
    """The time less that of the dispatches below; empty for a dispatch."""
    bar: Bar
    own_bars: list[Bar]
    """Where it ran code of its own."""
    bar_title: str
    place: str
    """Where it was sent, or is defined: ``bookstore/signals.py:31``."""
    place_title: str
    tone: str
    """``error`` where an error arose, else ``recursion`` for a repeated dispatch, else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows, and what comes after them."""

    rows: list[Row]
    total: int
    next: str = ""
    """Number of the first row after these; empty if there is none."""
    remaining: str = ""
    """How many rows come after these: ``1,250``."""
    coming: str = ""
    """How many of them the next page brings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The axis above the bars: four stretches, each with the time at its begin, and the end's."""

    request: list[str]
    signals: list[str]
    """The same for an axis that shows only the time from the first dispatch to the last's end."""
    request_view: str = f"0 0 {AXIS} 10"
    signals_view: str = ""
    """SVG's ``viewBox`` for that axis; empty where it would be the same."""


class _Place(NamedTuple):
    """A row's place in the tree; `call` is None for a dispatch."""

    dispatch: int
    call: int | None
    level: int


@dataclass
class Tree:
    """The rows of a recording, in the order in which they are read; made for a page at a time."""

    recording: dict[str, Any]
    window: Window
    _order: list[_Place] = field(init=False)

    def __post_init__(self) -> None:
        self._dispatches = self.recording["dispatches"]
        self._children: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        roots = []
        for index, dispatch in enumerate(self._dispatches):
            if dispatch["parent"]:
                around, call = dispatch["parent"]
                self._children[around, call].append(index)
            else:
                roots.append(index)
        self._origins = _origins(self._dispatches)
        self._order = list(self._walk(roots))

    def _walk(self, roots: list[int]) -> Iterator[_Place]:
        # A stack of its own, since signals nest deeper than Python lets functions.
        stack = [_Place(root, None, 1) for root in reversed(roots)]
        while stack:
            place = stack.pop()
            yield place
            index, call, level = place
            below = (
                [_Place(index, number, level + 1) for number in self._calls_in_order(index)]
                if call is None
                else [_Place(child, None, level + 1) for child in self._children[index, call]]
            )
            stack.extend(reversed(below))

    def _calls_in_order(self, index: int) -> range:
        return range(len(self._dispatches[index]["calls"]))

    def page(self, first: int, count: int) -> Page:
        """Return the rows from `first` on, `count` at most."""
        total = len(self._order)
        end = min(first + count, total)
        rows = [self._row(place) for place in self._order[first:end]]
        left = total - end
        if left <= 0:
            return Page(rows=rows, total=total)
        return Page(
            rows=rows,
            total=total,
            next=str(end),
            remaining=f"{left:,}",
            coming=f"{min(left, count):,}",
        )

    @property
    def timeline(self) -> Timeline:
        """Return the axis of the request, and of its signals alone."""
        begin, end = self.window
        if not self._dispatches:
            return Timeline(request=_ticks(0, end - begin), signals=[])
        intervals = [_interval(dispatch, end) for dispatch in self._dispatches]
        first = max(min(start for start, _ in intervals), begin)
        last = min(max(stop for _, stop in intervals), end)
        x, width = self._on_axis(first, last)
        if width <= 0 or width > 0.9 * AXIS:
            return Timeline(request=_ticks(0, end - begin), signals=[])
        return Timeline(
            request=_ticks(0, end - begin),
            signals=_ticks(first - begin, last - begin),
            signals_view=f"{x:.3f} 0 {width:.3f} 10",
        )

    def _row(self, place: _Place) -> Row:
        dispatch = self._dispatches[place.dispatch]
        if place.call is None:
            return self._dispatch_row(place, dispatch)
        return self._call_row(place, dispatch, dispatch["calls"][place.call])

    def _dispatch_row(self, place: _Place, dispatch: dict[str, Any]) -> Row:
        where, where_title = _location(*(dispatch["location"] or (None, None)))
        arose = (place.dispatch, None) in self._origins
        notes = []
        if dispatch["recursive"]:
            notes.append(_cycle_note(dispatch["cycle"]))
        if arose:
            notes.append(_error_note(dispatch["error"]))
        facts = _facts(dispatch)
        if dispatch["error"] and not arose:
            facts.append(_passed_on(dispatch["error"]))
        started, ended = _interval(dispatch, self.window[1])
        return Row(
            key=f"d{place.dispatch}",
            kind="dispatch",
            **_indentation(place.level),
            number=f"{place.dispatch + 1:,}",
            number_title=f"Dispatch {place.dispatch + 1:,} of the request",
            name=short_name(dispatch["signal_name"]),
            title=dispatch["signal_name"],
            qualifier=dispatch["sender_name"] or "",
            facts=facts,
            notes=notes,
            parent=bool(dispatch["calls"]),
            duration=duration(dispatch["duration_ns"]),
            own="",
            bar=self._bar(started, ended),
            own_bars=[],
            bar_title=self._bar_title(started, dispatch["duration_ns"]),
            place=where,
            place_title=f"Sent at {where_title}" if where else "",
            tone="error" if arose else "recursion" if dispatch["recursive"] else "",
        )

    def _call_row(self, place: _Place, dispatch: dict[str, Any], call: dict[str, Any]) -> Row:
        number = place.call or 0
        order = f"{(call['order'] or 0) + 1:,}"
        where, where_title = _location(call["file"], call["line"])
        name, module = split_name(call["receiver_name"])
        children = self._children.get((place.dispatch, number), [])
        arose = (place.dispatch, number) in self._origins
        facts = []
        if call["is_async"]:
            facts.append(Fact("async", "async", "Django awaits this receiver."))
        notes = []
        kept_by = dispatch["method"] if dispatch["method"].endswith("_robust") else ""
        if arose:
            notes.append(_error_note(call["error"], kept_by=kept_by))
        elif call["error"]:
            facts.append(_passed_on(call["error"], kept_by=kept_by))
        started, ended = _interval(call, self.window[1])
        below = [_interval(self._dispatches[child], ended) for child in children]
        return Row(
            key=f"c{place.dispatch}.{number}",
            kind="call",
            **_indentation(place.level),
            number=order,
            number_title=f"Receiver {order} of its dispatch",
            name=name,
            title=call["receiver_name"],
            qualifier=module,
            facts=facts,
            notes=notes,
            parent=bool(children),
            duration=duration(call["duration_ns"]),
            own=duration(call["self_ns"]),
            bar=self._bar(started, ended),
            own_bars=[
                _as_bar(x, width)
                for x, width in _merged(self._on_axis(*gap) for gap in _gaps(started, ended, below))
            ],
            bar_title=self._bar_title(started, call["duration_ns"], call["self_ns"]),
            place=where,
            place_title=f"Defined at {where_title}" if where else "",
            tone="error" if arose else "",
        )

    def _on_axis(self, started: int, ended: int) -> tuple[float, float]:
        begin, end = self.window
        scale = AXIS / max(end - begin, 1)
        x = min(max((started - begin) * scale, 0), AXIS)
        return x, min(max((ended - begin) * scale, x), AXIS) - x

    def _bar(self, started: int, ended: int) -> Bar:
        return _as_bar(*self._on_axis(started, ended))

    def _bar_title(self, started: int, took: int | None, own: int | None = None) -> str:
        after = duration(max(started - self.window[0], 0))
        title = f"Starts {after} into the request, takes {duration(took)}"
        return title if own is None else f"{title}, {duration(own)} of it in code of its own"


def _indentation(level: int) -> dict[str, Any]:
    return {
        "level": str(level),
        "indent": range(min(level - 1, MAX_INDENT)),
        "deeper": f"level {level:,}" if level - 1 > MAX_INDENT else "",
    }


def _cycle_note(cycle: list[str]) -> Note:
    # Dispatches and receivers alternate; the receivers are the ones at odd places.
    short = [split_name(name)[0] if place % 2 else name for place, name in enumerate(cycle)]
    return Note("recursion", "Recursion", " → ".join(short), " → ".join(cycle))


def _error_note(error: dict[str, str], *, kept_by: str = "") -> Note:
    lead = error["type"].rpartition(".")[2]
    text = error["message"]
    if kept_by:
        text = f"{text} (kept by {kept_by})".strip()
    return Note("error", lead, text, error["type"])


def _passed_on(error: dict[str, str], *, kept_by: str = "") -> Fact:
    lead = error["type"].rpartition(".")[2]
    if kept_by:
        return Fact(f"{lead} kept by {kept_by}", "error", "The error arose in a receiver below.")
    title = "The error arose in a receiver below and went on through here."
    return Fact(f"{lead} passed on", "error", title)


def _facts(dispatch: dict[str, Any]) -> list[Fact]:
    """Return what was sent along, in the order of interest, and how it was sent."""
    sent = dict(dispatch["kwargs"])
    facts: list[Fact] = []
    instance = sent.pop("instance", None)
    if instance is not None:
        text = str(instance).removeprefix(f"{dispatch['sender_name']} ")
        facts.append(Fact(text, "", str(instance)))
    created, raw = sent.pop("created", None), sent.pop("raw", None)
    if created is not None:
        text = "created" if created else "updated"
        facts.append(Fact(text, "created" if created else "", f"created={created}"))
    action = sent.pop("action", None)
    if action is not None:
        facts.append(Fact(str(action), "", f"action={action!r}"))
    if sent.pop("reverse", None):
        facts.append(Fact("reverse", "", "reverse=True"))
    if raw:
        facts.append(Fact("raw", "raw", "raw=True: a fixture is being loaded"))
    fields = sent.pop("update_fields", None)
    if fields is not None:
        names = ", ".join(map(str, fields)) or "none"
        facts.append(Fact(f"fields: {names}", "", f"update_fields: {names}"))
    pks = sent.pop("pk_count", None)
    if pks is not None:
        facts.append(Fact(_count(pks, "pk"), "", f"pk_set holds {pks}"))
    using = sent.pop("using", None)
    if using not in (None, "default"):
        facts.append(Fact(f"using {using}", "", f"using={using!r}"))
    facts += [Fact(f"{name}: {value}") for name, value in sent.items() if value is not None]
    if dispatch["method"] != "send":
        facts.append(Fact(dispatch["method"], "method", f"Sent by {dispatch['method']}()"))
    return facts


# --- Errors ---------------------------------------------------------------------------------------


def _origins(dispatches: list[dict[str, Any]]) -> set[tuple[int, int | None]]:
    """Return where errors arose: pairs of dispatch and call, the call None for the dispatch.

    An error goes up through the receivers around it. It arose in the innermost call that has it.
    """
    from_below: dict[tuple[int, int], list[dict[str, str]]] = {}
    for dispatch in dispatches:
        if dispatch["error"] and dispatch["parent"]:
            around, call = dispatch["parent"]
            from_below.setdefault((around, call), []).append(dispatch["error"])
    found: set[tuple[int, int | None]] = set()
    for index, dispatch in enumerate(dispatches):
        failed = False
        for number, call in enumerate(dispatch["calls"]):
            if call["error"]:
                failed = True
                if call["error"] not in from_below.get((index, number), ()):
                    found.add((index, number))
        if dispatch["error"] and not failed:
            found.add((index, None))
    return found


# --- Time -----------------------------------------------------------------------------------------


def _interval(record: dict[str, Any], end: int) -> Window:
    """Return begin and end of a dispatch or call; one that still runs reaches to `end`."""
    started = record["started_ns"]
    took = record["duration_ns"]
    return started, max(end, started) if took is None else started + took


def _covered(intervals: Iterable[Window]) -> int:
    """Return the time under at least one of `intervals`."""
    total, until = 0, 0
    for begin, end in sorted(intervals):
        total += max(end - max(begin, until), 0)
        until = max(until, end)
    return total


def _gaps(begin: int, end: int, taken: list[Window]) -> Iterator[Window]:
    """Yield what `taken` leaves of the time from `begin` to `end`."""
    for start, stop in sorted(taken):
        if start > begin:
            yield begin, min(start, end)
        begin = max(begin, stop)
    if begin < end:
        yield begin, end


def _merged(stretches: Iterable[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Join stretches between which no eye sees a gap, so that there are never very many."""
    held: tuple[float, float] | None = None
    for x, width in stretches:
        if held is not None and x - (held[0] + held[1]) < AXIS / 2000:
            held = (held[0], x + width - held[0])
            continue
        if held is not None:
            yield held
        held = (x, width)
    if held is not None:
        yield held


def _as_bar(x: float, width: float) -> Bar:
    return Bar(f"{x:.3f}", f"{width:.3f}")


def _ticks(begin: int, end: int) -> list[str]:
    times = (begin + (end - begin) * quarter // 4 for quarter in range(5))
    return [duration(time) if time else "0" for time in times]


# --- Names ----------------------------------------------------------------------------------------


def split_name(dotted: str) -> tuple[str, str]:
    """Return the name to read and the module it is in.

    ``shop.signals.log_sale`` gives ``log_sale`` and ``shop.signals``; classes and enclosing
    functions stay with the name: ``Handler.on_save``, ``connect.<locals>.receiver``.
    """
    if dotted.startswith("functools.partial(") and dotted.endswith(")"):
        name, module = split_name(dotted[len("functools.partial(") : -1])
        return f"partial({name})", module
    parts = dotted.split(".")
    start = len(parts) - 1
    while start > 0 and (
        "<locals>" in (parts[start], parts[start - 1]) or parts[start - 1][:1].isupper()
    ):
        start -= 1
    return ".".join(parts[start:]), ".".join(parts[:start])


def short_path(path: str) -> str:
    """Return the last folder and the file: ``bookstore/signals.py``."""
    return "/".join(re.split(r"[\\/]", path)[-2:])


def _location(file: str | None, line: int | None) -> tuple[str, str]:
    if not file:
        return "", ""
    return f"{short_path(file)}:{line}", f"{file}:{line}"


def _count(number: int, word: str) -> str:
    return f"{number:,} {_word(number, word)}"


def _word(number: int, singular: str, plural: str = "") -> str:
    return singular if number == 1 else plural or f"{singular}s"
