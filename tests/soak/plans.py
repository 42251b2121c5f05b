"""What happens when: the rounds of a soak, and the requests of a round."""

from __future__ import annotations

import random

from tests.soak.kinds import KINDS
from tests.soak.seen import CALM, FAILS, HANGS, REFUSES

ROUNDS = 6
"""The least number of rounds of each server; in one of so many the collector is away."""
LONGEST = 15.0
"""Seconds that a round takes at most."""
AWAY = 2
"""The round of each such group in which it is away. The ones before it warm the server up."""
FAULTS = (REFUSES, HANGS, FAILS)


def rounds(first, seconds):
    """Return what the collector does in each round, and how long a round takes.

    A short run has one fault for each server: `first` says which, so that each has another.
    """
    count = max(ROUNDS, round(seconds / LONGEST))
    if count % ROUNDS == AWAY + 1:
        count += 1  # so that there is a round after the last fault
    modes = [
        FAULTS[(first + number // ROUNDS) % len(FAULTS)] if number % ROUNDS == AWAY else CALM
        for number in range(count)
    ]
    return modes, seconds / count


def timetable(seed, seconds, rate, books):
    """Return the requests of a round: when, what, of which book, when the client hangs up.

    Drawn from the seed alone, so that every server gets the same.
    """
    chance = random.Random(seed)  # noqa: S311 - every server has to get the same
    names = list(KINDS)
    weights = [kind.weight for kind in KINDS.values()]
    due = 0.0
    planned = []
    while True:
        # Groups, so that some are under way side by side.
        due += chance.expovariate(rate / 3)
        if due >= seconds:
            return planned
        for _ in range(chance.choice((1, 2, 3, 6))):
            name = chance.choices(names, weights)[0]
            kind = KINDS[name]
            hangs_up = chance.random() < kind.hangs_up
            planned.append(
                {
                    "due": due,
                    "kind": name,
                    "book": chance.choice(books),
                    "trace": f"{chance.getrandbits(128) | 1:032x}",
                    "hangs_up": chance.uniform(0, kind.patience) if hangs_up else None,
                }
            )
