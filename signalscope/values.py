"""The small values that records are made of: times, errors, instances, queries, places."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from signalscope.places import Location, line_of
from signalscope.reading import dotted_name
from signalscope.thrown import thrown_in

if TYPE_CHECKING:
    from datetime import datetime
    from types import CodeType

    from signalscope.naming import SenderFacts
    from signalscope.records import ReceiverCall

__all__ = [
    "UNKNOWN",
    "Bypass",
    "Effect",
    "ErrorInfo",
    "InstanceFacts",
    "NotCalled",
    "Queries",
    "SavedFacts",
    "WallClock",
    "error_info",
    "instance_label",
    "location_of",
    "same_instance",
]


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
        # The slot itself: `args` may be a property of the program's.
        arguments = BaseException.args.__get__(error)  # type: ignore[attr-defined]
        return cls(dotted_name(type(error)), ", ".join(map(_plain, arguments)))


_UNDESCRIBED = ErrorInfo("BaseException", "")


def error_info(error: BaseException) -> ErrorInfo:
    """Describe an exception, whatever it is."""
    try:
        return ErrorInfo.of(error)
    except RecursionError:
        return _UNDESCRIBED
    except Exception as fault:  # a metaclass that raises
        if thrown_in(fault):
            raise
        return _UNDESCRIBED


# By id: to look a class up would ask its metaclass for a hash, and to compare it for equality.
_SHOWN = frozenset(map(id, (str, int, float, bool, type(None), bytes)))
_name_of_class = type.__dict__["__name__"].__get__


def _plain(value: object) -> str:
    cls = type(value)
    if id(cls) in _SHOWN:
        return str(value)
    if cls is list or cls is tuple:
        return ", ".join(map(_plain, value))  # type: ignore[call-overload]
    return f"<{_name_of_class(cls)}>"


class WallClock(NamedTuple):
    """One moment on two clocks, by which a reading of the recorder's becomes a time of day."""

    utc: datetime
    ticks: int

    def at(self, ticks: int) -> datetime:
        """Return the UTC time of a reading of the recorder's clock."""
        return self.utc + timedelta(microseconds=(ticks - self.ticks) / 1000)


UNKNOWN: Any = object()
"""A primary key that cannot be read without running code of the program."""

InstanceFacts = tuple["SenderFacts", Any, int]
"""The class, the primary key and the ``id`` of an instance that was sent."""


class SavedFacts:
    """The facts of an object that a saved recording is about."""

    __slots__ = ("file", "line", "name", "stand_in")

    def __init__(
        self,
        name: Any,
        file: str | None = None,
        line: int | None = None,
        stand_in: str | None = None,
    ) -> None:
        self.name: Any = name
        self.stand_in: str | None = stand_in
        self.file: str | None = file
        self.line: int | None = line

    def ref(self) -> None:
        """There is no object to refer to."""


class NotCalled(NamedTuple):
    """A receiver that was connected, and that a dispatch did not call."""

    receiver_name: str
    reason: str
    """``other-sender``, ``muted``, ``dead``, ``error-before`` or ``cancelled``."""


@dataclass(frozen=True, slots=True)
class Queries:
    """The SQL that the code of one receiver call ran, less that of the calls it set off."""

    count: int
    duration_ns: int
    """Nanoseconds in the database's driver."""
    repeated: dict[str, int]
    """Statement → how often it ran, where more than once. Statements are without parameters."""


@dataclass(frozen=True, slots=True)
class Bypass:
    """An ORM operation that skipped receivers."""

    operation: str
    """``bulk_create``, ``bulk_update``, ``update`` or ``_raw_delete``."""
    model_name: str
    rows: int | None
    """How many rows it wrote; None where the database does not tell."""
    receivers: tuple[str, ...]
    """The names of the receivers that it skipped."""
    location: Location | None
    """The nearest line of the project's own code that led to it."""
    parent: ReceiverCall | None = field(default=None, compare=False)
    """The receiver call that did it; None outside of any, and where an older version saved it."""
    deferred: bool = False
    """Whether a callback on commit did it, which `parent` had asked for."""
    duration_ns: int | None = None
    """Nanoseconds from its begin to its end; None where an older version saved it."""
    started: int | None = None
    own_row: bool = field(default=False, compare=False)
    """Whether it surely wrote nothing but a row that a receiver around it was called for."""
    by_django: bool = field(default=False, compare=False)
    """Whether one of Django's own apps ran it, for purposes of its own."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A mail or a task that was sent: what no rollback takes back."""

    kind: str
    """``mail``, ``celery`` or ``task`` (Django's own)."""
    name: str
    """The dotted name of the task, or of the message's class; never what is in it."""
    location: Location | None
    """The nearest line of the project's own code that led to it."""
    parent: ReceiverCall | None = field(default=None, compare=False)
    """The receiver call that sent it; None outside of any."""
    deferred: bool = False
    """Whether a callback on commit sent it, which `parent` had asked for."""
    before_commit: bool = False
    """Whether it surely went out while a transaction was open, other than a test case's own."""


def instance_label(instance: InstanceFacts) -> str:
    """Return ``bookstore.Book pk=3``; without the key where it is not known."""
    facts, pk, _ = instance
    if pk is UNKNOWN:
        return str(facts.name)
    if pk is None or isinstance(pk, (int, str, float)) or type(pk).__module__ in _PLAIN_MODULES:
        return f"{facts.name} pk={pk}"
    return f"{facts.name} pk=<{type(pk).__name__}>"


_PLAIN_MODULES = frozenset({"uuid", "decimal", "datetime"})


def same_instance(one: InstanceFacts | None, other: InstanceFacts | None) -> bool:
    """Tell whether both are one object, or one row of one model."""
    if one is None or other is None:
        return one is other
    if one[2] == other[2]:
        return True
    known = one[1] is not UNKNOWN and one[1] is not None
    return known and one[0] is other[0] and type(one[1]) is type(other[1]) and one[1] == other[1]


def location_of(place: tuple[CodeType, int] | Location | None) -> Location | None:
    """Return the line of an instruction, given as its code and a frame's ``f_lasti``."""
    if place is None or isinstance(place, Location):
        return place
    code, offset = place
    line = line_of(code, offset)
    return None if line is None else Location(code.co_filename, line)
