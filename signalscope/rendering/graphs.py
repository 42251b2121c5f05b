"""Who triggers whom: signals, their receivers, and what these sent in turn; pure functions."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from signalscope.naming import short_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["FORMATS", "SCHEMA", "Graph", "Sent", "drawn"]

SCHEMA = 1
"""The version of the JSON; it changes when a reader of the old one would go wrong."""

Sent = tuple[str, str | None]
"""A signal and a sender; None stands for any sender."""


@dataclass
class Graph:
    """Which receivers each send calls, and which sends each receiver makes."""

    calls: dict[Sent, dict[str, None]] = field(default_factory=dict)
    """In the order of sending."""
    sends: dict[str, dict[Sent, None]] = field(default_factory=dict)
    """Known from recordings only."""
    tops: list[Sent] = field(default_factory=list)
    """The sends that were asked for, if it is a part of another graph."""

    def connect(self, sent: Sent, receiver: str) -> None:
        """Add a receiver of a send."""
        self.calls.setdefault(sent, {})[receiver] = None

    def trigger(self, receiver: str, sent: Sent) -> None:
        """Add a send that a receiver makes."""
        self.sends.setdefault(receiver, {})[sent] = None

    def add_recording(self, recording: dict[str, Any]) -> None:
        """Add what a recording, given as `Recording.to_dict` makes it, saw."""
        dispatches = recording["dispatches"]
        for dispatch in dispatches:
            sent = dispatch["signal_name"], dispatch["sender_name"]
            for call in dispatch["calls"]:
                self.connect(sent, call["receiver_name"])
            if dispatch["parent"] is not None:
                number, order = dispatch["parent"]
                self.trigger(dispatches[number]["calls"][order]["receiver_name"], sent)

    def receivers(self, sent: Sent) -> list[str]:
        """Return what a send calls: the receivers for its sender, and those for any."""
        for_any = self.calls.get((sent[0], None), {}) if sent[1] is not None else {}
        return list({**self.calls.get(sent, {}), **for_any})

    def below(self, roots: Iterable[Sent]) -> Graph:
        """Return the part that is reached from some sends."""
        part = Graph(tops=list(roots))
        for sent in self._reached(part.tops, set()):
            for receiver in self.receivers(sent):
                part.connect(sent, receiver)
                for further in self.sends.get(receiver, {}):
                    part.trigger(receiver, further)
        return part

    def _reached(self, roots: Iterable[Sent], seen: set[Sent]) -> Iterator[Sent]:
        """Yield what is reached from some sends and is not in `seen`, and add it there."""
        waiting = [each for each in roots if each not in seen]
        seen.update(waiting)
        for sent in waiting:
            yield sent
            for receiver in self.receivers(sent):
                for further in self.sends.get(receiver, {}):
                    if further not in seen:
                        seen.add(further)
                        waiting.append(further)

    def roots(self) -> list[Sent]:
        """Return the sends to begin with: what was asked for, else what no receiver makes.

        Of sends that receivers make round and round, the first, so that each is below some root.
        """
        if self.tops:
            return self.tops
        made = {sent for sends in self.sends.values() for sent in sends}
        found = [sent for sent in self.calls if sent not in made]
        seen: set[Sent] = set()
        for _ in self._reached(found, seen):
            pass
        for sent in self.calls:
            if sent not in seen:
                found.append(sent)
                for _ in self._reached([sent], seen):
                    pass
        return found


def label(sent: Sent) -> str:
    """Return ``post_save bookstore.Book``."""
    return short_name(sent[0]) + (f" {sent[1]}" if sent[1] else "")


def _text(graph: Graph) -> str:
    lines: list[str] = []
    shown: set[Sent] = set()
    for root in graph.roots():
        lines.append(label(root))
        lines += _branches(graph, root, shown)
    return "\n".join(lines)


def _branches(graph: Graph, root: Sent, shown: set[Sent]) -> Iterator[str]:
    """Yield the lines below a send; what was shown before is named, and not shown again."""
    # Not by recursion: a chain of receivers may be longer than the stack.
    shown.add(root)
    stack = _items(graph, root, "")
    while stack:
        prefix, is_last, receiver, sent = stack.pop()
        tee = "└─ " if is_last else "├─ "
        below = prefix + ("   " if is_last else "│  ")
        if sent is None:
            yield f"{prefix}{tee}{receiver}"
            sends = list(graph.sends.get(receiver, {}))
            stack += reversed(
                [(below, at == len(sends) - 1, receiver, each) for at, each in enumerate(sends)]
            )
        elif sent in shown:
            yield f"{prefix}{tee}{label(sent)} (see above)"
        else:
            shown.add(sent)
            yield f"{prefix}{tee}{label(sent)}"
            stack += _items(graph, sent, below)


_Item = tuple[str, bool, str, Sent | None]


def _items(graph: Graph, sent: Sent, prefix: str) -> list[_Item]:
    receivers = graph.receivers(sent)
    items: list[_Item] = [
        (prefix, at == len(receivers) - 1, receiver, None) for at, receiver in enumerate(receivers)
    ]
    return items[::-1]


class _Ids:
    """Short ids for names, in the order in which they are first asked for."""

    def __init__(self) -> None:
        self._given: dict[Any, str] = {}

    def __call__(self, name: Any) -> str:
        return self._given.setdefault(name, f"n{len(self._given)}")

    def items(self) -> list[tuple[Any, str]]:
        return list(self._given.items())


def _edges(graph: Graph) -> Iterator[tuple[Sent | str, Sent | str]]:
    for sent, receivers in graph.calls.items():
        for receiver in receivers:
            yield sent, receiver
    for receiver, sends in graph.sends.items():
        for sent in sends:
            yield receiver, sent


def _mermaid(graph: Graph) -> str:
    ids = _Ids()
    edges = [f"  {ids(one)} --> {ids(other)}" for one, other in _edges(graph)]
    nodes = []
    for name, number in ids.items():
        shown = html.escape(name if isinstance(name, str) else label(name)).replace("&", "#")
        # A send is a stadium, a receiver a box.
        box = f'["{shown}"]' if isinstance(name, str) else f'(["{shown}"])'
        nodes.append(f"  {number}{box}")
    return "\n".join(["flowchart LR", *nodes, *edges])


def _dot(graph: Graph) -> str:
    ids = _Ids()
    edges = [f"  {ids(one)} -> {ids(other)};" for one, other in _edges(graph)]
    nodes = []
    for name, number in ids.items():
        shown = json.dumps(name if isinstance(name, str) else label(name), ensure_ascii=False)
        shape = "" if isinstance(name, str) else ", style=rounded"
        nodes.append(f"  {number} [label={shown}{shape}];")
    head = ["digraph signals {", "  rankdir=LR;", "  node [shape=box];"]
    return "\n".join([*head, *nodes, *edges, "}"])


def _json(graph: Graph) -> str:
    return json.dumps(
        {
            "schema": SCHEMA,
            "kind": "graph",
            "sends": [
                {"signal": sent[0], "sender": sent[1], "calls": list(receivers)}
                for sent, receivers in graph.calls.items()
            ],
            "receivers": [
                {
                    "receiver": receiver,
                    "sends": [{"signal": signal, "sender": sender} for signal, sender in sends],
                }
                for receiver, sends in graph.sends.items()
            ],
        },
        indent=1,
        ensure_ascii=False,
    )


FORMATS: dict[str, Callable[[Graph], str]] = {
    "text": _text,
    "mermaid": _mermaid,
    "dot": _dot,
    "json": _json,
}


def drawn(graph: Graph, how: str) -> str:
    """Return a graph in one of the `FORMATS`."""
    return FORMATS[how](graph)
