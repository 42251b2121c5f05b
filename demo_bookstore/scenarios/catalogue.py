"""All scenarios, in the order in which they are told."""

from __future__ import annotations

from typing import NamedTuple

import django

from demo_bookstore.pitfalls.catalogue import PITFALLS
from demo_bookstore.scenarios import (
    approval,
    async_signal,
    authors_changed,
    below_the_model,
    book_created,
    book_deleted,
    connecting,
    connections,
    custom_signal,
    initialisation,
    mail_order,
    muting,
    purchase,
    rating_stats,
    ready,
    requests,
    review_posted,
    robust_sending,
    saves,
    senders,
    slug_taken,
    uids,
    user_profile,
)
from demo_bookstore.scenarios.base import Pair, Scenario


class Chapter(NamedTuple):
    """Scenarios and pairs of them that belong together."""

    slug: str
    title: str
    about: str
    entries: tuple[Scenario | Pair, ...]


if django.VERSION >= (6, 0):
    from demo_bookstore.scenarios import task_signals

    _TASKS = (task_signals.SCENARIO,)
else:
    _TASKS = ()

CHAPTERS = (
    Chapter(
        "shop",
        "In the shop",
        "What visitors do, and what follows from it.",
        (
            user_profile.SCENARIO,
            book_created.SCENARIO,
            slug_taken.SCENARIO,
            review_posted.SCENARIO,
            approval.SCENARIO,
            rating_stats.SCENARIO,
            purchase.SCENARIO,
            custom_signal.SCENARIO,
            robust_sending.SCENARIO,
            async_signal.SCENARIO,
        ),
    ),
    Chapter(
        "django",
        "Django's signals",
        "Each of them once, with what it tells.",
        (
            initialisation.SCENARIO,
            saves.SCENARIO,
            book_deleted.SCENARIO,
            authors_changed.SCENARIO,
            requests.SCENARIO,
            connections.SCENARIO,
            *_TASKS,
        ),
    ),
    Chapter(
        "wiring",
        "Wiring",
        "How a receiver comes to be connected, and to whom.",
        (
            connecting.SCENARIO,
            ready.SCENARIO,
            below_the_model.SCENARIO,
            senders.SCENARIO,
            uids.SCENARIO,
        ),
    ),
    Chapter(
        "choices",
        "Two ways to do it",
        "Side by side, as the difference is easier to see than to explain.",
        (muting.PAIR, mail_order.PAIR),
    ),
    Chapter(
        "pitfalls",
        "Pitfalls",
        "The bad form and the good one. What is wrong with the bad one is found; the good one is "
        "left in peace.",
        PITFALLS,
    ),
)

SCENARIOS = tuple(
    scenario
    for chapter in CHAPTERS
    for entry in chapter.entries
    for scenario in ((entry.first, entry.second) if isinstance(entry, Pair) else (entry,))
)

# Those that ask for no more than a database, whichever it is.
PLAIN_SCENARIOS = tuple(scenario for scenario in SCENARIOS if not scenario.apart)
