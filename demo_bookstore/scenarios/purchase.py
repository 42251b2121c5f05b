"""Copies are sold, the stock goes down, and it is nearly out."""

from django.contrib.auth.models import User

from demo_bookstore.bookstore import services, signals
from demo_bookstore.bookstore.models import Book
from demo_bookstore.scenarios.base import Scenario
from demo_bookstore.scenarios.stock import make_book, make_reader


def prepare() -> tuple[Book, User]:
    """Bring a book of which six copies are left."""
    return make_book(stock_quantity=6), make_reader()


def run(prepared: tuple[Book, User]) -> None:
    """Buy two of the six."""
    book, reader = prepared
    services.complete_purchase(book=book, user=reader, quantity=2)


SCENARIO = Scenario(
    slug="purchase",
    title="A sale empties the shelf",
    shows=(
        "The purchase is saved, and its receiver lets the database take the copies out of the "
        "stock by F(). As that crosses the limit, the same receiver sends a signal of the "
        "shop's own, and the stockroom gets a letter."
    ),
    prepare=prepare,
    run=run,
    receivers=(signals.update_inventory, signals.send_low_stock_alert),
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
            stock_ran_low bookstore.Book
              send_low_stock_alert
        book_purchased bookstore.Purchase
          handle_book_purchase
          log_purchase
            post_save bookstore.ActivityLog
              trim_activity_log
    """,
)
