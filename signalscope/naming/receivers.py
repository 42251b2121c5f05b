"""Receivers: their dotted names, and where they are defined."""

from __future__ import annotations

import functools
import types
from typing import TYPE_CHECKING, Any

from signalscope.naming.callables import describe_callable
from signalscope.naming.known import known_receivers, look_up, remember, weakly

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ReceiverFacts", "StandInFacts", "owner_of", "receiver_facts", "stand_in_facts"]


class ReceiverFacts:
    """The dotted name of a receiver, and where it is defined."""

    __slots__ = ("__weakref__", "file", "line", "name", "ref")

    def __init__(self, receiver: object, forget: Callable[[Any], object] | None = None) -> None:
        self.ref: Callable[[], Any] = weakly(receiver, forget)
        self.name: str
        self.name, code = describe_callable(receiver)
        self.file: str | None = code.co_filename if code else None
        self.line: int | None = code.co_firstlineno if code else None


class StandInFacts(ReceiverFacts):
    """Those of what was called in a receiver's place: the receiver's own, and who stood in."""

    __slots__ = ("stand_in", "stands_for")

    def __init__(
        self,
        stand_in: object,
        stands_for: ReceiverFacts,
        what: str,
        forget: Callable[[Any], object] | None = None,
    ) -> None:
        self.ref: Callable[[], Any] = weakly(stand_in, forget)
        self.name: str = stands_for.name
        self.file: str | None = stands_for.file
        self.line: int | None = stands_for.line
        self.stands_for: ReceiverFacts = stands_for
        self.stand_in: str = what


def receiver_facts(receiver: object) -> ReceiverFacts:
    """Return the facts of `receiver`; for a bound method, those of its function."""
    facts = look_up(known_receivers, receiver)
    if facts is not None:
        return facts
    if type(receiver) is types.MethodType:
        # Each dispatch makes a new bound method, whose id says nothing.
        return receiver_facts(receiver.__func__)
    if type(receiver) is types.FunctionType and _made_by_a_look_up(receiver):
        return receiver_facts(receiver.__dict__["__wrapped__"])
    return remember(known_receivers, ReceiverFacts, receiver)


def owner_of(receiver: object) -> Any:
    """Return the object whose bound method a receiver is, None for what is no bound method."""
    if type(receiver) is types.FunctionType and _made_by_a_look_up(receiver):
        return owner_of(receiver.__dict__["__wrapped__"])
    return receiver.__self__ if type(receiver) is types.MethodType else None


def stand_in_facts(stand_in: object, stands_for: ReceiverFacts, what: str) -> ReceiverFacts:
    """Make the facts by which `stand_in`, which lets itself be referred to weakly, is known."""
    key = id(stand_in)
    forget = functools.partial(known_receivers.pop, key)
    facts = known_receivers[key] = StandInFacts(stand_in, stands_for, what, forget)
    return facts


def _made_by_a_look_up(function: types.FunctionType) -> bool:
    """Tell whether `function` wraps a receiver for one send only, as Sentry's do.

    It replaces ``Signal._live_receivers`` by a function that wraps what it found, anew each time.
    Nobody connected the wrapper, so whoever asks for the receiver means what is inside.
    """
    return (
        "_live_receivers.<locals>." in function.__code__.co_qualname
        and "__wrapped__" in function.__dict__
    )
