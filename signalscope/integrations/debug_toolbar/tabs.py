"""The panel's tabs: which there are for a recording, and what is asked of one."""

from __future__ import annotations

from typing import Any, NamedTuple

from signalscope.rendering.filters import Filter

__all__ = ["Ask", "NoSuchTabError", "Tab", "has_tab", "tabs"]


class Tab(NamedTuple):
    """A tab; `total` is what the tab lists, empty where that is not worth its cost."""

    name: str
    label: str
    total: str = ""


class NoSuchTabError(Exception):
    """The recording has no tab of this name."""


class Ask(NamedTuple):
    """What is asked of a tab. It is the panel's state, as the page's address holds it."""

    tab: str = "tree"
    text: str = ""
    """What the filter box holds."""
    sort: str = ""
    first: int = 0
    """The number of the first row."""
    row: str = ""
    """The key of a row of the tree that has to be on the page."""

    @property
    def wanted(self) -> Filter:
        """The filter."""
        return Filter.of(self.text)


def tabs(recording: dict[str, Any]) -> list[Tab]:
    """Return the tabs for `recording`. Without rules there are no findings to show."""
    dispatches = recording["dispatches"]
    calls = [call["receiver_name"] for dispatch in dispatches for call in dispatch["calls"]]
    pairs = {(dispatch["signal_name"], dispatch["sender_name"]) for dispatch in dispatches}
    found = [
        Tab("tree", "Tree", f"{len(dispatches) + len(recording['bypasses']):,}"),
        Tab("receivers", "Receivers", f"{len(set(calls)):,}"),
        Tab("signals", "Signals", f"{len(pairs):,}"),
        Tab("not-called", "Not called"),
    ]
    if "findings" in recording:
        found.append(Tab("findings", "Findings", f"{len(recording['findings']):,}"))
    return [*found, Tab("wiring", "Wiring")]


def has_tab(recording: dict[str, Any], name: str) -> bool:
    """Tell whether `tabs` would name this one, at less cost."""
    always = ("tree", "receivers", "signals", "not-called", "wiring")
    return name in always or (name == "findings" and "findings" in recording)
