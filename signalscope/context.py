"""What is running in the current context: one context variable, and how to read it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

from signalscope.records import Continuation, ReceiverCall, Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from signalscope.naming import ReceiverFacts, SenderFacts, SignalFacts

    class Mute(Protocol):
        """What is muted until it is over: `apply` tells it by facts, and the receiver itself."""

        apply: Callable[[SignalFacts, SenderFacts, ReceiverFacts, Any], bool]
        over: bool

    class Swap(Protocol):
        """What is replaced until it is over: `apply` takes a receiver, and returns what to call."""

        apply: Callable[[object, ReceiverFacts], object]
        over: bool


__all__ = ["Current", "Sending", "current", "mutes", "parent_and_scope", "sending", "swaps"]

Current = ReceiverCall | Scope | Continuation | None
"""The receiver call whose code runs, or the recording that was opened since that began, or the
callback that continues one of these; None where neither a receiver nor a recording is near."""

current: ContextVar[Current] = ContextVar("signalscope", default=None)

mutes: ContextVar[tuple[Mute, ...]] = ContextVar("signalscope_mutes", default=())

swaps: ContextVar[tuple[Swap, ...]] = ContextVar("signalscope_swaps", default=())


class Sending:
    """A mail or a task on its way: what is watched until it is sent."""

    __slots__ = ("in_transaction", "outer", "running", "wrote")

    def __init__(self, running: Current, outer: Sending | None) -> None:
        self.running: Current = running
        """Who sends it; None once it is sent."""
        self.outer: Sending | None = outer
        self.in_transaction: bool = False
        self.wrote: bool = False
        """Whether it is a row in a database, which comes and goes with the transaction."""


sending: ContextVar[Sending | None] = ContextVar("signalscope_sending", default=None)


def parent_and_scope(found: Current) -> tuple[ReceiverCall | None, Scope | None]:
    """Return the call under which a dispatch hangs, and who listens."""
    while type(found) is Continuation:
        found = found.of
    if type(found) is ReceiverCall:
        return found, found.dispatch.scope
    if type(found) is Scope:
        return found.parent, found
    return None, None
