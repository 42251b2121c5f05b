"""The table at the end."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from tests.soak.checks import MIB, latencies
from tests.soak.kinds import HUNG_UP, KINDS


class Figures(NamedTuple):
    """What is told of a server: pairs are of the plain one and of that with us."""

    name: str
    outcomes: tuple
    timed: tuple
    """Latencies with the collector there, and with it away."""
    cpu: tuple
    """Milliseconds of the processor that a request takes."""
    memory: tuple
    counts: dict
    """What was looked at of the one with us."""


def table(figures):
    """Return the figures as lines."""
    rows = [figures.name, f"  {'requests':28}{'plain':>32}{'with us':>32}"]
    rows += [
        f"  {kind:28}" + "".join(f"{_counted(each, kind):>32}" for each in figures.outcomes)
        for kind in KINDS
    ]
    rows.append("  latency, ms")
    for where, timed in zip(("", ", collector away"), figures.timed, strict=True):
        rows += [_ratio(f"  p{each.percentile}{where}", each.plain, each.ours) for each in timed]
    for kind in KINDS:
        pair = [[each for each in side if each.kind == kind] for side in figures.outcomes]
        rows += [_ratio(f"  p50 {kind}", each.plain, each.ours) for each in latencies(*pair)[:1]]
    rows += [
        _ratio("processor, ms a request", *figures.cpu),
        "  memory, MiB",
        _ratio("  at the end", *(each.level / MIB for each in figures.memory)),
    ]
    grown = [f"{each.bytes / MIB:+.2f} over {each.requests:.0f}" for each in figures.memory]
    rows.append(f"  {'  growth over requests':28}" + "".join(f"{each:>32}" for each in grown))
    rows += [f"  {what:28}{'':32}{number:>32}" for what, number in sorted(figures.counts.items())]
    return "\n".join([*rows, ""])


def _ratio(what, plain, ours):
    ratio = f"{ours / plain:.2f} ×" if plain else ""
    return f"  {what:28}{plain:>32.2f}{ours:>32.2f}{ratio:>10}"


def _counted(outcomes, kind):
    counted = Counter(each.outcome for each in outcomes if each.kind == kind)
    return "  ".join(
        f"{'gone' if outcome == HUNG_UP else outcome} {times}"
        for outcome, times in sorted(counted.items())
    )
