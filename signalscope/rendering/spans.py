"""Stretches of time, and where they stand on an axis from 0 to `AXIS`."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

from signalscope.rendering.text import duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "AXIS",
    "Bar",
    "Window",
    "as_bar",
    "covered",
    "gaps",
    "interval",
    "merged",
    "overlapping",
    "ticks",
]

AXIS = 1000
"""The length of the time axis. What bars are drawn in; their height is 10."""

Window = tuple[int, int]
"""Begin and end of the request, in nanoseconds of the recorder's clock."""


class Bar(NamedTuple):
    """A stretch of the time axis, in its units, as text for SVG's ``x`` and ``width``."""

    x: str
    width: str


def interval(record: dict[str, Any], end: int) -> Window:
    """Return begin and end of a dispatch or call; one that still runs reaches to `end`."""
    started = record["started_ns"]
    took = record["duration_ns"]
    return started, max(end, started) if took is None else started + took


def covered(intervals: Iterable[Window]) -> int:
    """Return the time under at least one of `intervals`."""
    total, until = 0, 0
    for begin, end in sorted(intervals):
        total += max(end - max(begin, until), 0)
        until = max(until, end)
    return total


def overlapping(intervals: list[Window]) -> list[int]:
    """Return for each of `intervals` how many of the others share some time with it."""
    # Of one, those that neither ended before it began nor began after it ended.
    begins = sorted(begin for begin, _ in intervals)
    ends = sorted(end for _, end in intervals)
    return [
        max(bisect_left(begins, end) - bisect_right(ends, begin) - 1, 0) if end > begin else 0
        for begin, end in intervals
    ]


def gaps(begin: int, end: int, taken: list[Window]) -> Iterator[Window]:
    """Yield what `taken` leaves of the time from `begin` to `end`."""
    for start, stop in sorted(taken):
        if start > begin:
            yield begin, min(start, end)
        begin = max(begin, stop)
    if begin < end:
        yield begin, end


def merged(stretches: Iterable[tuple[float, float]]) -> Iterator[tuple[float, float]]:
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


def as_bar(x: float, width: float) -> Bar:
    """Return a stretch as text that no locale changes."""
    return Bar(f"{x:.3f}", f"{width:.3f}")


def ticks(begin: int, end: int) -> list[str]:
    """Return the times at the begin, the quarters and the end of an axis."""
    times = (begin + (end - begin) * quarter // 4 for quarter in range(5))
    return [duration(time) if time else "0" for time in times]
