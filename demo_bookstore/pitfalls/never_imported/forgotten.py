"""Receivers that nobody connects: the decorator below would, if anyone imported this module."""

from typing import Any

from django.core.cache import cache
from django.dispatch import receiver

from demo_bookstore.pitfalls.never_imported.lamp import lamp_put_out


@receiver(lamp_put_out)
def note_in_the_log_book(sender: object, *, hour: int, **kwargs: Any) -> None:
    """Note when the lamp was put out."""
    cache.delete("lamp")
