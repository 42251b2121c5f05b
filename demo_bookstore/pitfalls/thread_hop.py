"""A coroutine sends a signal, and its receiver has to change threads."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.dispatch import Signal

from demo_bookstore.scenarios.base import Scenario, Wire, pitfall
from demo_bookstore.scenarios.stock import nothing

page_turned = Signal()
"""Sent with `asend()` from the reading room: `page`."""


def remember_page(sender: object, *, page: int, **kwargs: Any) -> None:
    """Bad, where nothing in it has to wait: a thread is asked to run this one line."""
    cache.set("page", page)


async def remember_page_here(sender: object, *, page: int, **kwargs: Any) -> None:
    """Good: runs where the sender runs."""
    await cache.aset("page", page)


async def turn_page(_: None) -> None:
    """Turn a page."""
    await page_turned.asend(sender=None, page=48)


PITFALL = pitfall(
    slug="thread-hop",
    title="A thread for one line",
    shows=(
        "asend() runs synchronous receivers by sync_to_async: all of them wait for one thread, "
        "with what that costs each time. The other way about, send() starts an event loop for an "
        "asynchronous receiver."
    ),
    bad=Scenario(
        slug="thread-hop-bad",
        title="A synchronous receiver of asend()",
        shows="It works, and the trace says what it takes: the receiver runs in another thread.",
        prepare=nothing,
        run=turn_page,
        receivers=(remember_page,),
        wires=(Wire(page_turned, remember_page),),
        findings=("W110",),
        expected="""
            page_turned
              remember_page
        """,
    ),
    good=Scenario(
        slug="thread-hop-good",
        title="An asynchronous one",
        shows="The receiver is awaited where the signal is sent.",
        prepare=nothing,
        run=turn_page,
        receivers=(remember_page_here,),
        wires=(Wire(page_turned, remember_page_here),),
        expected="""
            page_turned
              remember_page_here (async)
        """,
    ),
)
