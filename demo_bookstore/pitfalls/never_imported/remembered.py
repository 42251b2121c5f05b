"""Receivers that are connected, as `apps.py` imports this module once the models are loaded."""

from typing import Any

from django.core.cache import cache
from django.dispatch import receiver

from demo_bookstore.pitfalls.never_imported.lamp import lamp_lit


@receiver(lamp_lit)
def note_in_the_log_book(sender: object, *, hour: int, **kwargs: Any) -> None:
    """Note when the lamp was lit."""
    cache.set("lamp", hour)
