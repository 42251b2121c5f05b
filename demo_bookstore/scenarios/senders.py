"""Who hears whom: one sender, several senders, any sender."""

from typing import Any

from django.core.cache import cache
from django.dispatch import Signal, receiver

from demo_bookstore.scenarios.base import Scenario
from demo_bookstore.scenarios.stock import nothing

parcel_arrived = Signal()
"""Sent by whoever brings it: `weight`, in grams."""

parcel_returned = Signal()
"""Sent by whoever takes it back: `weight`, in grams."""


class Post:
    """Brings parcels."""


class Carrier:
    """Brings larger ones."""


@receiver(parcel_arrived, sender=Post)
def sign_for_it(sender: type, *, weight: int, **kwargs: Any) -> None:
    """Hear one sender."""
    cache.set("signed", weight)


@receiver(parcel_arrived, sender=Carrier)
@receiver(parcel_returned, sender=Carrier)
def open_the_gate(sender: type, *, weight: int, **kwargs: Any) -> None:
    """Hear two signals of one sender: decorators can be stacked."""
    cache.set("gate", "open")


@receiver([parcel_arrived, parcel_returned])
def write_it_down(sender: type, *, weight: int, **kwargs: Any) -> None:
    """Hear two signals of any sender."""
    cache.set("log", weight)


def run(_: None) -> None:
    """Take two parcels in, and give one back."""
    parcel_arrived.send(sender=Post, weight=900)
    parcel_arrived.send(sender=Carrier, weight=12_000)
    parcel_returned.send(sender=Carrier, weight=12_000)


SCENARIO = Scenario(
    slug="senders",
    title="One sender, several, any",
    shows=(
        "A receiver that names a sender hears that one only, and it is compared by identity: a "
        "child of a model is another sender. One that names none hears all. A list of signals in "
        "one decorator does the same as one decorator for each."
    ),
    prepare=nothing,
    run=run,
    receivers=(sign_for_it, open_the_gate, write_it_down),
    expected="""
        parcel_arrived demo_bookstore.scenarios.senders.Post
          sign_for_it
          write_it_down
        parcel_arrived demo_bookstore.scenarios.senders.Carrier
          open_the_gate
          write_it_down
        parcel_returned demo_bookstore.scenarios.senders.Carrier
          open_the_gate
          write_it_down
    """,
)
