"""The table of differences, and the exit status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.fidelity.at_large.comparing import Comparison

__all__ = ["Row", "status", "table"]

HEAD = (
    "suite",
    "Django",
    "tests",
    "skipped",
    "failing alike",
    "different",
    "unsteady",
    "dispatches",
    "receiver calls",
    "seconds",
    "ratio",
)


@dataclass(frozen=True)
class Row:
    """A suite on one Django."""

    suite: str
    django: str
    compared: Comparison | None
    why_not: str = ""

    @property
    def problems(self) -> list[str]:
        """What makes it fail."""
        if self.compared is None:
            return []
        recorded = self.compared.recorded
        silent = [] if recorded.calls else ["no receiver call was recorded"]
        return [*self.compared.differences, *recorded.faults, *silent]

    def cells(self) -> list[str]:
        """Return the row as text."""
        compared = self.compared
        if compared is None:
            return [self.suite, self.django, f"not run: {self.why_not}", *[""] * (len(HEAD) - 3)]
        without, recorded = compared.without, compared.recorded
        return [
            self.suite,
            self.django,
            f"{compared.tests:,}",
            f"{compared.skipped:,}",
            f"{compared.failing:,}",
            f"{len(compared.differences):,}",
            f"{len(compared.unsteady):,}",
            f"{recorded.dispatches:,}",
            f"{recorded.calls:,}",
            f"{without.seconds:.1f} → {recorded.seconds:.1f}",
            f"{recorded.seconds / without.seconds:.2f}",
        ]


def table(rows: Iterable[Row]) -> str:
    """Return the rows as a table that a page can take as it is."""
    lines = [HEAD, ["---"] * len(HEAD), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def status(rows: Iterable[Row]) -> int:
    """Return 1 where something differs, 2 where something was not run, else 0."""
    rows = list(rows)
    if any(row.problems for row in rows):
        return 1
    return 2 if not rows or any(row.compared is None for row in rows) else 0
