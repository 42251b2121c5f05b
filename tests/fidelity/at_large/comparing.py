"""What is another with us recording than without us, and whether it is so each time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.fidelity.at_large.running import Notes, NotRun

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.fidelity.at_large.running import Bench

    Values = dict[str, object]

__all__ = ["Comparison", "compare", "differs_alone"]

KINDS = ("outcomes", "queries", "warnings")
MISSING = "did not run"
TRIES = 3
MOST_ALONE = 10
"""If more tests than these differ, it is no chance, and none is run alone."""


@dataclass
class Comparison:
    """A suite without us beside the same recorded."""

    without: Notes
    recorded: Notes
    differences: list[str] = field(default_factory=list)
    """A line for each test and kind that is another each time."""
    unsteady: list[str] = field(default_factory=list)
    """A line for each that was another in the first two runs, and then was not."""

    @property
    def tests(self) -> int:
        """How many tests were compared."""
        return sum(" within " not in test for test in self.without.outcomes)

    @property
    def failing(self) -> int:
        """How many tests fail without us."""
        return len(_failing(self.without))

    @property
    def skipped(self) -> int:
        """How many tests are skipped without us."""
        return sum(each == "skipped" for each in self.without.outcomes.values())


def _failing(notes: Notes) -> list[str]:
    """Return the tests that fail; those within others are for these to judge."""
    return [
        test
        for test, outcome in notes.outcomes.items()
        if not {"failed", "error"}.isdisjoint(outcome.split(" and ")) and " within " not in test
    ]


def check_it_ran(notes: Notes) -> None:
    """Raise `NotRun` where a plain run says nothing: no tests, or most of them fail."""
    outcomes = notes.outcomes
    if not outcomes:
        raise NotRun("no tests were found")
    passed = sum(each == "passed" for each in outcomes.values())
    failing = _failing(notes)
    if len(failing) > passed:
        raise NotRun(f"{len(failing)} of {len(outcomes)} tests fail without us, as {failing[0]}")
    if not passed:
        raise NotRun(f"none of {len(outcomes)} tests passes without us")


def values_of(notes: Notes, test: str) -> Values:
    """Return what is compared of one test."""
    noted = notes.tests.get(test)
    if noted is None:
        return {"outcomes": MISSING, "queries": 0, "warnings": ()}
    outcome = notes.outcomes.get(test, MISSING)
    # The order of warnings is that of the tests within a class, of which some are set up together.
    warned = tuple(sorted(Counter(noted["warnings"]).items()))
    return {"outcomes": outcome, "queries": noted["queries"], "warnings": warned}


def differing(without: Notes, recorded: Notes) -> dict[str, list[str]]:
    """Return the tests that differ, and in what."""
    found = {}
    for test in sorted({*without.tests, *recorded.tests}):
        before, after = values_of(without, test), values_of(recorded, test)
        if kinds := [kind for kind in KINDS if before[kind] != after[kind]]:
            found[test] = kinds
    return found


def run_recorded(bench: Bench, labels: list[str] | None = None) -> Notes:
    """Run the suite recorded; that it breaks off then is a fault, since it did not without us."""
    try:
        return bench.run(record=True, labels=labels)
    except NotRun as error:
        return Notes({}, seconds=0, dispatches=0, calls=0, faults=[f"recorded, {error}"])


def compare(bench: Bench) -> Comparison:
    """Run the suite both ways, and each test that differs some times more."""
    without = bench.run(record=False)
    check_it_ran(without)
    recorded = run_recorded(bench)
    compared = Comparison(without, recorded)
    found = differing(without, recorded)
    if not found or not recorded.tests:
        return compared
    if len(found) > MOST_ALONE:
        for test, kinds in found.items():
            compared.differences += [_line(test, kind, without, recorded) for kind in kinds]
        return compared
    once_more = (bench.run(record=False), run_recorded(bench))
    for test, kinds in found.items():
        alone = _alone(bench, test)
        for kind in kinds:
            steady = differs_alone(alone, test, kind) or _differs_again(
                (without, recorded), once_more, test, kind
            )
            line = _line(test, kind, without, recorded)
            (compared.differences if steady else compared.unsteady).append(line)
    return compared


def _alone(bench: Bench, test: str) -> list[tuple[Notes, Notes]]:
    """Run one test both ways, some times; the whole suite where it takes no names of tests."""
    if not bench.suite.takes_labels:
        return [(bench.run(record=False), run_recorded(bench)) for _ in range(TRIES)]
    try:
        labels = [label_of(test)]
        return [
            (bench.run(record=False, labels=labels), run_recorded(bench, labels))
            for _ in range(TRIES)
        ]
    except NotRun:
        return []  # what has no name that the runner takes, as what is outside of the tests


def label_of(test: str) -> str:
    """Return what a runner calls a test by, or what it is a part of."""
    name, _, rest = test.rpartition(" within ")[2].partition(" (")
    return rest.rstrip(")") if name in {"setUpClass", "tearDownClass"} else name


def differs_alone(runs: Sequence[tuple[Notes, Notes]], test: str, kind: str) -> bool:
    """Tell whether no recorded run came to what a plain run came to.

    What is another in each plain run, as queries for rows at random, tells nothing.
    """
    plain = {values_of(run, test)[kind] for run, _ in runs}
    recorded = {values_of(run, test)[kind] for _, run in runs}
    comparable = len(plain) == 1 or (kind == "outcomes" and plain)
    return bool(comparable) and plain.isdisjoint(recorded)


def _differs_again(
    first: tuple[Notes, Notes], second: tuple[Notes, Notes], test: str, kind: str
) -> bool:
    """Tell whether two runs of all show the same difference, and the plain ones agree."""
    read: Callable[[Notes], object] = lambda notes: values_of(notes, test)[kind]  # noqa: E731
    return read(first[0]) == read(second[0]) != read(second[1])


def _line(test: str, kind: str, without: Notes, recorded: Notes) -> str:
    before, after = values_of(without, test)[kind], values_of(recorded, test)[kind]
    if kind == "warnings":
        gone, new = dict(set(before) - set(after)), dict(set(after) - set(before))
        before, after = (list(each.items()) or "none of these" for each in (gone, new))
    return f"{test}: {kind} {before} without us, {after} recorded"
