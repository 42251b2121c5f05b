"""What scenarios begin with: rows of their own, made while nothing is being recorded."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.utils.crypto import get_random_string

from demo_bookstore.bookstore.models import Author, Book


def nothing() -> None:
    """Nothing has to be there."""


def make_reader() -> User:
    """Create a user whom no other scenario knows."""
    return User.objects.create_user(f"reader-{get_random_string(8).lower()}")


def make_author(name: str = "Ottilie Brandt") -> Author:
    """Create an author who can be written to."""
    slug = f"author-{get_random_string(8).lower()}"
    return Author.objects.create(name=name, slug=slug, email=f"{slug}@writers.example")


def make_book(**values: Any) -> Book:
    """Create a book, with copies enough to sell some."""
    defaults = {"title": "The Night Ferry", "price": Decimal("14.90"), "stock_quantity": 20}
    return Book.objects.create(**(defaults | values))
