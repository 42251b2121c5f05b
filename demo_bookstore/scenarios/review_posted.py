"""A review is posted, and it is felt four levels down."""

from django.contrib.auth.models import User

from demo_bookstore.bookstore import services, signals
from demo_bookstore.bookstore.models import Book
from demo_bookstore.scenarios.base import Scenario
from demo_bookstore.scenarios.stock import make_author, make_book, make_reader


def prepare() -> tuple[Book, User]:
    """Bring a book, an author to be written to, and a reader with an opinion."""
    book = make_book()
    book.authors.add(make_author())
    return book, make_reader()


def run(prepared: tuple[Book, User]) -> None:
    """Post the review just as the page does."""
    book, reader = prepared
    services.post_review(book=book, user=reader, rating=5, text="Read it in one crossing.")


SCENARIO = Scenario(
    slug="review-posted",
    title="A review changes its book",
    shows=(
        "The review is saved; a receiver records its stars as a rating; a receiver of the "
        "rating works out the statistics and saves the book; a receiver of the book writes to "
        "the log. The letter to the author is sent as well, once the transaction is committed."
    ),
    prepare=prepare,
    run=run,
    receivers=(
        signals.record_review_rating,
        signals.update_book_rating_stats,
        signals.log_book_activity,
        signals.notify_author_of_review,
    ),
    expected="""
        post_save bookstore.Review
          record_review_rating
            post_save bookstore.Rating
              update_book_rating_stats
                pre_save bookstore.Book
                  generate_slug
                post_save bookstore.Book
                  log_book_activity
                    post_save bookstore.ActivityLog
                      trim_activity_log
                  assign_catalogue_number
          notify_author_of_review
    """,
)
