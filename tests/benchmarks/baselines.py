"""Where the table stood, for rows that do not reach yet what they shall, and for counts.

A row fails the run (`nox -s bench`, and its quick form in CI) only where it is grossly worse:

- a time, at twice what it shall reach, or twice what stands here where that is more;
- a count, beyond what it shall reach, or a tenth above what stands here: counts have no noise.

The figures are of November 2026: CPython 3.13.0, Django 6.1.3, sentry-sdk 2.75.0, a virtual
machine with two cores (AMD EPYC) on which others worked at the same time. Write here what the whole
`nox -s bench` prints, not its quick form, and only where something was decided to cost more or came
to cost less.
"""

from __future__ import annotations

BASELINES = {
    # A recorded receiver call, of three, with its share of the dispatch.
    "call": 8.7,
    "call_kwargs": 12.0,
    # Model(), workloads: nothing was promised, so a figure has to stand here.
    "workload_idle": 1.01,
    "workload_recording": 1.15,
    # A count.
    "bytecodes_recorded": 2.19,
}

TWICE = 2
A_TENTH_MORE = 1.1


def limit(row):
    """Return what `row` may be at most; None where nothing was set."""
    baseline = BASELINES.get(row.key)
    if row.counted:
        return row.reach or (baseline and baseline * A_TENTH_MORE)
    known = [figure for figure in (baseline, row.reach if row.key else None) if figure]
    return TWICE * max(known) if known else None
