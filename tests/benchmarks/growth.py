"""How the cost of one more call grows: with receivers, with depth, with dispatches kept.

A recorded send costs something for the dispatch and something for each receiver call. So that the
first is not taken for the second, what counts is the slope between two neighbouring sizes: by how
much the time above a plain send rises for each call more. No model is fitted, and the cost of the
dispatch, which both sizes have once, falls out. One level of depth is a dispatch and a call; what
is kept is looked at for a whole dispatch with one call, the garbage collector's work included.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from tests.benchmarks.lab import Cell, Effort, least


class Curve(NamedTuple):
    """Nanoseconds per call at each size, and by which factor the most exceeds the least."""

    name: str
    unit: str
    sizes: tuple[int, ...]
    costs: tuple[float, ...]
    plain: tuple[float, ...]
    """The same of Django alone."""

    @property
    def spread(self):
        return max(self.costs) / min(self.costs)


RECEIVERS = (1, 4, 10, 30, 100, 300, 1000)
DEPTHS = (1, 10, 30, 100, 200, 300)
KEPT = (100, 1000, 10_000, 100_000)
QUICK = {RECEIVERS: (1, 10, 100, 1000), DEPTHS: (1, 30, 300), KEPT: (100, 10_000)}
"""The largest 100,000 would take most of a quick run; all else goes as far."""


def receivers(lab):
    return _slopes(lab, "receivers of a dispatch", "send", RECEIVERS)


def depth(lab):
    return _slopes(lab, "depth of nested sends", "nested", DEPTHS)


def kept(lab):
    """Send equally often in each case, so that each bears its share of collections."""
    sizes = QUICK[KEPT] if lab.quick else KEPT
    cells = [Cell(variant, "kept", size) for size in sizes for variant in ("plain", "recording")]
    effort = Effort(1, 4, 1) if lab.quick else Effort(2, 4, 1)
    seen = least(lab.side_by_side(cells, effort))
    plain = tuple(seen[Cell("plain", "kept", size)] for size in sizes)
    recorded = (seen[Cell("recording", "kept", size)] for size in sizes)
    costs = tuple(with_us - without for with_us, without in zip(recorded, plain, strict=True))
    return Curve("dispatches kept", "a dispatch with one call", sizes, costs, plain)


def _slopes(lab, name, program, all_sizes):
    sizes = QUICK[all_sizes] if lab.quick else all_sizes
    cells = [Cell(variant, program, size) for size in sizes for variant in ("plain", "recording")]
    effort = Effort(1, 8, 2) if lab.quick else Effort(3, 20, 3)
    seen = least(lab.side_by_side(cells, effort))
    added = {
        size: seen[Cell("recording", program, size)] - seen[Cell("plain", program, size)]
        for size in sizes
    }
    plain = {size: seen[Cell("plain", program, size)] for size in sizes}
    return Curve(
        name,
        "one more receiver call" if program == "send" else "one more level",
        sizes[1:],
        tuple((added[b] - added[a]) / (b - a) for a, b in pairwise(sizes)),
        tuple((plain[b] - plain[a]) / (b - a) for a, b in pairwise(sizes)),
    )
