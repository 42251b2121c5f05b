"""What signals did in a whole test suite: added up test by test, as plain data and as text."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, TypedDict

from signalscope.rendering.spans import covered
from signalscope.rendering.text import duration
from signalscope.rendering.words import count, short_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from signalscope.recording import Recording

__all__ = ["Receiver", "Suite", "Test", "facts_of_test", "summary"]

SCHEMA = 1
_MOST_ROWS = 5
_MOST_CYCLES = 100
_OF_A_FINDING = ("id", "name", "severity", "message", "receiver", "signal", "sender")


class Receiver(TypedDict):
    """What one receiver did, added up. Times are nanoseconds."""

    calls: int
    total_ns: int
    own_ns: int
    """Less the dispatches that it sent in turn."""
    max_ns: int
    """Of one call, from begin to end."""
    queries: int
    errors: int
    file: str | None
    line: int | None


class Test(TypedDict):
    """What one test set off."""

    dispatches: int
    calls: int
    signals_ns: int
    """Time in which at least one dispatch was open."""
    queries: int
    dropped: int
    receivers: dict[str, Receiver]
    recursions: dict[str, int]
    """A cycle, its names joined by arrows → how often it was entered."""
    findings: list[dict[str, Any]]


def facts_of_test(recording: Recording) -> Test:
    """Add up a recording; the answer is plain data, ready for JSON."""
    receivers: dict[str, Receiver] = {}
    cycles: Counter[str] = Counter()
    roots, dispatches, calls = [], 0, 0
    for dispatch in recording.walk():
        dispatches += 1
        if dispatch.parent is None:
            roots.append((dispatch.started, dispatch.started + (dispatch.duration_ns or 0)))
        if dispatch.recursive:
            cycles[" → ".join(dispatch.cycle)] += 1
        for call in dispatch.calls:
            calls += 1
            held = receivers.get(call.receiver_name)
            if held is None:
                held = receivers[call.receiver_name] = _nothing(call.file, call.line)
            took = call.duration_ns or 0
            held["calls"] += 1
            held["total_ns"] += took
            held["own_ns"] += call.self_ns or 0
            held["max_ns"] = max(held["max_ns"], took)
            held["queries"] += call.queries.count if call.queries is not None else 0
            held["errors"] += call.error is not None
    return {
        "dispatches": dispatches,
        "calls": calls,
        "signals_ns": covered(roots),
        "queries": sum(each["queries"] for each in receivers.values()),
        "dropped": recording.dropped,
        "receivers": receivers,
        "recursions": dict(cycles.most_common(_MOST_CYCLES)),
        "findings": [
            {key: getattr(each, key) for key in _OF_A_FINDING} for each in recording.findings
        ],
    }


def _nothing(file: str | None, line: int | None) -> Receiver:
    return {
        "calls": 0,
        "total_ns": 0,
        "own_ns": 0,
        "max_ns": 0,
        "queries": 0,
        "errors": 0,
        "file": file,
        "line": line,
    }


class Suite:
    """All tests of a run; what ran twice (a rerun) is two tests of one name."""

    def __init__(self) -> None:
        self.tests: list[dict[str, Any]] = []
        self.unseen = 0
        """Tests that ran, and were not recorded."""

    def add(self, name: str, outcome: str, facts: Test) -> None:
        """Take in a test that has ended."""
        self.tests.append({"test": name, "outcome": outcome, **facts})

    def total(self, key: str) -> int:
        """Add up a number of the tests."""
        return sum(test[key] for test in self.tests)

    def receivers(self) -> dict[str, dict[str, Any]]:
        """Add up what each receiver did, with the test of its longest call as ``max_in``."""
        merged: dict[str, dict[str, Any]] = {}
        for test in self.tests:
            for name, told in test["receivers"].items():
                held = merged.get(name)
                if held is None:
                    merged[name] = {**told, "max_in": test["test"], "tests": 1}
                    continue
                if told["max_ns"] > held["max_ns"]:
                    held.update(max_ns=told["max_ns"], max_in=test["test"])
                for key in ("calls", "total_ns", "own_ns", "queries", "errors"):
                    held[key] += told[key]
                held["tests"] += 1
        return merged

    def recursions(self) -> list[tuple[str, int, str]]:
        """Return the cycles, how often each was entered, and in which test first; most first."""
        found: dict[str, list[Any]] = {}
        for test in self.tests:
            for cycle, times in test["recursions"].items():
                found.setdefault(cycle, [0, test["test"]])[0] += times
        ranked = sorted(found.items(), key=lambda item: -item[1][0])
        return [(cycle, times, test) for cycle, (times, test) in ranked]

    def findings(self) -> list[tuple[dict[str, Any], int, str]]:
        """Return each finding, in how many tests it was, and in which first; most first."""
        found: dict[tuple[str, ...], list[Any]] = {}
        for test in self.tests:
            for each in test["findings"]:
                # Not by its message, which tells how often it was so in that test.
                key = tuple(each[name] for name in ("id", "receiver", "signal", "sender"))
                found.setdefault(key, [each, 0, test["test"]])[1] += 1
        return [(each, times, test) for each, times, test in sorted(found.values(), key=_rank)]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data, ready for JSON."""
        return {
            "schema": SCHEMA,
            "kind": "signalscope.suite",
            "unseen": self.unseen,
            "totals": {
                key: self.total(key)
                for key in ("dispatches", "calls", "signals_ns", "queries", "dropped")
            },
            "receivers": self.receivers(),
            "tests": self.tests,
        }


