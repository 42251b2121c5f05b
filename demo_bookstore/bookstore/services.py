"""What visitors do, as plain functions. Each either happens as a whole or not at all."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.db import transaction

from demo_bookstore.bookstore.models import Book, Order, Purchase, Rating, Review
from demo_bookstore.bookstore.signals import book_purchased, book_viewed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.models import User


class OutOfStockError(Exception):
    """More copies were asked for than there are; `left` says how many there are."""

    def __init__(self, left: int) -> None:
        super().__init__(f"Only {left} left." if left else "Sold out.")
        self.left = left


class CannotSupplyError(Exception):
    """An order asks for more than there is; `problems` says so in a sentence for each book."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class ForeignReferenceError(Exception):
    """The reference is that of another reader's order."""


@transaction.atomic
def post_review(*, book: Book, user: User, rating: int, text: str) -> tuple[Review, bool]:
    """Publish a review, in place of an earlier one by the same reader."""
    return Review.objects.update_or_create(
        book=book, user=user, defaults={"rating": rating, "text": text}
    )


@transaction.atomic
def rate_book(*, book: Book, user: User, rating_value: int) -> Rating:
    """Give stars without words."""
    rating, _ = Rating.objects.update_or_create(
        book=book, user=user, defaults={"rating_value": rating_value}
    )
    return rating


@transaction.atomic
def complete_purchase(
    *,
    book: Book,
    user: User,
    quantity: int,
    reference: uuid.UUID | None = None,
    order: Order | None = None,
) -> tuple[Purchase, bool]:
    """Sell copies of a book, and say whether this is a new sale or one that was made before.

    Raises `OutOfStockError` if there are not enough copies.
    """
    # The row is locked where the database can do so; on SQLite the transaction holds the file.
    book = Book.objects.select_for_update().get(pk=book.pk)
    reference = reference or uuid.uuid4()
    earlier = Purchase.objects.filter(reference=reference, user=user, book=book).first()
    if earlier is not None:
        return earlier, False
    if quantity > book.stock_quantity:
        raise OutOfStockError(book.stock_quantity)
    purchase = Purchase.objects.create(
        book=book,
        user=user,
        quantity=quantity,
        total=book.price * quantity,
        reference=reference,
        order=order,
    )
    book_purchased.send(sender=Purchase, user=user, book=book, quantity=quantity)
    return purchase, True


@transaction.atomic
def place_order(
    *,
    user: User,
    copies: Mapping[int, int],
    reference: uuid.UUID,
    delivery: str = Order.Delivery.COLLECT,
    address: str = "",
) -> tuple[Order, bool]:
    """Sell all of these, by the books' primary keys, and say whether the order is a new one.

    Raises `CannotSupplyError` if a book has not enough copies, and then sells none of the others
    either; `ForeignReferenceError` if somebody else has ordered under this reference.
    """
    # First, and in the database: of two at one time, one waits here and then finds the other's.
    order, new = Order.objects.get_or_create(
        reference=reference, defaults={"user": user, "delivery": delivery, "address": address}
    )
    if order.user_id != user.pk:
        raise ForeignReferenceError
    if not new:
        return order, False
    # Locked in one and the same sequence, so that two orders never wait for each other.
    locked = Book.objects.select_for_update().filter(pk__in=copies).order_by("pk")
    books = {book.pk: book for book in locked}
    if problems := _what_is_missing(books, copies):
        raise CannotSupplyError(problems)
    for pk, book in books.items():
        complete_purchase(book=book, user=user, quantity=copies[pk], order=order)
    return order, True


def _what_is_missing(books: Mapping[int, Book], copies: Mapping[int, int]) -> list[str]:
    problems = [
        f"“{book}”: {OutOfStockError(book.stock_quantity)}"
        for pk, book in books.items()
        if copies[pk] > book.stock_quantity
    ]
    if len(books) < len(copies):
        problems.append("A book in your cart is no longer sold.")
    return problems


async def view_book(slug: str) -> dict[str, Any]:
    """Describe a book for the JSON page, once everyone who listens knows that it was looked at."""
    book = await Book.objects.prefetch_related("authors").aget(slug=slug)
    await book_viewed.asend(sender=Book, book=book)
    return {
        **describe(book),
        "description": book.description,
        "views": await cache.aget(f"views:{book.pk}", 0),
        "suggestions": await cache.aget(f"suggestions:{book.pk}", []),
    }


def describe(book: Book) -> dict[str, Any]:
    """Return what a list of books says about one; its authors have to be prefetched."""
    return {
        "title": book.title,
        "slug": book.slug,
        "authors": [author.name for author in book.authors.all()],
        "genre": book.get_genre_display(),
        "price": str(book.price),
        "stock": book.stock_quantity,
        "rating": {"average": float(book.average_rating), "count": book.total_ratings},
    }
