"""A receiver that is made anew each time is connected once all the same."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.dispatch import Signal

from demo_bookstore.scenarios.base import Scenario
from demo_bookstore.scenarios.stock import nothing

if TYPE_CHECKING:
    from collections.abc import Iterator

flag_raised = Signal()
"""Sent at noon: `colour`."""


def connect_keeper(name: str) -> None:
    """Connect a receiver that knows whose it is. Held by the signal, as nobody else does."""

    def look_up(sender: object, *, colour: str, **kwargs: Any) -> None:
        cache.set(name, colour)

    flag_raised.connect(look_up, weak=False, dispatch_uid=f"look-up:{name}")


@contextmanager
def connected() -> Iterator[None]:
    """Connect one for the keeper twice, as start-up code may run twice, and one for the cook."""
    connect_keeper("keeper")
    connect_keeper("keeper")
    connect_keeper("cook")
    try:
        yield
    finally:
        for name in ("keeper", "cook"):
            flag_raised.disconnect(dispatch_uid=f"look-up:{name}")


def run(_: None) -> None:
    """Raise the flag."""
    flag_raised.send(sender=None, colour="green")


SCENARIO = Scenario(
    slug="uids",
    title="A name for a receiver: dispatch_uid",
    shows=(
        "Each call makes another function, which connect() cannot know for the same. With "
        "dispatch_uid it goes by that name: the second one of the keeper is not connected."
    ),
    prepare=nothing,
    run=run,
    receivers=(connect_keeper, connected),
    around=connected,
    expected="""
        flag_raised
          look_up
          look_up
    """,
)
