"""Dispatches: one for each call of a send that found receivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signalscope.naming import short_name
from signalscope.records.slots import Record
from signalscope.values import NotCalled, instance_label, location_of, same_instance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from types import CodeType

    from signalscope.naming import ReceiverFacts, SenderFacts, SignalFacts
    from signalscope.places import Location
    from signalscope.records.call import ReceiverCall
    from signalscope.records.scope import Continuation, Scope
    from signalscope.trees import Tree
    from signalscope.values import ErrorInfo, SavedFacts

__all__ = ["Dispatch"]


class Dispatch(Record):
    """One call of ``send``, ``send_robust``, ``asend`` or ``asend_robust``."""

    __slots__ = (
        "calls",
        "continued",
        "depth",
        "ended",
        "error",
        "expected",
        "gathered",
        "id",
        "method",
        "outer",
        "parent",
        "place",
        "saved_cycle",
        "scope",
        "sender_facts",
        "sent",
        "signal_facts",
        "silent",
        "skipped",
        "span",
        "started",
        "tree",
    )

    starts_with_a_call = True

    id: int
    """Unique in this process; given when it is first asked for."""
    method: str
    """``send``, ``send_robust``, ``asend`` or ``asend_robust``."""
    depth: int
    """0 at a root, and one more for each dispatch around it."""
    parent: ReceiverCall | None
    """The receiver call that sent it, None at a root."""
    calls: list[ReceiverCall]
    """Its receiver calls, in the order in which they started."""
    error: ErrorInfo | None
    """What the send raised, None where it returned."""
    started: int
    ended: int | None
    scope: Scope
    outer: ReceiverCall | Scope | Continuation | None
    continued: bool
    silent: bool
    skipped: Any
    span: Any
    """What a sink that traces made of it; at first, of the call that asked for it on commit."""
    signal_facts: SignalFacts | SavedFacts
    sender_facts: SenderFacts | SavedFacts
    place: tuple[CodeType, int] | Location | None
    expected: ReceiverCall | None
    """The asynchronous receiver that is being called, and has not yet given an awaitable."""
    gathered: Any
    """What runs the calls that Django gathers; not a list when it has gone on, None before any."""
    saved_cycle: tuple[str, ...] | None
    sent: dict[str, Any]
    tree: Tree | None
    """What keeps all of it until its root has ended, where a sink wants that."""

    @property
    def signal_name(self) -> str:
        """The dotted name of the signal: ``django.db.models.signals.post_save``."""
        return self.signal_facts.name

    @property
    def sender_name(self) -> str | None:
        """``bookstore.Book`` for a model, else the dotted path; None where the sender is None."""
        return self.sender_facts.name

    @property
    def label(self) -> str:
        """Signal and sender in short: ``post_save bookstore.Book``."""
        short = short_name(self.signal_name)
        return f"{short} {self.sender_name}" if self.sender_name is not None else short

    @property
    def started_at(self) -> datetime:
        """When it began, in UTC."""
        return self.scope.wall.at(self.started)

    @property
    def duration_ns(self) -> int | None:
        """Nanoseconds from its begin to its end; None while it runs."""
        return None if self.ended is None else self.ended - self.started

    @property
    def location(self) -> Location | None:
        """The nearest line of the project's own code that led to the send.

        Where there is none on the stack: the nearest line outside Django, else the send itself.
        None where the line could not be told.
        """
        return location_of(self.place)

    @property
    def kwargs(self) -> dict[str, Any]:
        """Small safe facts of what was sent: flags, and instances as ``bookstore.Book pk=3``."""
        return {
            name: instance_label(value) if type(value) is tuple else value
            for name, value in self.sent.items()
        }

    @property
    def deferred(self) -> bool:
        """Whether it was sent by a callback on commit, or below one."""
        dispatch: Dispatch | None = self
        while dispatch is not None and not dispatch.continued:
            dispatch = None if dispatch.parent is None else dispatch.parent.dispatch
        return dispatch is not None

    @property
    def not_called(self) -> list[NotCalled]:
        """The connected receivers that it did not call, and why; as far as that is known now."""
        wiring = self.scope.wiring
        return self.not_called_by(None if wiring is None else wiring.missed)

    def not_called_by(
        self, missed: Callable[[Any, Any, int], list[tuple[str, str]]] | None
    ) -> list[NotCalled]:
        """Return `not_called`, where `missed` tells which connections a dispatch passed by."""
        known = [NotCalled(_name_of(receiver), reason) for receiver, reason in self.skipped]
        if missed is None:
            return known
        found = missed(self.signal_facts, self.sender_facts, self.started)
        return [*known, *(NotCalled(*each) for each in found)]

    @property
    def recursive(self) -> bool:
        """Whether a dispatch of the same signal, sender and instance was open around it."""
        if self.saved_cycle is not None:
            return bool(self.saved_cycle)
        return self._first_entry() is not None

    @property
    def cycle(self) -> tuple[str, ...]:
        """Labels of dispatches and names of receivers, from the first entry back to itself.

        Empty where `recursive` is False.
        """
        if self.saved_cycle is not None:
            return self.saved_cycle
        first = self._first_entry()
        if first is None:
            return ()
        names = [self.label]
        dispatch = self
        while dispatch is not first and dispatch.parent is not None:
            names.append(dispatch.parent.receiver_name)
            dispatch = dispatch.parent.dispatch
            names.append(dispatch.label)
        return tuple(reversed(names))

    def rounds(self) -> int:
        """Return how many dispatches around this one it repeats."""
        return sum(1 for _ in self._entries())

    def _first_entry(self) -> Dispatch | None:
        """Return the nearest dispatch around this one that it repeats."""
        return next(self._entries(), None)

    def _entries(self) -> Iterator[Dispatch]:
        dispatch = self
        # What a callback on commit sends is not inside the receiver that asked for it.
        while dispatch.parent is not None and not dispatch.continued:
            ended = dispatch.parent.ended
            if ended is not None and ended <= dispatch.started:
                return  # nor what a task sends that outlived the receiver
            dispatch = dispatch.parent.dispatch
            if (
                dispatch.signal_facts is self.signal_facts
                and dispatch.sender_facts is self.sender_facts
                and same_instance(dispatch.sent.get("instance"), self.sent.get("instance"))
            ):
                yield dispatch

    def __repr__(self) -> str:
        """Show label and id."""
        return f"<Dispatch {self.id} {self.label}>"


def _name_of(receiver: ReceiverFacts | SavedFacts | str) -> str:
    return receiver if isinstance(receiver, str) else receiver.name
