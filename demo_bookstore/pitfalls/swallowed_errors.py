"""An error is kept by `send_robust`, and nobody asks for it."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.dispatch import Signal

from demo_bookstore.scenarios.base import Scenario, Wire, pitfall
from demo_bookstore.scenarios.stock import nothing

logger = logging.getLogger("demo_bookstore.pitfalls")

shop_opened = Signal()
"""Sent robustly when the door is unlocked; receivers return what they have switched on."""


def switch_on_the_sign(sender: object, **kwargs: Any) -> str:
    """Bad: fails each morning, and the morning goes on."""
    message = "The sign has no fuse."
    raise ImproperlyConfigured(message)


def switch_on_what_works(sender: object, **kwargs: Any) -> str:
    """Good: deals with the failure that it can foresee, and says so."""
    try:
        return switch_on_the_sign(sender)
    except ImproperlyConfigured as problem:
        logger.warning("The sign stays dark. %s", problem)
        return "nothing"


def open_the_shop(_: None) -> None:
    """Unlock the door. What `send_robust()` returns has the errors in it, and nobody looks."""
    shop_opened.send_robust(sender=None)


PITFALL = pitfall(
    slug="swallowed-errors",
    title="Errors that nobody hears of",
    shows=(
        "send_robust() catches what a receiver raises and returns it. Nobody who ignores the "
        "result knows, but for a line in the log of django.dispatch."
    ),
    bad=Scenario(
        slug="swallowed-errors-bad",
        title="The result is ignored",
        shows="The shop opens as if nothing was the matter. The error is in the trace.",
        prepare=nothing,
        run=open_the_shop,
        receivers=(switch_on_the_sign,),
        wires=(Wire(shop_opened, switch_on_the_sign),),
        findings=("W105",),
        expected="""
            shop_opened
              switch_on_the_sign (error: ImproperlyConfigured)
        """,
    ),
    good=Scenario(
        slug="swallowed-errors-good",
        title="The receiver deals with it",
        shows="The one error that may happen is caught where somebody knows what it means.",
        prepare=nothing,
        run=open_the_shop,
        receivers=(switch_on_what_works, switch_on_the_sign),
        wires=(Wire(shop_opened, switch_on_what_works),),
        expected="""
            shop_opened
              switch_on_what_works
        """,
    ),
)
