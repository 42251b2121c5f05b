"""Records of what happened: plain data, with names and ids but none of the program's objects.

Times are nanoseconds of the recorder's clock (`time.perf_counter_ns`); what a reader sees are
durations and UTC datetimes. Names, places and cycles are worked out when they are read.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from signalscope.naming import Location, dotted_name

if TYPE_CHECKING:
    from datetime import datetime
    from types import CodeType

    from signalscope.naming import ReceiverFacts, SenderFacts, SignalFacts

__all__ = ["Dispatch", "ErrorInfo", "ReceiverCall", "Scope", "WallClock", "separate"]


class ErrorInfo(NamedTuple):
    """An exception as a record keeps it: the name of its type, and its message.

    The exception itself would keep its traceback, and with that every local variable, alive.
    """

    type: str
    message: str

    def __str__(self) -> str:
        """Read ``ValueError: message``, or the type alone where there is no message."""
        return f"{self.type}: {self.message}" if self.message else self.type

    @classmethod
    def of(cls, error: BaseException) -> ErrorInfo:
        """Describe `error` from its plain arguments, running no ``__str__`` of the program."""
        try:
            return cls(dotted_name(type(error)), ", ".join(map(_plain, error.args)))
        except Exception:  # noqa: BLE001 - an `args` that is no tuple of the usual kind
            return cls(dotted_name(type(error)), "")


def _plain(value: object) -> str:
    if type(value) in (str, int, float, bool, type(None), bytes):
        return str(value)
    if type(value) in (list, tuple):
        return ", ".join(map(_plain, value))  # type: ignore[call-overload]
    return f"<{type(value).__name__}>"


class WallClock(NamedTuple):
    """One moment on two clocks, by which a reading of the recorder's becomes a time of day."""

    utc: datetime
    ticks: int

    def at(self, ticks: int) -> datetime:
        """Return the UTC time of a reading of the recorder's clock."""
        return self.utc + timedelta(microseconds=(ticks - self.ticks) / 1000)


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


def _copy(record: Any) -> Any:
    twin = object.__new__(type(record))
    for name in type(record).__slots__:
        if hasattr(record, name):
            setattr(twin, name, getattr(record, name))
    return twin


UNKNOWN: Any = object()
"""A primary key that cannot be read without running code of the program."""

InstanceFacts = tuple["SenderFacts", Any, int]
"""The class, the primary key and the ``id`` of an instance that was sent."""


class Scope:
    """Where a recording was opened: the call that ran then, and who listens from there on."""

    __slots__ = ("collectors", "outer", "parent", "wall")

    def __init__(
        self, parent: ReceiverCall | None, collectors: tuple[Any, ...], wall: WallClock
    ) -> None:
        self.parent = parent
        self.collectors = collectors
        self.wall = wall
        self.outer: ReceiverCall | Scope | None = None


class _Record:
    """A record is filled in while the program waits, so what is as usual is not written at all."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        # Asked for a slot that is empty.
        if name in ("ended", "error"):
            return None
        if name == "dispatches":
            empty: list[Dispatch] = []
            object.__setattr__(self, name, empty)
            return empty
        if name == "is_async":
            return False
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")


class Dispatch(_Record):
    """One call of ``send``, ``send_robust``, ``asend`` or ``asend_robust``."""

    __slots__ = (
        "calls",
        "depth",
        "ended",
        "error",
        "id",
        "method",
        "outer",
        "parent",
        "place",
        "scope",
        "sender_facts",
        "sent",
        "signal_facts",
        "started",
    )

    id: int
    """Unique in this process."""
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
    outer: ReceiverCall | Scope | None
    signal_facts: SignalFacts
    sender_facts: SenderFacts
    place: tuple[CodeType, int] | None
    sent: dict[str, Any]

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
        short = self.signal_name.rpartition(".")[2]
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
        if self.place is None:
            return None
        code, offset = self.place
        line = _line_at(code, offset)
        return None if line is None else Location(code.co_filename, line)

    @property
    def kwargs(self) -> dict[str, Any]:
        """Small safe facts of what was sent: flags, and instances as ``bookstore.Book pk=3``."""
        return {
            name: _instance_label(value) if type(value) is tuple else value
            for name, value in self.sent.items()
        }

    @property
    def recursive(self) -> bool:
        """Whether a dispatch of the same signal, sender and instance was open around it."""
        return self._first_entry() is not None

    @property
    def cycle(self) -> tuple[str, ...]:
        """Labels of dispatches and names of receivers, from the first entry back to itself.

        Empty where `recursive` is False.
        """
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

    def _first_entry(self) -> Dispatch | None:
        """Return the nearest dispatch around this one that it repeats."""
        call = self.parent
        while call is not None:
            dispatch = call.dispatch
            if (
                dispatch.signal_facts is self.signal_facts
                and dispatch.sender_facts is self.sender_facts
                and _same_instance(dispatch.sent.get("instance"), self.sent.get("instance"))
            ):
                return dispatch
            call = dispatch.parent
        return None

    def __repr__(self) -> str:
        """Show label and id."""
        return f"<Dispatch {self.id} {self.label}>"


def _instance_label(instance: InstanceFacts) -> str:
    """Return ``bookstore.Book pk=3``; without the key where it is not known."""
    facts, pk, _ = instance
    if pk is UNKNOWN:
        return str(facts.name)
    if pk is None or isinstance(pk, (int, str, float)) or type(pk).__module__ in _PLAIN_MODULES:
        return f"{facts.name} pk={pk}"
    return f"{facts.name} pk=<{type(pk).__name__}>"


_PLAIN_MODULES = frozenset({"uuid", "decimal", "datetime"})


def _same_instance(one: InstanceFacts | None, other: InstanceFacts | None) -> bool:
    """Tell whether both are one object, or one row of one model."""
    if one is None or other is None:
        return one is other
    if one[2] == other[2]:
        return True
    known = one[1] is not UNKNOWN and one[1] is not None
    return known and one[0] is other[0] and type(one[1]) is type(other[1]) and one[1] == other[1]


def _line_at(code: CodeType, offset: int) -> int | None:
    """Return the line of the instruction at `offset`, as a frame's ``f_lasti`` gives it."""
    position = next(islice(code.co_positions(), max(offset, 0) // 2, None), None)
    return None if position is None else position[0]


class ReceiverCall(_Record):
    """One receiver run by a dispatch."""

    __slots__ = (
        "dispatch",
        "dispatches",
        "ended",
        "error",
        "is_async",
        "receiver_facts",
        "started",
    )

    dispatch: Dispatch
    """The dispatch that ran it."""
    dispatches: list[Dispatch]
    """What it sent in turn, in order."""
    is_async: bool
    """Whether Django awaits it."""
    error: ErrorInfo | None
    """What it raised, whether the send kept the error or passed it on."""
    started: int
    ended: int | None
    receiver_facts: ReceiverFacts

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
    def file(self) -> str | None:
        """The file that defines the receiver; None where it has no Python code."""
        return self.receiver_facts.file

    @property
    def line(self) -> int | None:
        """The receiver's first line in `file`, its decorators included."""
        return self.receiver_facts.line

    @property
    def duration_ns(self) -> int | None:
        """Nanoseconds from its begin to its end, waiting included; None while it runs."""
        return None if self.ended is None else self.ended - self.started

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
