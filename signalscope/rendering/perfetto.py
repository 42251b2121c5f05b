"""A recording as a trace in Chrome's JSON format, which Perfetto opens.

The format is Chrome's "Trace Event Format", of which complete events and metadata are used.
Events that span time ("X") have to nest on one track, so what overlaps without nesting, as
concurrent receivers do, is put on a track of its own.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from signalscope.naming import short_name

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["trace"]

_PROCESS = 1
_Span = tuple[int, int]


def trace(recording: dict[str, Any]) -> dict[str, Any]:
    """Return the trace of a recording, given as `Recording.to_dict` makes it.

    Times are microseconds since the first dispatch. What had not ended ends with the last.
    """
    begin = min((each["started_ns"] for each in _timed(recording)), default=0)
    end = max((_end(each, begin) for each in _timed(recording)), default=begin)
    tracks = _Tracks(recording, begin, end)
    events = tracks.events()  # which finds out how many tracks there are
    return {
        "displayTimeUnit": "ms",
        "otherData": {"dropped": str(recording["dropped"])},
        "traceEvents": [
            _meta("process_name", 0, "Django signals"),
            *(_meta("thread_name", track, f"Track {track + 1}") for track in range(tracks.count)),
            *events,
        ],
    }


def _timed(recording: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for dispatch in recording["dispatches"]:
        yield dispatch
        yield from dispatch["calls"]


def _end(of: dict[str, Any], default: int) -> int:
    started, lasted = of["started_ns"], of["duration_ns"]
    return default if lasted is None else started + lasted


def _meta(name: str, track: int, value: str) -> dict[str, Any]:
    return {"ph": "M", "pid": _PROCESS, "tid": track, "name": name, "args": {"name": value}}


class _Tracks:
    """Puts each dispatch and each call on a track, where it nests in what is around it."""

    def __init__(self, recording: dict[str, Any], begin: int, end: int) -> None:
        self._dispatches = recording["dispatches"]
        self._begin = begin
        self._end = end
        self._taken: dict[tuple[int, int | None], int] = {}

    @property
    def count(self) -> int:
        """How many tracks there are."""
        return max(self._taken.values(), default=0) + 1

    def events(self) -> list[dict[str, Any]]:
        """Return the events, by time; around comes before inside."""
        placed = []
        items = [
            (self._span(of), number, at)
            for number, dispatch in enumerate(self._dispatches)
            for at, of in [(None, dispatch), *enumerate(dispatch["calls"])]
        ]
        items.sort(key=lambda item: (item[0][0], -item[0][1], item[1], item[2] is not None))
        open_: dict[int, list[tuple[int, int, int | None]]] = {}
        for span, number, at in items:
            track = self._track(span, self._around(number, at), open_)
            open_.setdefault(track, []).append((span[1], number, at))
            self._taken[number, at] = track
            placed.append(self._event(span, number, at, track))
        return placed

    def _around(self, number: int, at: int | None) -> tuple[int, int | None] | None:
        if at is not None:
            return number, None
        parent = self._dispatches[number]["parent"]
        return None if parent is None else (parent[0], parent[1])

    def _track(
        self,
        span: _Span,
        around: tuple[int, int | None] | None,
        open_: dict[int, list[tuple[int, int, int | None]]],
    ) -> int:
        for stack in open_.values():
            while stack and stack[-1][0] <= span[0]:
                stack.pop()
        wanted = self._taken.get(around) if around is not None else None
        if wanted is not None and open_.get(wanted):
            until, *top = open_[wanted][-1]
            if tuple(top) == around and span[1] <= until:
                return wanted
        track = 0
        while open_.get(track):
            track += 1
        return track

    def _span(self, of: dict[str, Any]) -> _Span:
        return of["started_ns"], max(_end(of, self._end), of["started_ns"])

    def _event(self, span: _Span, number: int, at: int | None, track: int) -> dict[str, Any]:
        dispatch = self._dispatches[number]
        of = dispatch if at is None else dispatch["calls"][at]
        about = f" {dispatch['sender_name']}" if dispatch["sender_name"] else ""
        sent = f"{short_name(dispatch['signal_name'])}{about}"
        return {
            "ph": "X",
            "pid": _PROCESS,
            "tid": track,
            "ts": _microseconds(span[0] - self._begin),
            "dur": _microseconds(span[1] - span[0]),
            "cat": "dispatch" if at is None else "receiver",
            "name": sent if at is None else of["receiver_name"],
            "args": _facts(of, dispatch),
        }


def _microseconds(nanoseconds: int) -> float:
    """Return a number that a reader gets the same nanoseconds from, though it cuts off the rest.

    One nanosecond less, and what ends together would no longer nest.
    """
    value = nanoseconds / 1000
    return value if int(value * 1000) >= nanoseconds else math.nextafter(value, math.inf)


def _facts(of: dict[str, Any], dispatch: dict[str, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {"dispatch_id": dispatch["id"]}
    if of is dispatch:
        facts |= {"method": of["method"], **of["kwargs"]}
        if of["recursive"]:
            facts["cycle"] = " → ".join(of["cycle"])
    else:
        facts |= {"order": of["order"], "signal": dispatch["signal_name"]}
        if of["queries"]:
            facts["queries"] = of["queries"]["count"]
    if of["error"]:
        facts["error"] = f"{of['error']['type']}: {of['error']['message']}"
    if of["duration_ns"] is None:
        facts["not ended"] = True
    return facts
