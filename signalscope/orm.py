"""Hooks of the database layer: queries, callbacks on commit, operations that send no signals."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Protocol
from weakref import ref as weak_reference  # by name: tests of Django's mock weakref.ref

from signalscope.context import current, parent_and_scope, sending
from signalscope.effects import EffectHooks, is_stored
from signalscope.naming import sender_facts
from signalscope.notes import caller, place_of
from signalscope.ownrow import is_own_row
from signalscope.places import CARRIER, file_kinds
from signalscope.records import Continuation, ReceiverCall
from signalscope.thrown import no_fault
from signalscope.transactions import TransactionHooks
from signalscope.values import Bypass, location_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from signalscope.context import Current
    from signalscope.naming import SenderFacts, SignalFacts

__all__ = ["OrmHooks", "Wiring"]


class Wiring(Protocol):
    """What the recorder tells, and asks, of the receivers that are connected."""

    def connected(  # noqa: PLR0913, PLR0917 - the parameters of Signal.connect
        self,
        signal: Any,
        receiver: Any,
        sender: Any,
        weak: bool,  # noqa: FBT001
        dispatch_uid: Any,
        place: Any,
        ticks: int,
    ) -> None:
        """Hear of a ``connect()``."""

    def created(self, signal: Any) -> None:
        """Hear that a signal is being made."""

    def postponed(
        self, signal: Any, receiver: Any, sender: Any, dispatch_uid: Any, apps: Any
    ) -> None:
        """Hear of a ``ModelSignal.connect()``, which may have to wait for its sender."""

    def disconnected(
        self, signal: Any, receiver: Any, sender: Any, dispatch_uid: Any, ticks: int
    ) -> None:
        """Hear of a ``disconnect()``."""

    def missed(
        self, signal: SignalFacts, sender: SenderFacts, started: int
    ) -> list[tuple[str, str]]:
        """Return name and reason of connected receivers that a dispatch did not call."""

    def look(self) -> Any:
        """Return an object whose `missed` answers for many dispatches, as things are now."""

    def bypassed_receivers(self, model: type, operation: str) -> tuple[str, ...]:
        """Return the names of the receivers that an operation on `model` skipped."""


_INTERNAL = frozenset({"bulk_update", "_add_items"})
"""Functions of Django's that use another operation for their own: ``bulk_update`` updates, and a
many-to-many manager inserts rows of its own table, for which it sends ``m2m_changed``."""


class OrmHooks(EffectHooks, TransactionHooks):
    """The part of the recorder that Django's database layer calls; like all of it, it never raises.

    A callback that is queued until the commit is known by the set of savepoint ids that Django
    queues with it, which lives exactly as long as the callback waits, be it to run or to be rolled
    back. So nothing that the program can see is wrapped or changed.
    """

    clock: Callable[[], int]
    tells: bool
    wiring: Wiring | None = None

    def __init__(self) -> None:
        super().__init__()
        self._waiting: dict[int, tuple[object, Current]] = {}

    # --- Queries ----------------------------------------------------------------------------------

    def query_begins(self) -> tuple[ReceiverCall, int] | None:
        """Note when a query begins that the code of a receiver runs."""
        running = current.get()
        if type(running) is ReceiverCall and (
            running.dispatch.scope.counts_queries or sending.get() is not None
        ):
            return running, self.clock()
        return None

    def query_ends(self, begun: tuple[ReceiverCall, int], sql: Any) -> None:
        """Count the query for its receiver call."""
        call, started = begun
        duration = self.clock() - started
        # What a backend takes in place of a string (a composed statement) is not rendered here.
        with no_fault:
            if call.dispatch.scope.counts_queries:
                call.count_query(sql if type(sql) is str else f"<{type(sql).__name__}>", duration)
                if self.tells and (tree := call.dispatch.tree) is not None:
                    tree.has_queries = True
            on_its_way = sending.get()
            if on_its_way is not None and on_its_way.running is call and is_stored(sql):
                on_its_way.wrote = True

    # --- on_commit --------------------------------------------------------------------------------

    def deferred(self, ticket: Any) -> None:
        """Remember where the callback that Django queued with `ticket` was asked for."""
        with no_fault:
            key = id(ticket)
            # A callback in C: it must not need a frame where the stack is full.
            gone = weak_reference(ticket, functools.partial(self._waiting.pop, key))
            self._waiting[key] = gone, current.get()

    def callback_begins(self, ticket: Any) -> tuple[Current, Continuation] | None:
        """Return what is current before a callback, and what shall be while it runs.

        It goes on from where it was asked for. Without a ticket it is run at once. None where
        nobody saw it being asked for. The woven code sets both: what is thrown in must not come
        between that and its ``finally``.
        """
        before = asked_in = current.get()
        if ticket is not None:
            known = self._waiting.get(id(ticket))
            if known is None:
                return None
            asked_in = known[1]
        return before, Continuation(asked_in)

    @staticmethod
    def callback_ended(found: Current) -> None:
        """Close what was current when a callback ended."""
        if type(found) is Continuation:
            found.over = True

    # --- Bypasses ---------------------------------------------------------------------------------

    def bypassed(
        self, queryset: Any, operation: str, objects: Any, result: Any, started: int
    ) -> Any:
        """Note an operation that sent no signals, and began at `started`; return its result."""
        with no_fault:
            self._bypassed(queryset, operation, objects, result, started)
        return result

    def _bypassed(
        self, queryset: Any, operation: str, objects: Any, result: Any, started: int
    ) -> None:
        ended = self.clock()
        running = current.get()
        parent, scope = parent_and_scope(running)
        collectors = () if scope is None else scope.collectors
        tree = None if parent is None else parent.dispatch.tree
        if tree is not None and not tree.is_over:
            collectors = (*collectors, tree)
        if not collectors or self.wiring is None:
            return
        frame = caller(3)
        code = frame.f_code
        if code.co_name in _INTERNAL and file_kinds[code.co_filename] == CARRIER:
            return
        receivers = self.wiring.bypassed_receivers(queryset.model, operation)
        if not receivers:
            return
        rows = result if type(result) is int else None if objects is None else len(objects)
        name = str(sender_facts(queryset.model).name)
        bypass = Bypass(
            operation,
            name,
            rows,
            receivers,
            location_of(place_of(frame)),
            parent=parent,
            deferred=type(running) is Continuation,
            duration_ns=ended - started,
            started=started,
            own_row=parent is not None and is_own_row(parent, queryset, objects),
            by_django=_is_of_djangos_apps(frame),
        )
        for collector in collectors:
            collector.bypass(bypass)


def _is_of_djangos_apps(frame: Any) -> bool:
    """Tell whether the code that called an operation is one of ``django.contrib``."""
    name = _module_of(frame)
    while frame.f_back is not None and name == "django.db.models.manager":
        frame = frame.f_back
        name = _module_of(frame)
    return type(name) is str and name.startswith("django.contrib.")


def _module_of(frame: Any) -> Any:
    return frame.f_globals.get("__name__")
