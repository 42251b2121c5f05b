"""Receiver calls: one for each receiver that a dispatch ran."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signalscope.records.slots import Record
from signalscope.values import Queries

if TYPE_CHECKING:
    from signalscope.naming import ReceiverFacts
    from signalscope.records.dispatch import Dispatch
    from signalscope.values import ErrorInfo, SavedFacts

__all__ = ["ReceiverCall"]

_MOST_STATEMENTS = 1000
_OTHER_STATEMENTS = "(other statements)"


class ReceiverCall(Record):
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
