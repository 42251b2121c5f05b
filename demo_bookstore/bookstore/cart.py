"""What a visitor means to buy: kept in the session, priced and looked up anew on every page."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from demo_bookstore.bookstore.models import Book

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase

SESSION_KEY = "cart"
MAX_COPIES = 20
MAX_LINES = 30
"""More different books than this do not fit: a session is read with every page."""


class CartFullError(Exception):
    """The cart takes no more; the message says of what."""


@dataclass(frozen=True)
class Line:
    """So many copies of a book."""

    book: Book
    quantity: int

    @property
    def total(self) -> Decimal:
        """What they cost together."""
        return self.book.price * self.quantity

    @property
    def is_short(self) -> bool:
        """Whether there are fewer copies by now than are wanted."""
        return self.quantity > self.book.stock_quantity


@dataclass(frozen=True)
class Contents:
    """The lines of a cart as they are at one moment."""

    lines: tuple[Line, ...]

    @property
    def copies(self) -> dict[int, int]:
        """How many of each book, by its primary key."""
        return {line.book.pk: line.quantity for line in self.lines}

    @property
    def count(self) -> int:
        """How many copies in all."""
        return sum(line.quantity for line in self.lines)

    @property
    def total(self) -> Decimal:
        """What everything costs."""
        return sum((line.total for line in self.lines), Decimal(0))

    @property
    def can_be_supplied(self) -> bool:
        """Whether there is something, and enough of each."""
        return bool(self.lines) and not any(line.is_short for line in self.lines)

    @property
    def fingerprint(self) -> str:
        """What changes with the books, their numbers and their prices, and with nothing else."""
        text = ";".join(f"{x.book.pk}:{x.quantity}:{x.book.price}" for x in self.lines)
        return hashlib.sha256(text.encode()).hexdigest()


class Cart:
    """The cart of one session."""

    def __init__(self, session: SessionBase) -> None:
        self._session = session

    def __len__(self) -> int:
        return sum(self._copies.values())

    def contents(self) -> Contents:
        """Look the books up. One that has left the shop has left the cart as well."""
        copies = self._copies
        books = Book.objects.prefetch_related("authors").in_bulk(map(int, copies))
        # In the order in which they were put in.
        return Contents(
            tuple(
                Line(books[int(key)], quantity)
                for key, quantity in copies.items()
                if int(key) in books
            )
        )

    def add(self, book: Book, quantity: int) -> None:
        """Put in so many more copies; raise `CartFullError` where that is more than it takes."""
        copies = self._copies
        wanted = copies.get(str(book.pk), 0) + quantity
        if wanted > MAX_COPIES:
            message = f"At most {MAX_COPIES} copies; {wanted - quantity} are in your cart already."
            raise CartFullError(message)
        if wanted > book.stock_quantity:
            left = f"Only {book.stock_quantity} left" if book.stock_quantity else "Sold out"
            message = (
                f"{left}; {wanted - quantity} in your cart." if wanted > quantity else f"{left}."
            )
            raise CartFullError(message)
        if str(book.pk) not in copies and len(copies) >= MAX_LINES:
            message = f"Your cart is full: it takes {MAX_LINES} different books."
            raise CartFullError(message)
        self._session[SESSION_KEY] = {**copies, str(book.pk): wanted}

    def change(self, book: Book, quantity: int) -> None:
        """Set the number of copies of a book that is in there; none takes it out."""
        copies = self._copies
        if str(book.pk) not in copies:
            return
        changed = {**copies, str(book.pk): quantity}
        self._session[SESSION_KEY] = {key: number for key, number in changed.items() if number}

    def clear(self) -> None:
        """Take everything out."""
        self._session.pop(SESSION_KEY, None)

    @property
    def _copies(self) -> dict[str, int]:
        # Its keys are strings, as a session is kept as JSON.
        return self._session.get(SESSION_KEY, {})
