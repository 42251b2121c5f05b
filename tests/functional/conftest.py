"""A bookstore with one book on the shelf, and a reader in front of it."""

from __future__ import annotations

import pytest

import signalscope


@pytest.fixture
def shop(settings, tmp_path):
    """Let the shop write its files here, and be recorded by us."""
    settings.MEDIA_ROOT = tmp_path
    settings.TRACE_RECORDER = "signalscope.record"
    settings.SIGNALSCOPE = {}
    settings.MAIL_DIR = tmp_path
    # From the start, as a project has it: the connections of a scenario are seen then.
    signalscope.install()
    yield
    signalscope.uninstall()


@pytest.fixture
def book(shop, db, django_user_model):
    """Put a book on the shelf, and a reader in front of it."""
    from demo_bookstore.bookstore.models import Author, Book

    django_user_model.objects.create(username="robin")
    author = Author.objects.create(name="Ada Quill", slug="ada-quill")
    book = Book.objects.create(title="Tides", price=10, stock_quantity=9, published="2026-01-01")
    book.authors.add(author)
    return book
