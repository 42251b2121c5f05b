"""A rating comes and goes, and the statistics of the book follow both times."""

from django.contrib.auth.models import User

from demo_bookstore.bookstore import services, signals
from demo_bookstore.bookstore.models import Book
from demo_bookstore.scenarios.base import Scenario
from demo_bookstore.scenarios.stock import make_book, make_reader


def prepare() -> tuple[Book, User]:
    """Bring a book that nobody has rated."""
    return make_book(), make_reader()


def run(prepared: tuple[Book, User]) -> None:
    """Rate the book, then take the rating back."""
    book, reader = prepared
    rating = services.rate_book(book=book, user=reader, rating_value=4)
    rating.delete()


SCENARIO = Scenario(
    slug="rating-stats",
    title="Statistics follow a rating that comes and goes",
    shows=(
        "One receiver listens to two signals: post_save and post_delete of a rating lead to the "
        "same sum, done anew from what is in the table."
    ),
    prepare=prepare,
    run=run,
    receivers=(signals.update_book_rating_stats, signals.log_book_activity),
    expected="""
        post_save bookstore.Rating
          update_book_rating_stats
            pre_save bookstore.Book
              generate_slug
            post_save bookstore.Book
              log_book_activity
                post_save bookstore.ActivityLog
                  trim_activity_log
              assign_catalogue_number
        post_delete bookstore.Rating
          update_book_rating_stats
            pre_save bookstore.Book
              generate_slug
            post_save bookstore.Book
              log_book_activity
                post_save bookstore.ActivityLog
                  trim_activity_log
              assign_catalogue_number
    """,
)
