"""Two books have one title, and each has an address of its own."""

from demo_bookstore.bookstore import signals
from demo_bookstore.bookstore.models import Book
from demo_bookstore.scenarios.base import Scenario
from demo_bookstore.scenarios.stock import make_book


def prepare() -> Book:
    """Bring the first one."""
    return make_book(title="Salt")


def run(first: Book) -> None:
    """Create the second one, and look that they can be told apart."""
    second = make_book(title="Salt")
    if second.slug == first.slug:
        message = f"Both books are to be found at {first.slug}."
        raise ValueError(message)


SCENARIO = Scenario(
    slug="slug-taken",
    title="A slug that is taken",
    shows=(
        "The receiver of pre_save looks for a free one before the row is written. Two that look at "
        "the same moment may find the same: the unique constraint has the last word."
    ),
    prepare=prepare,
    run=run,
    receivers=(signals.generate_slug,),
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
