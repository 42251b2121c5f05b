"""A book is created: its slug, its entry in the log and, by a guarded recursion, its number."""

from decimal import Decimal

from demo_bookstore.bookstore import signals
from demo_bookstore.bookstore.models import Book
from demo_bookstore.scenarios.base import Scenario
from demo_bookstore.scenarios.stock import nothing


def run(_: None) -> None:
    """Create a book from little more than a title."""
    Book.objects.create(title="Salt and Signal Fires", price=Decimal("18.50"))


SCENARIO = Scenario(
    slug="book-created",
    title="A new book gets its slug and its number",
    shows=(
        "The slug is made before the save. The catalogue number needs the primary key, so it is "
        "made after it: the receiver saves the book once more, and post_save runs inside of "
        "itself. A guard ends that after one round, and update_fields keeps it from writing "
        "anything else. It is still a second save, and it is found: here for a reason."
    ),
    prepare=nothing,
    run=run,
    receivers=(
        signals.generate_slug,
        signals.log_book_activity,
        signals.assign_catalogue_number,
        signals.trim_activity_log,
    ),
    findings=("W109",),
    expected="""
        pre_save bookstore.Book
          generate_slug
        post_save bookstore.Book
          log_book_activity
            post_save bookstore.ActivityLog
              trim_activity_log
          assign_catalogue_number
            pre_save bookstore.Book
              generate_slug
            post_save bookstore.Book (recursive)
              log_book_activity
                post_save bookstore.ActivityLog
                  trim_activity_log
              assign_catalogue_number
    """,
)
