"""What is answered: a connection, and why a receiver would or would not run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import CodeType

    from signalscope.places import Location

    Place = tuple[CodeType, int] | Location | None


__all__ = ["UNKNOWN_SENDER", "Connection", "Reason", "Why"]


UNKNOWN_SENDER = "<unknown>"
"""The `sender_name` of a connection whose sender Django keeps by its id only, where no model, no
loaded module and no sender seen so far has that id. It stands for one sender, not for any."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """One receiver that is connected to one signal, as plain data."""

    signal_name: str
    """The dotted name of the signal: ``django.db.models.signals.post_save``."""
    sender_name: str | None
    """``bookstore.Book`` for a model, else a dotted path; None: any. See also `UNKNOWN_SENDER`."""
    receiver_name: str
    """The dotted name of the receiver."""
    dispatch_uid: Any
    """A plain value as it was given, the type of any other in angle brackets; None: none given."""
    weak: bool
    """Whether it goes with the receiver, which the signal does not keep alive."""
    is_async: bool
    """Whether Django awaits it."""
    file: str | None
    """The file that defines the receiver; None where it has no Python code."""
    line: int | None
    """The receiver's first line in `file`, its decorators included."""
    connected_at: Location | None
    """The ``connect()`` that made it; None where Signalscope was not installed by then."""


class Reason(str):
    """A sentence that says why, with its remedy where there is one; `id` is for programs."""

    __slots__ = ("id",)

    id: str

    def __new__(cls, id: str, text: str) -> Self:  # noqa: A002 - the attribute's name
        """Make a reason of its id and its sentence."""
        self = super().__new__(cls, text)
        self.id = id
        return self


@dataclass(frozen=True, kw_only=True, slots=True)
class Why:
    """Whether a receiver would run, and why.

    The ids of reasons for it: ``connected``. Against it: ``other-sender``, ``other-signal``,
    ``muted``, ``dead``, ``disconnected``, ``unresolved-sender``, ``undecorated``,
    ``other-instance``, ``other-object``, ``never-imported``, ``not-connected``,
    ``receiver-unknown``. What is worth knowing with either: ``several``, ``short-lived``,
    ``replaced``, ``sender-unknown``.
    """

    receiver_name: str
    """The dotted name of the receiver; where none was found, the string that was asked for."""
    question: str
    """What was asked: ``when post_save is sent by bookstore.Book``, or an empty string."""
    runs: bool
    """Whether a send as asked for would call it; where nothing narrows it, whether any would."""
    reasons: tuple[Reason, ...]
    """At least one."""
    connections: tuple[Connection, ...]
    """All connections of this receiver, whether or not they answer the question."""

    def __str__(self) -> str:
        verb = "runs" if self.runs else "does not run"
        head = " ".join(filter(None, (self.receiver_name, verb, self.question)))
        return "\n".join([f"{head}:", *(f"- {reason}" for reason in self.reasons)])
