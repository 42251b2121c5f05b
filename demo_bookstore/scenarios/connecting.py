"""Two ways to connect a receiver."""

from typing import Any

from django.core.cache import cache
from django.dispatch import Signal, receiver

from demo_bookstore.scenarios.base import Scenario
from demo_bookstore.scenarios.stock import nothing

tide_turned = Signal()
"""Sent four times a day: `height`, in centimetres."""


@receiver(tide_turned)
def note_height(sender: object, *, height: int, **kwargs: Any) -> None:
    """Connected by the decorator."""
    cache.set("height", height)


def warn_of_flood(sender: object, *, height: int, **kwargs: Any) -> None:
    """Connected by the line below it."""
    cache.set("flood", height > 400)  # noqa: PLR2004


tide_turned.connect(warn_of_flood)


def run(_: None) -> None:
    """Let the tide turn."""
    tide_turned.send(sender=None, height=320)


SCENARIO = Scenario(
    slug="connecting",
    title="By decorator, or by connect()",
    shows=(
        "The decorator calls connect(). It reads best where a receiver has one signal; connect() "
        "is for what is decided later, or for a function that somebody else has written. They run "
        "in the order in which they were connected."
    ),
    prepare=nothing,
    run=run,
    receivers=(note_height, warn_of_flood),
    expected="""
        tide_turned
          note_height
          warn_of_flood
    """,
)
