"""Covers and stars for templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.utils.html import format_html, format_html_join

from demo_bookstore.bookstore import covers

if TYPE_CHECKING:
    from decimal import Decimal

    from django.utils.safestring import SafeString

    from demo_bookstore.bookstore.models import Book

register = template.Library()


@register.simple_tag
def cover(book: Book) -> SafeString:
    """Show the uploaded cover of a book, or the drawn one."""
    if book.cover_image:
        return format_html('<img class="cover" src="{}" alt="">', book.cover_image.url)
    authors = [author.name for author in book.authors.all()]
    return covers.draw(book.title, authors[0] if authors else "")


@register.simple_tag
def stars(value: Decimal | float) -> SafeString:
    """Draw a value of 0 to 5 as stars, to the half, and say it in words."""
    halves = round(float(value) * 2)
    kinds = (
        "full" if halves >= 2 * n else "half" if halves == 2 * n - 1 else "none"
        for n in range(1, 6)
    )
    return format_html(
        '<span class="stars" role="img" aria-label="{} of 5 stars">{}</span>',
        f"{float(value):.1f}".removesuffix(".0"),
        format_html_join("", '<span class="star {}">★</span>', ((kind,) for kind in kinds)),
    )
