"""An order by post, once as a chain of receivers and once as a service."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F
from django.db.models.signals import post_save

from demo_bookstore.pitfalls.models import MailOrder
from demo_bookstore.scenarios.base import Pair, Scenario, Wire
from demo_bookstore.scenarios.stock import make_book, make_reader

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from demo_bookstore.bookstore.models import Book


def _confirm(order: MailOrder) -> None:
    text = f"{order} will be with you soon. Label: {order.label}"
    send_mail("Your order", text, None, [f"{order.user.username}@readers.example"])


# As receivers: each does one step, and saves what it has changed.


def take_payment(
    sender: type[MailOrder], instance: MailOrder, *, created: bool, raw: bool, **kwargs: Any
) -> None:
    """The first step."""
    if created and not raw:
        instance.status = MailOrder.Status.PAID
        instance.save(update_fields=["status"])


def take_from_stock(
    sender: type[MailOrder], instance: MailOrder, *, created: bool, raw: bool, **kwargs: Any
) -> None:
    """The second."""
    if created and not raw:
        instance.book.stock_quantity = F("stock_quantity") - instance.quantity
        instance.book.save(update_fields=["stock_quantity"])


def print_label(
    sender: type[MailOrder], instance: MailOrder, *, created: bool, raw: bool, **kwargs: Any
) -> None:
    """The third."""
    if created and not raw:
        instance.label = f"LB-{instance.pk}"
        instance.status = MailOrder.Status.READY
        instance.save(update_fields=["label", "status"])


def confirm_order(
    sender: type[MailOrder], instance: MailOrder, *, created: bool, raw: bool, **kwargs: Any
) -> None:
    """The fourth."""
    if created and not raw:
        transaction.on_commit(partial(_confirm, instance))


@transaction.atomic
def place_order_by_signals(prepared: tuple[Book, User]) -> None:
    """Save the order. What happens then is to be found elsewhere."""
    book, reader = prepared
    MailOrder.objects.create(book=book, user=reader, quantity=2)


# As a service: the same steps, in a row.


@transaction.atomic
def place_order(prepared: tuple[Book, User]) -> None:
    """Take the money, take the copies, print the label, save the order and confirm it."""
    book, reader = prepared
    order = MailOrder(book=book, user=reader, quantity=2, status=MailOrder.Status.PAID)
    book.stock_quantity = F("stock_quantity") - order.quantity
    book.save(update_fields=["stock_quantity"])
    order.label = f"LB-{book.pk}-{reader.pk}"
    order.status = MailOrder.Status.READY
    order.save()
    transaction.on_commit(partial(_confirm, order))


def prepare() -> tuple[Book, User]:
    """Bring a book, and somebody who wants two of it."""
    return make_book(), make_reader()


PAIR = Pair(
    slug="mail-order",
    title="The same order, twice",
    shows=(
        "Four steps that belong together. As receivers they run in the order of their connection, "
        "each save calls all four again, and no line of code shows the whole. As a service they "
        "are six lines. Signals are for those whom the order need not know: the shop's log still "
        "hears of the stock, either way."
    ),
    labels=("As signals", "As a service"),
    first=Scenario(
        slug="mail-order-signals",
        title="Four receivers",
        shows="One create() leads to three saves of the order, and each calls all four receivers.",
        prepare=prepare,
        run=place_order_by_signals,
        receivers=(take_payment, take_from_stock, print_label, confirm_order),
        wires=tuple(
            Wire(post_save, step, sender=MailOrder)
            for step in (take_payment, take_from_stock, print_label, confirm_order)
        ),
        findings=("W109",),
        expected="""
            post_save pitfalls.MailOrder
              take_payment
                post_save pitfalls.MailOrder (recursive)
                  take_payment
                  take_from_stock
                  print_label
                  confirm_order
              take_from_stock
                pre_save bookstore.Book
                  generate_slug
                post_save bookstore.Book
                  log_book_activity
                    post_save bookstore.ActivityLog
                      trim_activity_log
                  assign_catalogue_number
              print_label
                post_save pitfalls.MailOrder (recursive)
                  take_payment
                  take_from_stock
                  print_label
                  confirm_order
              confirm_order
        """,
    ),
    second=Scenario(
        slug="mail-order-service",
        title="One function",
        shows="The book's receivers answer for the stock. The order is saved once.",
        prepare=prepare,
        run=place_order,
        receivers=(),
        expected="""
            pre_save bookstore.Book
              generate_slug
            post_save bookstore.Book
              log_book_activity
                post_save bookstore.ActivityLog
                  trim_activity_log
              assign_catalogue_number
        """,
    ),
)
