"""Records of what happened: plain data, with names and ids but none of the program's objects.

Times are nanoseconds of the recorder's clock (`time.perf_counter_ns`); what a reader sees are
durations and UTC datetimes. Names, places and cycles are worked out when they are read.
"""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from signalscope.naming import short_name
from signalscope.values import (
    ErrorInfo,
    NotCalled,
    Queries,
    SavedFacts,
    WallClock,
    instance_label,
    location_of,
    same_instance,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from types import CodeType

    from signalscope.naming import ReceiverFacts, SenderFacts, SignalFacts
    from signalscope.places import Location
    from signalscope.trees import Tree
    from signalscope.values import Bypass, Effect

    Beside = TypeVar("Beside", Bypass, Effect)

__all__ = [
    "Continuation",
    "Dispatch",
    "ReceiverCall",
    "Scope",
    "copied",
    "placed",
    "separate",
]


def separate(kept: list[Dispatch]) -> list[Dispatch]:
    """Return the dispatches that one recording kept as trees of their own.

    Records are shared by nested recordings. Where `kept` is not all that hangs together (the
    recording was opened inside a receiver, or left some signals out), this returns copies in
    which each dispatch hangs under its nearest kept ancestor, at the depth that follows.
    """
    own = {id(dispatch) for dispatch in kept}
    if all(
        dispatch.parent is None or id(dispatch.parent.dispatch) in own for dispatch in kept
    ) and all(
        id(child) in own
        for dispatch in kept
        for call in dispatch.calls
        for child in call.dispatches
    ):
        return kept
    return copied(kept)


def copied(kept: list[Dispatch]) -> list[Dispatch]:
    """Return copies, in which each dispatch hangs under its nearest ancestor among `kept`."""
    copies: dict[int, Dispatch] = {}
    calls: dict[int, ReceiverCall] = {}
    for dispatch in kept:
        # An ancestor starts before what it sets off, so its copy is there by now.
        above = dispatch.parent
        while above is not None and id(above) not in calls:
            above = above.dispatch.parent
        parent = None if above is None else calls[id(above)]
        copy = _copy(dispatch)
        copy.parent = parent
        copy.depth = 0 if parent is None else parent.dispatch.depth + 1
        if parent is not None:
            parent.dispatches.append(copy)
        copies[id(dispatch)] = copy
        copy.calls = []
        for call in list(dispatch.calls):
            mine = calls[id(call)] = _copy(call)
            mine.dispatch = copy
            mine.dispatches = []
            copy.calls.append(mine)
    return list(copies.values())


def placed(noted: list[Beside], kept: list[Dispatch], mine: list[Dispatch]) -> list[Beside]:
    """Return bypasses or effects as they hang in `mine`, which is what `separate` made of `kept`.

    That is under the nearest receiver call around them whose dispatch the recording has kept.
    """
    own = {id(dispatch): at for at, dispatch in enumerate(kept)} if noted else {}
    found = []
    for each in noted:
        above = each.parent
        while above is not None:
            at, order = own.get(id(above.dispatch)), above.order
            if at is not None and order is not None:
                above = mine[at].calls[order]
                break
            above = above.dispatch.parent
        found.append(each if above is each.parent else replace(each, parent=above))
    return found


def _copy(record: Any) -> Any:
    twin = object.__new__(type(record))
    for name in type(record).__slots__:
        if hasattr(record, name):
            setattr(twin, name, getattr(record, name))
    return twin


class Scope:
    """Where a recording was opened: the call that ran then, and who listens from there on."""

    __slots__ = ("collectors", "counts_queries", "outer", "parent", "wall", "wiring")

    def __init__(
        self, parent: ReceiverCall | None, collectors: tuple[Any, ...], wall: WallClock
    ) -> None:
        self.parent = parent
        self.collectors = collectors
        self.wall = wall
        self.outer: ReceiverCall | Scope | Continuation | None = None
        self.counts_queries = True
        self.wiring: Any = None


class Continuation:
    """A callback that runs on commit: it goes on from where it was asked for."""

    __slots__ = ("of", "over")

    def __init__(self, of: ReceiverCall | Scope | Continuation | None) -> None:
        self.of = of
        self.over = False
        """Whether it has ended; what it started may go on, in a task or a thread."""


_numbers = itertools.count(1)
# A finaliser, or a handler of a process signal, may log inside of `_number` and so call it again.
_numbering = threading.RLock()


class _Record:
    """A record is filled in while the program waits, so what is as usual is not written at all."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        # Asked for a slot that is empty.
        try:
            usual = _USUAL[name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}") from None
        return usual(self) if callable(usual) else usual


def _no_dispatches(record: Any) -> list[Dispatch]:
    empty: list[Dispatch] = []
    record.dispatches = empty
    return empty


def _number(dispatch: Any) -> int:
    with _numbering:
        new = next(_numbers)
        try:
            number: int = _id_of(dispatch)
        except AttributeError:
            number = dispatch.id = new
    return number


def _start(record: Any) -> int:
    """One with synchronous receivers starts with the first of its calls."""
    if type(record) is not Dispatch:
        raise AttributeError("It has not started")
    return record.calls[0].started if record.calls else time.perf_counter_ns()


_USUAL: dict[str, Any] = {
    "broken": False,
    "continued": False,
    "depth": 0,
    "dispatches": _no_dispatches,
    "ended": None,
    "error": None,
    "expected": None,
    "gathered": None,
    "id": _number,
    "is_async": False,
    "left_open": False,
    "parent": None,
    "saved_cycle": None,
    "silent": False,
    "skipped": (),
    "span": None,
    "started": _start,
    "statements": None,
    "tree": None,
}
"""What an empty slot stands for, or a function of the record that tells."""


class Dispatch(_Record):
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


_id_of: Callable[[Dispatch], int] = vars(Dispatch)["id"].__get__


_MOST_STATEMENTS = 1000
_OTHER_STATEMENTS = "(other statements)"


def _name_of(receiver: ReceiverFacts | SavedFacts | str) -> str:
    return receiver if isinstance(receiver, str) else receiver.name


class ReceiverCall(_Record):
    """One receiver run by a dispatch."""

    __slots__ = (
        "asked",
        "broken",
        "dispatch",
        "dispatches",
        "ended",
        "error",
        "is_async",
        "left_open",
        "receiver_facts",
        "span",
        "started",
        "statements",
    )

    dispatch: Dispatch
    """The dispatch that ran it."""
    dispatches: list[Dispatch]
    """What it sent in turn, in order."""
    is_async: bool
    """Whether Django awaits it."""
    left_open: bool
    """Whether Django went on without it, so that nobody saw how it ended."""
    broken: bool
    """Whether a statement of it failed, and the transaction around it could only be rolled back."""
    asked: int
    """When an asynchronous receiver was called; it starts when what it gave is awaited."""
    error: ErrorInfo | None
    """What it raised, whether the send kept the error or passed it on."""
    started: int
    ended: int | None
    receiver_facts: ReceiverFacts | SavedFacts
    span: Any
    """What a sink that traces made of it."""
    statements: Any

    @property
    def order(self) -> int | None:
        """Its place among the calls of its dispatch, from 0; None for one that has not started."""
        # Not list.index: calls are told apart by identity, and a list may grow meanwhile.
        return next((at for at, call in enumerate(self.dispatch.calls) if call is self), None)

    @property
    def receiver_name(self) -> str:
        """The dotted name of the receiver."""
        return self.receiver_facts.name

    @property
    def replaced_by(self) -> str | None:
        """The name of what was called in the receiver's place (`signalscope.replaced`), or None."""
        return getattr(self.receiver_facts, "stand_in", None)

    @property
    def file(self) -> str | None:
        """The file that defines the receiver; None where it has no Python code."""
        return self.receiver_facts.file

    @property
    def line(self) -> int | None:
        """The receiver's first line in `file`, its decorators included."""
        return self.receiver_facts.line

    @property
    def duration_ns(self) -> int | None:
        """Nanoseconds from its begin to its end, waiting included.

        None while it runs, and where nobody saw it end: up to Django 6.0, an asynchronous receiver
        goes on after another has made `asend` raise.
        """
        return None if self.ended is None else self.ended - self.started

    @property
    def queries(self) -> Queries | None:
        """What its code ran in the database; None where queries were not counted."""
        if not self.dispatch.scope.counts_queries:
            return None
        statements = self.statements or {}
        if isinstance(statements, Queries):
            return statements
        return Queries(
            sum(count for count, _ in statements.values()),
            sum(duration for _, duration in statements.values()),
            {sql: count for sql, (count, _) in statements.items() if count > 1},
        )

    def count_query(self, sql: str, duration: int) -> None:
        """Add a query; beyond a thousand different statements they count as one more."""
        statements = self.statements
        if statements is None:
            statements = self.statements = {}
        if sql not in statements and len(statements) >= _MOST_STATEMENTS:
            sql = _OTHER_STATEMENTS
        count, spent = statements.get(sql, (0, 0))
        statements[sql] = count + 1, spent + duration

    @property
    def self_ns(self) -> int | None:
        """`duration_ns` less the time in which a dispatch of its own was open."""
        if self.ended is None:
            return None
        spent, until = 0, self.started
        # Concurrent dispatches overlap; the time under several counts once.
        for dispatch in sorted(self.dispatches, key=lambda child: child.started):
            begin = max(dispatch.started, until)
            end = min(self.ended if dispatch.ended is None else dispatch.ended, self.ended)
            if end > begin:
                spent += end - begin
                until = end
        return self.ended - self.started - spent

    def __repr__(self) -> str:
        """Show the receiver's name and its dispatch."""
        return f"<ReceiverCall {self.receiver_name} in {self.dispatch!r}>"