def _rank(found: list[Any]) -> tuple[int, str]:
    each, times, _ = found
    return -times, each["id"]


def summary(suite: Suite) -> Iterator[str]:
    """Yield the lines that end a test run: what was slow, called, asked for SQL, or came again."""
    calls = count(suite.total("calls"), "receiver call")
    yield (
        f"{calls} in {count(len(suite.tests), 'test')}, {duration(suite.total('signals_ns'))} in "
        f"signals, {count(suite.total('queries'), 'query', 'queries')} in receivers"
    )
    if suite.unseen:
        yield f"{count(suite.unseen, 'test')} ran without a recording"
    if dropped := suite.total("dropped"):
        yield f'{count(dropped, "record")} found no room: raise SIGNALSCOPE["MAX_RECORDS"]'
    receivers = suite.receivers()
    yield from _section("Slowest by their own time", receivers, "own_ns", duration)
    yield from _section("Most called", receivers, "calls", lambda times: count(times, "call"))
    yield from _section(
        "Most queries", receivers, "queries", lambda number: count(number, "query", "queries")
    )
    yield from _others("Recursion", suite.recursions(), lambda cycle: cycle)
    yield from _others("Findings", suite.findings(), lambda each: f"{each['id']} {each['message']}")


def _section(
    title: str, receivers: dict[str, dict[str, Any]], key: str, spell: Callable[[int], str]
) -> Iterator[str]:
    ranked = sorted(receivers.items(), key=lambda item: (-item[1][key], item[0]))
    shown = [item for item in ranked[:_MOST_ROWS] if item[1][key]]
    if not shown:
        return
    yield ""
    yield title
    figures = [spell(told[key]) for _, told in shown]
    width = max(map(len, figures))
    for figure, (name, told) in zip(figures, shown, strict=True):
        place = f"  {short_path(told['file'])}:{told['line']}" if told["file"] else ""
        beside = "" if key == "calls" else f"  {count(told['calls'], 'call')}"
        yield f"  {figure:>{width}}  {name}{beside}{place}"


def _others(title: str, found: list[Any], spell: Callable[[Any], str]) -> Iterator[str]:
    if not found:
        return
    yield ""
    yield title
    for what, times, test in found[:_MOST_ROWS]:
        yield f"  {times:,} × {spell(what)}  first in {test}"
    if len(found) > _MOST_ROWS:
        yield f"  … and {len(found) - _MOST_ROWS} more"
