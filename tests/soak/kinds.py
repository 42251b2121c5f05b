"""The kinds of requests of which the load is mixed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A request that is made again and again, each time with the same outcome and the same trace.

    `statuses` are those of the outcomes that it may have. Where there are two, the shop's state
    decides, and each has a trace of its own. `due` are names that the trace must have: without
    them the reference itself would be worth nothing. `hangs_up` is the share of its requests whose
    client hangs up after at most `patience` seconds.
    """

    path: str
    weight: int
    due: tuple[str, ...] = ()
    statuses: tuple[int, ...] = (200,)
    method: str = "GET"
    json: tuple[tuple[str, object], ...] = ()
    hangs_up: float = 0.08
    patience: float = 0.015


HUNG_UP = "hung up"
"""What came of a request whose client did not wait for the answer."""

SITE = "tests.soak.site.workload."
SHOP = "demo_bookstore.bookstore.signals."

KINDS = {
    "catalogue": Kind("/", 2),
    "page of a book": Kind("/books/{slug}/", 4),
    "book by asend": Kind(
        "/api/books/{slug}/",
        12,
        ("book_viewed bookstore.Book", SHOP + "count_book_view", SHOP + "prepare_suggestions"),
    ),
    "review": Kind(
        "/api/books/{slug}/reviews/",
        14,
        (SHOP + "record_review_rating", SHOP + "update_book_rating_stats"),
        (200, 201),
        "POST",
        (("rating", 4), ("text", "Read it in one crossing.")),
    ),
    "purchase": Kind(
        "/soak/purchase/{slug}/",
        12,
        (SHOP + "handle_book_purchase", SHOP + "send_low_stock_alert"),
        method="POST",
    ),
    "edition": Kind(
        "/soak/edition/",
        8,
        (SHOP + "assign_catalogue_number", SHOP + "log_book_deletion"),
        method="POST",
    ),
    "nested": Kind("/soak/nested/", 6, (SITE + "count_down", SITE + "note_count")),
    "endless": Kind("/soak/endless/", 3, (SITE + "circle",)),
    "raises": Kind("/soak/fails/", 3, (SITE + "accept", SITE + "refuse"), (500,)),
    "send_robust": Kind("/soak/robust/", 4, (SITE + "refuse", SITE + "come_last")),
    "asend, nested": Kind("/soak/fan-out/", 8, (SITE + "wrap", SITE + "write_label")),
    "asend raises": Kind("/soak/tangle/", 3, (SITE + "untangle", SITE + "snap"), (500,)),
    "asend_robust": Kind("/soak/robust-tangle/", 4, (SITE + "untangle", SITE + "snap")),
    "given up": Kind(
        "/soak/slow/",
        4,
        (SITE + "wait_for_courier", SITE + "wait_for_van", SITE + "write_label"),
        hangs_up=1.0,
        patience=0.06,
    ),
}
