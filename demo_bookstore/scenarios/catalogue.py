"""All scenarios, in the order in which they are told."""

from demo_bookstore.scenarios import (
    async_signal,
    authors_changed,
    book_created,
    book_deleted,
    custom_signal,
    purchase,
    rating_stats,
    review_posted,
    robust_sending,
    user_profile,
)

SCENARIOS = (
    user_profile.SCENARIO,
    book_created.SCENARIO,
    review_posted.SCENARIO,
    rating_stats.SCENARIO,
    purchase.SCENARIO,
    custom_signal.SCENARIO,
    robust_sending.SCENARIO,
    book_deleted.SCENARIO,
    authors_changed.SCENARIO,
    async_signal.SCENARIO,
)
