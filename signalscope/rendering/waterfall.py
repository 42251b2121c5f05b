"""A recording's plain data as a tree on a time axis, made for a page of rows at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from signalscope.naming import short_name
from signalscope.rendering import facts
from signalscope.rendering.filters import Filter
from signalscope.rendering.nesting import Nesting, is_timed
from signalscope.rendering.rows import Page, Row, Timeline, indentation
from signalscope.rendering.spans import (
    AXIS,
    as_bar,
    gaps,
    interval,
    merged,
    overlapping,
    ticks,
)
from signalscope.rendering.text import duration
from signalscope.rendering.words import NOWHERE, count, place_of, split_name

if TYPE_CHECKING:
    from signalscope.rendering.nesting import Spot
    from signalscope.rendering.spans import Bar, Window

__all__ = ["Tree"]


@dataclass
class Tree:
    """The rows of a recording, in the order in which they are read.

    Bypasses stand among what was sent beside them, or at the end where an older version saved them,
    which did not know when they were. Of a filtered recording: the rows that are wanted, and those
    around them.
    """

    recording: dict[str, Any]
    window: Window
    wanted: Filter = field(default_factory=Filter)
    matches: int = field(init=False)
    """How many rows are wanted for themselves."""

    def __post_init__(self) -> None:
        self._dispatches = self.recording["dispatches"]
        self._bypasses = self.recording["bypasses"]
        self._nesting = Nesting(self._dispatches, self._bypasses)
        self._origins = facts.origins(self._dispatches)
        self._together: dict[int, list[int]] = {}
        order = list(self._nesting.walk())
        self._context: set[int] = set()
        if self.wanted:
            order, self._context = self._nesting.filtered(order, self.wanted)
        self._order = order
        self.matches = len(order) - len(self._context)

    # --- Pages ------------------------------------------------------------------------------------

    def page(self, first: int, size: int) -> Page:
        """Return the rows from `first` on, `size` at most."""
        total = len(self._order)
        end = min(first + size, total)
        left = total - end
        more = (
            {}
            if left <= 0
            else {
                "next": str(end),
                "remaining": f"{left:,}",
                "coming": f"{min(left, size):,}",
            }
        )
        before = (
            {}
            if first <= 0
            else {
                "previous": str(max(first - size, 0)),
                "earlier": f"{first:,}",
            }
        )
        rows = [self._row(self._order[number], number) for number in range(first, end)]
        return Page(rows=rows, total=total, **more, **before)

    def begin_of_page(self, key: str, size: int) -> int:
        """Return the number of the first row of the page that has the row `key`; 0 if none has."""
        for number, spot in enumerate(self._order):
            if spot.key == key:
                return number - number % size
        return 0

    @property
    def timeline(self) -> Timeline:
        """Return the axis of the request, and of its signals alone."""
        begin, end = self.window
        timed = [each for each in self._bypasses if is_timed(each)]
        intervals = [interval(each, end) for each in (*self._dispatches, *timed)]
        if not intervals:
            return Timeline(request=ticks(0, end - begin), signals=[])
        first = max(min(start for start, _ in intervals), begin)
        last = min(max(stop for _, stop in intervals), end)
        x, width = self._on_axis(first, last)
        if width <= 0 or width > 0.9 * AXIS:
            return Timeline(request=ticks(0, end - begin), signals=[])
        return Timeline(
            request=ticks(0, end - begin),
            signals=ticks(first - begin, last - begin),
            signals_view=f"{x:.3f} 0 {width:.3f} 10",
        )

    # --- Rows -------------------------------------------------------------------------------------

    def _row(self, spot: Spot, number: int) -> Row:
        common: dict[str, Any] = {
            "key": spot.key,
            "context": number in self._context,
            "parent": number + 1 < len(self._order) and self._order[number + 1].level > spot.level,
            **indentation(spot.level),
        }
        if spot.dispatch is None:
            return self._bypass_row(self._bypasses[spot.bypass], common)
        dispatch = self._dispatches[spot.dispatch]
        if spot.call is None:
            return self._dispatch_row(spot.dispatch, dispatch, common)
        return self._call_row(spot.dispatch, spot.call, dispatch, common)

    def _dispatch_row(self, index: int, dispatch: dict[str, Any], common: dict[str, Any]) -> Row:
        arose = (index, None) in self._origins
        notes = []
        if dispatch["recursive"]:
            notes.append(facts.cycle_note(dispatch["cycle"]))
        if arose:
            notes.append(facts.error_note(dispatch["error"], dispatch))
        around = dispatch["parent"]
        said = facts.facts_of_sending(
            dispatch,
            first_deferred=dispatch["deferred"]
            and not (around and self._dispatches[around[0]]["deferred"]),
        )
        said += facts.skipped_facts(dispatch)
        if dispatch["error"] and not arose:
            said.append(facts.passed_on(dispatch["error"]))
        started, ended = interval(dispatch, self.window[1])
        return Row(
            **common,
            kind="dispatch",
            number=f"{index + 1:,}",
            number_title=f"Dispatch {index + 1:,} of the request",
            name=short_name(dispatch["signal_name"]),
            title=dispatch["signal_name"],
            qualifier=dispatch["sender_name"] or "",
            facts=said,
            notes=notes,
            duration=duration(dispatch["duration_ns"]),
            bar=self._bar(started, ended),
            bar_title=self._bar_title(started, dispatch["duration_ns"]),
            place=place_of("Sent at", *(dispatch["location"] or NOWHERE)),
            tone="error" if arose else "recursion" if dispatch["recursive"] else "",
        )

    def _call_row(
        self, index: int, number: int, dispatch: dict[str, Any], common: dict[str, Any]
    ) -> Row:
        call = dispatch["calls"][number]
        order = f"{(call['order'] or 0) + 1:,}"
        name, module = split_name(call["receiver_name"])
        arose = (index, number) in self._origins
        started, ended = interval(call, self.window[1])
        below = [
            interval(self._dispatches[child], ended)
            for child in self._nesting.sent_by(index, number)
        ]
        beside = self._ran_together(index)[number]
        said = _facts_of_call(call, beside)
        notes = []
        kept_by = dispatch["method"] if dispatch["method"].endswith("_robust") else ""
        if arose:
            notes.append(facts.error_note(call["error"], dispatch, kept_by=kept_by))
        elif call["error"]:
            said.append(facts.passed_on(call["error"], kept_by=kept_by))
        queries = call["queries"]
        return Row(
            **common,
            kind="call",
            number=order,
            number_title=f"Receiver {order} of its dispatch",
            name=name,
            title=call["receiver_name"],
            qualifier=module,
            facts=said,
            notes=notes,
            duration=duration(call["duration_ns"]),
            own=duration(call["self_ns"]),
            queries=f"{queries['count']:,}" if queries and queries["count"] else "",
            queries_title=f"{count(queries['count'], 'query', 'queries')} in its own code, "
            f"{duration(queries['duration_ns'])}"
            if queries
            else "",
            bar=self._bar(started, ended),
            own_bars=[
                as_bar(x, width)
                for x, width in merged(self._on_axis(*gap) for gap in gaps(started, ended, below))
            ],
            bar_title=self._bar_title(started, call["duration_ns"], call["self_ns"]),
            place=place_of("Defined at", call["file"], call["line"]),
            tone="error" if arose else "",
            together=beside > 0,
        )

    def _bypass_row(self, bypass: dict[str, Any], common: dict[str, Any]) -> Row:
        skipped = bypass["receivers"]
        rows = bypass["rows"]
        said = [facts.Fact("bypass", "bypass", "A bulk operation, which sends no signals.")]
        if rows is not None:
            said.append(facts.Fact(count(rows, "row")))
        if bypass.get("deferred"):
            title = (
                "Done by a callback on commit, when the receiver that asked for it had returned."
            )
            said.append(facts.Fact("on commit", "deferred", title))
        short = ", ".join(split_name(name)[0] for name in skipped)
        lead = f"Skipped {count(len(skipped), 'receiver')}"
        timed: dict[str, Any] = {}
        if is_timed(bypass):
            timed = {
                "duration": duration(bypass["duration_ns"]),
                "bar": self._bar(*interval(bypass, self.window[1])),
                "bar_title": self._bar_title(bypass["started_ns"], bypass["duration_ns"]),
            }
        return Row(
            **common,
            **timed,
            kind="bypass",
            number="–",
            number_title="Sends no signal",
            name=bypass["operation"],
            title=bypass["operation"],
            qualifier=bypass["model_name"],
            facts=said,
            notes=[facts.Note("bypass", lead, short, ", ".join(skipped))] if skipped else [],
            place=place_of("Called at", *(bypass["location"] or NOWHERE)),
            tone="bypass",
        )

    def _ran_together(self, index: int) -> list[int]:
        """Return for each call of a dispatch how many others ran at the same time."""
        if index not in self._together:
            calls = self._dispatches[index]["calls"]
            end = self.window[1]
            self._together[index] = overlapping([interval(call, end) for call in calls])
        return self._together[index]

    def _on_axis(self, started: int, ended: int) -> tuple[float, float]:
        begin, end = self.window
        scale = AXIS / max(end - begin, 1)
        x = min(max((started - begin) * scale, 0), AXIS)
        return x, min(max((ended - begin) * scale, x), AXIS) - x

    def _bar(self, started: int, ended: int) -> Bar:
        return as_bar(*self._on_axis(started, ended))

    def _bar_title(self, started: int, took: int | None, own: int | None = None) -> str:
        after = duration(max(started - self.window[0], 0))
        title = f"Starts {after} into the request, takes {duration(took)}"
        return title if own is None else f"{title}, {duration(own)} of it in code of its own"


def _facts_of_call(call: dict[str, Any], beside: int) -> list[facts.Fact]:
    said = []
    if call["is_async"]:
        said.append(facts.Fact("async", "async", "Django awaits this receiver."))
    if by := call.get("replaced_by"):
        said.append(facts.Fact("replaced", "replaced", f"{by} was called in its place."))
    if beside:
        title = f"It ran at the same time as {count(beside, 'other receiver')} of this dispatch."
        said.append(facts.Fact("concurrent", "async", title))
    repeated = facts.queries_fact(call["queries"])
    return [*said, repeated] if repeated else said
