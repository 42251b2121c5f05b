"""A listener fails, and the sale goes through: send_robust keeps the error to itself."""

from typing import Any

from django.contrib.auth.models import User

from demo_bookstore.bookstore import services, signals
from demo_bookstore.bookstore.models import Book
from demo_bookstore.scenarios.base import Scenario
from demo_bookstore.scenarios.stock import make_book, make_reader


def reorder_from_supplier(sender: type[Book], book: Book, **kwargs: Any) -> None:
    """Order more from a supplier whose server is down."""
    message = "The supplier does not answer."
    raise ConnectionError(message)


def prepare() -> tuple[Book, User]:
    """Bring a book of which five copies are left."""
    return make_book(stock_quantity=5), make_reader()


def run(prepared: tuple[Book, User]) -> None:
    """Sell one of the five while the supplier listens as well."""
    book, reader = prepared
    signals.stock_ran_low.connect(reorder_from_supplier)
    try:
        services.complete_purchase(book=book, user=reader, quantity=1)
    finally:
        signals.stock_ran_low.disconnect(reorder_from_supplier)


SCENARIO = Scenario(
    slug="robust-sending",
    title="A supplier fails, the sale does not",
    shows=(
        "stock_ran_low is sent by send_robust(): the error of one listener is returned and not "
        "raised, so the purchase is completed. What was kept from the shop is not kept from the "
        "trace."
    ),
    prepare=prepare,
    run=run,
    receivers=(reorder_from_supplier, signals.update_inventory, signals.send_low_stock_alert),
    findings=("W105",),
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
              reorder_from_supplier (error: ConnectionError)
        book_purchased bookstore.Purchase
          handle_book_purchase
          log_purchase
            post_save bookstore.ActivityLog
              trim_activity_log
    """,
)
