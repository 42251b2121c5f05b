"""What the bookstore opens with."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("debug_toolbar", reason="the bookstore shows its signals in the toolbar")

import signalscope
from demo_bookstore.bookstore import seed
from demo_bookstore.bookstore.models import Author, Book, Rating, Review


@pytest.fixture
def filled(shop, db):
    """Fill the shop, and watch that."""
    with signalscope.record(senders=["bookstore.*"]) as recording:
        seed.fill()
    return recording


def test_is_a_few_hundred_books_of_which_no_two_are_alike(filled):
    """Enough to turn pages, on every shelf."""
    titles = list(Book.objects.values_list("title", flat=True))
    assert len(set(titles)) == len(titles) >= 300
    for genre in Book.Genre:
        assert Book.objects.filter(genre=genre).count() >= 30
    assert [title for title in titles if re.search(r"\b[Aa] [AEIOU]", title)] == []
    assert Book.objects.values("isbn").distinct().count() == len(titles)
    assert not Author.objects.filter(books=None).exists()


def test_what_receivers_would_have_filled_in_is_filled_in(filled):
    """Since none of them runs: a shop that opens writes no letters."""
    assert list(filled.walk()) == []
    assert not Book.objects.filter(catalogue_number="").exists()
    assert not Book.objects.filter(slug="").exists()
    for book in Book.objects.order_by("pk")[:20]:
        values = list(Rating.objects.filter(book=book).values_list("rating_value", flat=True))
        assert book.total_ratings == len(values)
        assert float(book.average_rating) == pytest.approx(
            sum(values) / (len(values) or 1), abs=0.005
        )


def test_leaves_the_first_word_to_the_visitor(filled):
    """Who starts as Robin."""
    assert Review.objects.exists()
    assert not Review.objects.filter(user__username="robin").exists()
