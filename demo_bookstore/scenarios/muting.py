"""A test wants to have its peace: two ways to keep a receiver out of it."""

from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.dispatch import Signal
from django.utils.module_loading import import_string

from demo_bookstore.scenarios.base import Pair, Scenario, Wire
from demo_bookstore.scenarios.stock import nothing

letter_came = Signal()
"""Sent for each letter: `stamp`."""


def sort_it(sender: object, *, stamp: str, **kwargs: Any) -> None:
    """Put it into its pigeonhole. First, so that it can be found."""
    cache.set("sorted", stamp)


def bark_at_it(sender: object, *, stamp: str, **kwargs: Any) -> None:
    """Bark."""
    cache.set("barked", stamp)


def disconnect_and_connect(_: None) -> None:
    """Take the receiver off, send a letter in peace, put it back, and send another one."""
    letter_came.disconnect(sort_it)
    letter_came.send(sender=None, stamp="of the test")
    letter_came.connect(sort_it)
    letter_came.send(sender=None, stamp="of the day after")


def mute(_: None) -> None:
    """Send a letter in peace, and another one."""
    muted = import_string(settings.TRACE_MUTER)
    with muted(receiver=sort_it):
        letter_came.send(sender=None, stamp="of the test")
    letter_came.send(sender=None, stamp="of the day after")


_WIRES = (Wire(letter_came, sort_it), Wire(letter_came, bark_at_it))

PAIR = Pair(
    slug="muting",
    title="Peace for a test",
    shows=(
        "Both keep one receiver from hearing the first letter. Afterwards the one that was taken "
        "off stands last in the row, for the rest of the program; and other threads have missed it "
        "meanwhile. The one that was muted never left its place."
    ),
    labels=("Disconnected", "Muted"),
    first=Scenario(
        slug="muting-disconnect",
        title="disconnect(), then connect()",
        shows="The second letter is barked at before it is sorted.",
        prepare=nothing,
        run=disconnect_and_connect,
        receivers=(sort_it, bark_at_it),
        wires=_WIRES,
        expected="""
            letter_came
              bark_at_it
            letter_came
              bark_at_it
              sort_it
        """,
    ),
    second=Scenario(
        slug="muting-mute",
        title="muted()",
        shows="The order stays, and so does what other threads hear.",
        prepare=nothing,
        run=mute,
        receivers=(sort_it, bark_at_it),
        wires=_WIRES,
        expected="""
            letter_came
              bark_at_it
            letter_came
              sort_it
              bark_at_it
        """,
    ),
)
