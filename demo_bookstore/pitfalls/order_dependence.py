"""A receiver needs what another one has done, and hopes to come second."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.core.cache import cache
from django.dispatch import Signal

from demo_bookstore.scenarios.base import Scenario, Wire, pitfall
from demo_bookstore.scenarios.stock import nothing

till_closed = Signal()
"""Sent in the evening: `takings`, in cents."""


def add_up(sender: object, *, takings: tuple[int, ...], **kwargs: Any) -> None:
    """Add the day's takings up."""
    cache.set("sum", sum(takings))


def write_receipt(sender: object, *, takings: tuple[int, ...], **kwargs: Any) -> None:
    """Bad: reads what `add_up` leaves, so it has to come after it."""
    total = cache.get("sum")
    cache.set("receipt", f"{total / 100:.2f} €")


def add_up_and_write_receipt(sender: object, *, takings: tuple[int, ...], **kwargs: Any) -> None:
    """Good: what belongs in an order stands in one function, in that order."""
    add_up(sender, takings=takings)
    write_receipt(sender, takings=takings)


def close_the_till(_: None) -> None:
    """Close the till in the evening of a day on which three books were sold."""
    cache.delete("sum")
    with suppress(TypeError):
        till_closed.send(sender=None, takings=(1490, 2150, 890))


PITFALL = pitfall(
    slug="order-dependence",
    title="Who comes first",
    shows=(
        "Receivers run in the order in which they were connected, and that follows the order of "
        "imports. A line moved by a tool that sorts imports changes it. The snapshot of the wiring "
        "shows such a change before it is merged: signalscope diff says “reordered”."
    ),
    bad=Scenario(
        slug="order-dependence-bad",
        title="The receipt before the sum",
        shows="The receiver that needs the sum was connected first, and the sum never comes.",
        prepare=nothing,
        run=close_the_till,
        receivers=(write_receipt, add_up),
        wires=(Wire(till_closed, write_receipt), Wire(till_closed, add_up)),
        findings=("W106",),
        expected="""
            till_closed (error: TypeError)
              write_receipt (error: TypeError)
        """,
    ),
    good=Scenario(
        slug="order-dependence-good",
        title="One receiver for what belongs together",
        shows="The order is in the code, where it can be read and tested.",
        prepare=nothing,
        run=close_the_till,
        receivers=(add_up_and_write_receipt, add_up, write_receipt),
        wires=(Wire(till_closed, add_up_and_write_receipt),),
        expected="""
            till_closed
              add_up_and_write_receipt
        """,
    ),
)
