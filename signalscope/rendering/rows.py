"""The rows of the tree, as they are shown: strings that a template prints as they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from signalscope.rendering.spans import AXIS

if TYPE_CHECKING:
    from signalscope.rendering.facts import Fact, Note
    from signalscope.rendering.spans import Bar
    from signalscope.rendering.words import Place

__all__ = ["MAX_INDENT", "Page", "Row", "Timeline", "indentation"]

MAX_INDENT = 16
"""Levels that are indented; deeper ones say how deep they are, so that they still fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A dispatch, a receiver call or a bypass, as it is shown."""

    key: str
    """``d3`` for dispatch 3, ``c3.0`` for its first call, ``b0`` for the first bypass."""
    kind: str
    """``dispatch``, ``call`` or ``bypass``."""
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
    qualifier: str = ""
    """The sender of a dispatch, the module of a receiver, the model of a bypass."""
    facts: list[Fact] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    parent: bool = False
    """Whether rows belong below it."""
    duration: str = ""
    own: str = ""
    """The time less that of the dispatches below; empty for a dispatch."""
    queries: str = ""
    """How many its own code ran; empty for none, and for a dispatch."""
    queries_title: str = ""
    bar: Bar | None = None
    own_bars: list[Bar] = field(default_factory=list)
    """Where it ran code of its own."""
    bar_title: str = ""
    place: Place | None = None
    """Where it was sent, or is defined."""
    tone: str = ""
    """``error`` where an error arose, else ``recursion`` for a repeated dispatch, else empty."""
    together: bool = False
    """Whether other receivers of the same dispatch ran at the same time."""
    context: bool = False
    """Whether a filter let it in only for what is below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows, and what comes before and after them."""

    rows: list[Row]
    total: int
    next: str = ""
    """Number of the first row after these; empty if there is none."""
    remaining: str = ""
    """How many rows come after these: ``1,250``."""
    coming: str = ""
    """How many of them the next page brings."""
    previous: str = ""
    """Number of the first row of the page before; empty if there is none."""
    earlier: str = ""
    """How many rows come before these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The axis above the bars: four stretches, each with the time at its begin, and the end's."""

    request: list[str]
    signals: list[str]
    """The same for an axis that shows only the time from the first dispatch to the last's end."""
    request_view: str = f"0 0 {AXIS} 10"
    signals_view: str = ""
    """SVG's ``viewBox`` for that axis; empty where it would be the same."""


def indentation(level: int) -> dict[str, object]:
    """Return what `Row` says of its level."""
    return {
        "level": str(level),
        "indent": range(min(level - 1, MAX_INDENT)),
        "deeper": f"level {level:,}" if level - 1 > MAX_INDENT else "",
    }
