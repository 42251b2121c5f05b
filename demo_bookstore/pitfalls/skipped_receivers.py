"""A receiver raises, and those behind it never run."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from django.core.cache import cache
from django.dispatch import Signal

from demo_bookstore.scenarios.base import Scenario, Wire, pitfall
from demo_bookstore.scenarios.stock import nothing

logger = logging.getLogger("demo_bookstore.pitfalls")

parcel_packed = Signal()
"""Sent when a parcel is ready: `grams`."""


def ask_the_carrier(sender: object, *, grams: int, **kwargs: Any) -> None:
    """Bad: what is not this receiver's to decide ends the whole dispatch."""
    message = "The carrier's server does not answer."
    raise ConnectionError(message)


def ask_the_carrier_later(sender: object, *, grams: int, **kwargs: Any) -> None:
    """Good: a carrier who does not answer is asked again, and holds nobody up."""
    try:
        ask_the_carrier(sender, grams=grams)
    except ConnectionError:
        logger.warning("The carrier is asked again in an hour.")


def weigh(sender: object, *, grams: int, **kwargs: Any) -> None:
    """Note the weight."""
    cache.set("grams", grams)


def print_label(sender: object, *, grams: int, **kwargs: Any) -> None:
    """Print the label."""
    cache.set("label", f"{grams} g")


def pack(_: None) -> None:
    """Pack a parcel; whoever packs it goes on with the next one."""
    with suppress(ConnectionError):
        parcel_packed.send(sender=None, grams=640)


def _wires(first: Any) -> tuple[Wire, ...]:
    return tuple(Wire(parcel_packed, receiver) for receiver in (weigh, first, print_label))


PITFALL = pitfall(
    slug="skipped-receivers",
    title="The error that stops the rest",
    shows=(
        "send() calls one receiver after the other, and an error ends the row: those before it "
        "have run, those behind it have not, and nothing in the error says so."
    ),
    bad=Scenario(
        slug="skipped-receivers-bad",
        title="The second of three raises",
        shows="The parcel is weighed and has no label.",
        prepare=nothing,
        run=pack,
        receivers=(weigh, ask_the_carrier, print_label),
        wires=_wires(ask_the_carrier),
        findings=("W106",),
        expected="""
            parcel_packed (error: ConnectionError)
              weigh
              ask_the_carrier (error: ConnectionError)
        """,
    ),
    good=Scenario(
        slug="skipped-receivers-good",
        title="It keeps its trouble to itself",
        shows="Each receiver answers for itself, so all three run.",
        prepare=nothing,
        run=pack,
        receivers=(weigh, ask_the_carrier_later, print_label),
        wires=_wires(ask_the_carrier_later),
        expected="""
            parcel_packed
              weigh
              ask_the_carrier_later
              print_label
        """,
    ),
)
