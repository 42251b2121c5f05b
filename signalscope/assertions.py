"""The assertions of a recording.

A receiver is given as the function or by its dotted name, a signal and a sender as the object or
by name (`signalscope.matching`). Nothing is imported for a name. Further keywords are compared with
what is kept of the sent arguments (`Dispatch.kwargs`): ``update_fields`` as a set, and an instance,
given as it is or by its label (``"bookstore.Book pk=3"``), by its model and its key.

A recording that had no room for everything does not prove that something did not happen, nor does
an argument that was not kept. What could pass on such a ground only, fails, and says why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from signalscope.asking import Filter, must_name
from signalscope.diagnosis.catalogue import complaint
from signalscope.errors import SignalscopeError
from signalscope.explaining import (
    MOST_NAMES,
    absence,
    called_failure,
    order_failure,
    query_lines,
    sent_failure,
)
from signalscope.wording import (
    at_place,
    dropped_lines,
    grouped_lines,
    message_of,
    name_of_receiver,
    name_of_signal,
    number_of,
    unknown_outcome,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signalscope.records import Dispatch, ReceiverCall

__all__ = ["Assertions", "Recorded"]

_FEWEST_TO_ORDER = 2

__unittest = True  # so that unittest, too, ends the traceback at the test's own line


class Recorded(Protocol):
    """What is asked of a recording here.

    Two attributes may be there besides: `findings`, and `unheard`, which maps the names of signal
    and sender to the number of sends that found no receiver.
    """

    @property
    def dropped(self) -> int:
        """How many records found no room."""

    def walk(self) -> Iterator[Dispatch]:
        """Yield all dispatches, in the order in which they started."""

    def calls(
        self, receiver: Any = None, *, signal: Any = None, sender: Any = None
    ) -> list[ReceiverCall]:
        """Return the receiver calls, in the order in which they started."""

    def tree(self) -> str:
        """Return the tree as text."""


class Assertions(Recorded):
    """What can be asserted of a recording.

    Each raises AssertionError where the recording does not hold what was asked, and says what it
    holds instead. `SignalscopeError` means that the question cannot be answered: it asks for
    something that recordings never keep, or that this one did not count.
    """

    __slots__ = ()

    def assert_called(
        self,
        /,
        receiver: Any,
        *,
        times: int | None = None,
        signal: Any = None,
        sender: Any = None,
        **kwargs: Any,
    ) -> None:
        """Assert that `receiver` was called: at least once, or exactly so many `times`.

        Counted are the calls for `signal`, from `sender` and with `kwargs`, where these are given.
        """
        __tracebackhide__ = True
        must_name("receiver", receiver)
        _must_look_for(self, signal)
        failure = called_failure(self, receiver, times, Filter.of(signal, sender, kwargs))
        if failure is not None:
            raise AssertionError(failure)

    def assert_not_called(
        self, /, receiver: Any, *, signal: Any = None, sender: Any = None, **kwargs: Any
    ) -> None:
        """Assert that `receiver` was not called: not at all, or not for what else is given."""
        __tracebackhide__ = True
        must_name("receiver", receiver)
        _must_look_for(self, signal)
        failure = called_failure(self, receiver, 0, Filter.of(signal, sender, kwargs))
        if failure is not None:
            raise AssertionError(failure)

    def assert_sent(
        self,
        /,
        signal: Any,
        sender: Any = None,
        *,
        times: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Assert that `signal` was sent: at least once, or exactly so many `times`.

        Counted are the sends by `sender` and with `kwargs`, where these are given. Those that found
        no receiver count too, though what they sent is not known.
        """
        __tracebackhide__ = True
        must_name("signal", signal)
        _must_look_for(self, signal)
        failure = sent_failure(self, times, Filter.of(signal, sender, kwargs))
        if failure is not None:
            raise AssertionError(failure)

    def assert_not_sent(self, /, signal: Any, sender: Any = None, **kwargs: Any) -> None:
        """Assert that `signal` was not sent: not at all, or not by `sender` and with `kwargs`."""
        __tracebackhide__ = True
        must_name("signal", signal)
        _must_look_for(self, signal)
        failure = sent_failure(self, 0, Filter.of(signal, sender, kwargs))
        if failure is not None:
            raise AssertionError(failure)

    def assert_order(self, /, *receivers: Any) -> None:
        """Assert that the first calls of these receivers began in the order given.

        Raises `SignalscopeError` for fewer than two.
        """
        __tracebackhide__ = True
        if len(receivers) < _FEWEST_TO_ORDER:
            raise SignalscopeError("An order takes two receivers or more.")
        for receiver in receivers:
            must_name("receiver", receiver)
        failure = order_failure(self, receivers)
        if failure is not None:
            raise AssertionError(failure)

    def assert_no_recursion(self, /) -> None:
        """Assert that no dispatch was sent again, directly or not, by its own receivers."""
        __tracebackhide__ = True
        recursive = [dispatch for dispatch in self.walk() if dispatch.recursive]
        if recursive:
            labels = list(dict.fromkeys(dispatch.label for dispatch in recursive))
            were = "was sent again by its" if len(labels) == 1 else "were sent again by their"
            head = f"{', '.join(labels[:MOST_NAMES])} {were} own receivers"
            cycles = [f"{' → '.join(each.cycle)}{at_place(each)}" for each in recursive]
            raise AssertionError(message_of(head, grouped_lines(cycles), self))
        if self.dropped:
            raise AssertionError(unknown_outcome("nothing recursed", [], self))

    def assert_max_queries(self, /, n: int, receiver: Any = None) -> None:
        """Assert that receivers, or the calls of one, ran at most `n` queries altogether.

        A query counts for the innermost call that ran it, not for those around. Raises
        `SignalscopeError` where the recording did not count queries.
        """
        __tracebackhide__ = True
        calls = self.calls(receiver)
        if receiver is not None and not calls:
            head = f"{name_of_receiver(receiver)} was not called, so that its queries tell nothing"
            lines = [*absence(self, receiver, Filter()), *dropped_lines(self)]
            raise AssertionError(message_of(head, lines, self))
        if any(call.queries is None for call in calls):
            raise SignalscopeError(
                "This recording did not count queries, so it cannot tell how many there were. "
                'Record with queries=True, and with SIGNALSCOPE["QUERIES"] on.'
            )
        count = sum(call.queries.count for call in calls if call.queries is not None)
        if count > n:
            who = "Receivers" if receiver is None else name_of_receiver(receiver)
            head = f"{who} ran {number_of(count, 'query', 'queries')}, where at most {n} may be"
            raise AssertionError(message_of(head, query_lines(calls), self))
        if self.dropped:
            raise AssertionError(unknown_outcome(f"there were at most {n} queries", [], self))

    def assert_no_findings(self, /, *ids: str) -> None:
        """Assert that the rules found nothing, or nothing under these `ids` (``W101``).

        Raises `SignalscopeError` where no rule has looked, and for what is the id of no rule.
        """
        __tracebackhide__ = True
        findings = getattr(self, "findings", None)
        if findings is None:
            raise SignalscopeError("This recording has no findings: no rule has looked at it.")
        for each in ids:
            if (wrong := complaint(each)) is not None:
                raise SignalscopeError(wrong)
        found = [finding for finding in findings if not ids or finding.id in ids]
        if found:
            named = ", ".join(dict.fromkeys(finding.id for finding in found))
            head = f"{number_of(len(found), 'finding')}, where none may be: {named}"
            lines = grouped_lines(f"{finding.id} {finding.message}" for finding in found)
            raise AssertionError(message_of(head, lines, self))
        if self.dropped:
            raise AssertionError(unknown_outcome("there is nothing to find", [], self))


def _must_look_for(recording: Recorded, signal: Any) -> None:
    """Refuse to answer for a signal that the recording leaves out."""
    may_hold = getattr(recording, "may_hold", None)
    if signal is not None and may_hold is not None and not may_hold(signal):
        raise SignalscopeError(
            f"This recording does not look for {name_of_signal(signal)}, so it cannot tell. Record "
            "without naming signals, or name this one too: record(signal) sees it whatever "
            'SIGNALSCOPE["ALLOW"] and ["DENY"] leave out.'
        )
