"""What hangs under what in a recording's plain data, and in which order it is read."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from signalscope.rendering.text import in_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from signalscope.rendering.filters import Filter

__all__ = ["Nesting", "Spot", "is_timed"]


class Spot(NamedTuple):
    """A row's place in the tree; `call` is None for a dispatch, and `dispatch` for a bypass."""

    dispatch: int | None
    call: int | None
    level: int
    bypass: int = 0

    @property
    def key(self) -> str:
        """The name of the row: ``d3``, ``c3.0``, ``b0``."""
        if self.dispatch is None:
            return f"b{self.bypass}"
        return f"d{self.dispatch}" if self.call is None else f"c{self.dispatch}.{self.call}"


class Nesting:
    """The dispatches and bypasses of a recording by the receiver call that they hang under.

    Bypasses stand among what was sent beside them, each when it began; or after that, where an
    older version saved them, which did not know the time.
    """

    def __init__(self, dispatches: list[dict[str, Any]], bypasses: list[dict[str, Any]]) -> None:
        self._dispatches = dispatches
        self._bypasses = bypasses
        self._sent = _below(dispatches)
        self._skips = _below(bypasses)

    def sent_by(self, dispatch: int, call: int) -> Sequence[int]:
        """Return the indices of the dispatches that a call sent."""
        return self._sent.get((dispatch, call), ())

    def walk(self) -> Iterator[Spot]:
        """Yield the spots in the order in which they are read."""
        # A stack of its own, since signals nest deeper than Python lets functions.
        stack = self._below(None, 1)[::-1]
        while stack:
            spot = stack.pop()
            yield spot
            index, call, level, _ = spot
            if index is None:
                continue
            below = (
                [Spot(index, n, level + 1) for n in range(len(self._dispatches[index]["calls"]))]
                if call is None
                else self._below((index, call), level + 1)
            )
            stack.extend(reversed(below))

    def _below(self, call: tuple[int, int] | None, level: int) -> list[Spot]:
        """Return what a call sent and did itself, in time; for None, what no call did."""
        return in_time(
            [Spot(index, None, level) for index in self._sent.get(call, ())],
            [Spot(None, None, level, number) for number in self._skips.get(call, ())],
            self._started,
        )

    def _started(self, spot: Spot) -> int | None:
        if spot.dispatch is None:
            started: int | None = self._bypasses[spot.bypass].get("started_ns")
            return started
        began: int = self._dispatches[spot.dispatch]["started_ns"]
        return began

    def filtered(self, order: list[Spot], wanted: Filter) -> tuple[list[Spot], set[int]]:
        """Return the spots that are wanted and those around them; and the places of the latter."""
        kept: list[Spot] = []
        context: set[int] = set()
        # Backwards, so that what is wanted comes before what is around it.
        around = 0
        for spot in reversed(order):
            is_wanted = self._accepts(spot, wanted)
            if is_wanted or around > spot.level:
                if not is_wanted:
                    context.add(len(kept))
                kept.append(spot)
                around = spot.level
            elif spot.level == 1:
                around = 0
        last = len(kept) - 1
        return kept[::-1], {last - number for number in context}

    def _accepts(self, spot: Spot, wanted: Filter) -> bool:
        if spot.dispatch is None:
            bypass = self._bypasses[spot.bypass]
            return wanted.accepts(bypass["operation"], bypass["model_name"], bypass["receivers"])
        dispatch = self._dispatches[spot.dispatch]
        names = [] if spot.call is None else [dispatch["calls"][spot.call]["receiver_name"]]
        return wanted.accepts(dispatch["signal_name"], dispatch["sender_name"], names)


def _below(records: list[dict[str, Any]]) -> dict[tuple[int, int] | None, list[int]]:
    """Return the indices of dispatches or bypasses by the call that they hang under."""
    found: defaultdict[tuple[int, int] | None, list[int]] = defaultdict(list)
    for index, record in enumerate(records):
        around = record.get("parent")
        found[(around[0], around[1]) if around else None].append(index)
    return found


def is_timed(bypass: dict[str, Any]) -> bool:
    """Tell whether it is known when a bypass was."""
    return bypass.get("started_ns") is not None and bypass.get("duration_ns") is not None
