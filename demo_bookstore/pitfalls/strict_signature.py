"""A receiver takes what the signal sends today, and nothing else."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.core.cache import cache
from django.dispatch import Signal

from demo_bookstore.scenarios.base import Scenario, Wire, pitfall
from demo_bookstore.scenarios.stock import nothing

bell_rung = Signal()
"""Sent when somebody rings: `visitors`, and since the door has a camera, `picture`."""


def open_the_door(signal: Signal, sender: object, visitors: int) -> None:
    """Bad: written before there was a camera."""
    cache.set("visitors", visitors)


def open_the_door_to_all(sender: object, *, visitors: int, **kwargs: Any) -> None:
    """Good: takes what it needs by name, and lets the rest pass."""
    cache.set("visitors", visitors)


def ring(_: None) -> None:
    """Ring at the door, and be photographed."""
    with suppress(TypeError):
        bell_rung.send(sender=None, visitors=2, picture=None)


PITFALL = pitfall(
    slug="strict-signature",
    title="No room for what comes later",
    shows=(
        "A signal may come to send more: Django's own have done so. A receiver without **kwargs "
        "raises TypeError that day. connect() refuses it while DEBUG is on, and takes it in "
        "production."
    ),
    bad=Scenario(
        slug="strict-signature-bad",
        title="Names all that there was",
        shows="With DEBUG off, as in production. The picture was added, and the door stays shut.",
        prepare=nothing,
        run=ring,
        receivers=(open_the_door,),
        wires=(Wire(bell_rung, open_the_door),),
        settings={"DEBUG": False},
        findings=("W005",),
        expected="""
            bell_rung (error: TypeError)
              open_the_door (error: TypeError)
        """,
    ),
    good=Scenario(
        slug="strict-signature-good",
        title="Takes **kwargs",
        shows="What it does not know passes by.",
        prepare=nothing,
        run=ring,
        receivers=(open_the_door_to_all,),
        wires=(Wire(bell_rung, open_the_door_to_all),),
        settings={"DEBUG": False},
        expected="""
            bell_rung
              open_the_door_to_all
        """,
    ),
)
