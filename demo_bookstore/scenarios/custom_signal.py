"""The shop's own signal: a sale is announced, and the loyalty card gets its points."""

from django.contrib.auth.models import User

from demo_bookstore.bookstore import services, signals
from demo_bookstore.bookstore.models import Book
from demo_bookstore.scenarios.base import Scenario
from demo_bookstore.scenarios.stock import make_book, make_reader


def prepare() -> tuple[Book, User]:
    """Bring a book with copies to spare."""
    return make_book(), make_reader()


def run(prepared: tuple[Book, User]) -> None:
    """Buy three copies, worth thirty points."""
    book, reader = prepared
    services.complete_purchase(book=book, user=reader, quantity=3)


SCENARIO = Scenario(
    slug="custom-signal",
    title="A sale earns points",
    shows=(
        "complete_purchase() announces the sale by book_purchased.send(). It knows neither the "
        "loyalty card nor the log, which both listen."
    ),
    prepare=prepare,
    run=run,
    receivers=(services.complete_purchase, signals.handle_book_purchase, signals.log_purchase),
    expected="""
        post_save bookstore.Purchase
          update_inventory
            pre_save bookstore.Book
              generate_slug
            post_save bookstore.Book
              log_book_activity
                post_save bookstore.ActivityLog
                  trim_activity_log
              assign_catalogue_number
        book_purchased bookstore.Purchase
          handle_book_purchase
          log_purchase
            post_save bookstore.ActivityLog
              trim_activity_log
    """,
)
