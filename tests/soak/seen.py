"""What was seen of the requests of a round, as plain data: outcomes, traces and lines."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.backends.spans import Span

CALM = "calm"
REFUSES, FAILS, HANGS = "refuses", "fails", "hangs"
"""What the collector does during a round; all but calm may lose spans."""


class Outcome(NamedTuple):
    """What the client knows of a request; `milliseconds` count from when it was due."""

    trace: str
    kind: str
    outcome: str
    milliseconds: float
    will_hang_up: bool

    @property
    def is_complete(self):
        """Whether the client waited for the answer, and got one."""
        return self.outcome.isdigit()


class Reference(NamedTuple):
    """One request that was made alone: what its trace and its lines look like."""

    shape: object
    edges: Counter
    called: Counter
    """The spans of receiver calls, by their names."""
    said: Counter


class Round(NamedTuple):
    """What was seen of one server in one round of load."""

    collector: str
    outcomes: list[Outcome]
    spans: list[Span]
    lines: list[str]
    complaints: Counter
    """The lines of stderr, by their class."""
    census: dict[int, dict] | None


# --- Traces ---------------------------------------------------------------------------------------


def by_trace(spans):
    """Return the spans of each trace; one that was sent twice, as exporters may, counts once."""
    found = defaultdict(dict)
    for span in spans:
        found[span.trace_id][span.span_id] = span
    return found


def shape_of(spans):
    """Return the names of a trace as a tree, those side by side in the order of the alphabet."""
    children = defaultdict(list)
    for span in spans.values():
        children[span.parent_id if span.parent_id in spans else ""].append(span)

    def tree(span):
        return (span.name, *sorted(map(tree, children[span.span_id])))

    return tuple(sorted(map(tree, children[""])))


def edges_of(spans):
    """Count the pairs of a name and the name right above it."""
    return Counter(
        (span.name, spans[span.parent_id].name if span.parent_id in spans else "")
        for span in spans.values()
    )


def names_of(edges):
    """Count the names alone."""
    found = Counter()
    for (name, _), times in edges.items():
        found[name] += times
    return found


def called_in(spans):
    """Count the spans of receiver calls by their names, but for those that Django left running."""
    return Counter(
        span.name
        for span in spans.values()
        if "django.signal.receiver.order" in span.attributes
        and not span.attributes.get("django.signal.receiver.unfinished")
    )


def orphans_of(spans, client):
    """Return the spans whose parent is neither in the trace nor the client's."""
    return [
        span for span in spans.values() if span.parent_id not in spans and span.parent_id != client
    ]


# --- Lines ----------------------------------------------------------------------------------------


def lines_by_request(lines):
    """Return the lines of stdout as dicts, by the request in whose context they were written."""
    found = defaultdict(list)
    for line in lines:
        said = json.loads(line)
        found[said["request"]].append(said)
    return found


def said_of(lines):
    """Count the lines on dispatches and receiver calls; findings depend on how long things took."""
    return Counter(
        (said["event"], said["signal"], said.get("receiver", ""))
        for said in lines
        if said["event"] in {"signal.dispatch", "signal.receiver"}
    )


def receivers_in(said):
    """Count the lines of receiver calls by the receiver."""
    found = Counter()
    for (event, _, receiver), times in said.items():
        if event == "signal.receiver":
            found[receiver] += times
    return found


def reference_of(spans, lines):
    """Return what a request looks like that was made alone."""
    return Reference(shape_of(spans), edges_of(spans), called_in(spans), said_of(lines))


_KEEP = re.compile(r", line \d+, in ")
_VARIABLE = re.compile(r"0x[0-9a-f]+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,}|\d+(?:\.\d+)?")


def class_of(line):
    """Return a line of stderr without what differs each time: numbers, ids, addresses, slugs.

    The line numbers of a traceback stay: they are the same wherever the code is.
    """
    line = line.strip()
    if _KEEP.search(line):
        return line
    line = re.sub(r"/books/[a-z0-9-]+/", "/books/SLUG/", line)
    line = re.sub(r"/purchase/[a-z0-9-]+/", "/purchase/SLUG/", line)
    return _VARIABLE.sub("N", line)
