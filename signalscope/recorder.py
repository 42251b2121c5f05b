"""The recorder: which call is running, what hangs under what, and who is told.

`Recorder.begin`, `enter`, `leave`, `fail`, `expect`, `watch` and `end` are called from within
Django's own dispatch loop (see `signalscope.patching`), at every step of it. They never raise and
never block, and they leave no frame between a receiver and Django.

The running call is kept in one context variable (`signalscope.context`), since contexts are what
Python, asgiref and asyncio already carry into tasks and threads. The variable is set for exactly
as long as the code of a receiver runs: around a synchronous call, and around *each step* of an
asynchronous one (`signalscope.steps`). So it is right even where receivers that run concurrently
share one context, as they do from Django 6.1 on, and whatever a receiver starts inherits the
receiver as its parent.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import sys
import threading
import time
from datetime import UTC, datetime
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from signalscope.context import current, mutes, parent_and_scope
from signalscope.errors import RecursionLimitExceeded
from signalscope.naming import (
    known_receivers,
    known_senders,
    known_signals,
    receiver_facts,
    sender_facts,
    signal_facts,
)
from signalscope.notes import NOTHING, caller, error_info, facts_of, place_of
from signalscope.orm import OrmHooks
from signalscope.records import Continuation, Dispatch, ReceiverCall, Scope, WallClock
from signalscope.sinks import FanOut
from signalscope.steps import Progress, Steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from signalscope.context import Mute
    from signalscope.naming import ReceiverFacts, SenderFacts, SignalFacts
    from signalscope.records import Bypass
    from signalscope.sinks import Sink

__all__ = ["Collector", "Recorder"]

logger = logging.getLogger("signalscope")

_new = object.__new__


def _everything(_signal: SignalFacts, _sender: SenderFacts) -> bool:
    return True


class Collector:
    """The bounded list of dispatches that one recording saw, in the order in which they started."""

    def __init__(
        self,
        *,
        limit: int,
        wants: Callable[[SignalFacts, SenderFacts], bool] = _everything,
        queries: bool = True,
    ) -> None:
        self.limit = limit
        self.wants = wants
        self.queries = queries
        self.kept: list[Dispatch] = []
        self.bypasses: list[Bypass] = []
        self.dropped = 0
        self._lock = threading.Lock()

    def bypass(self, bypass: Bypass) -> None:
        """Keep a bypass, or count it where there is no room."""
        if len(self.bypasses) < self.limit:
            self.bypasses.append(bypass)
        else:
            self.drop()

    def drop(self) -> None:
        """Count a dispatch for which there is no room."""
        with self._lock:
            self.dropped += 1


class Recorder(OrmHooks):
    """Turns the hooks in Django's dispatch loop into records.

    `active` is empty as long as nobody listens: the one thing that an idle send looks at.
    """

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        super().__init__()
        self.clock = clock
        self.active: list[object] = []
        self.sinks = FanOut()
        self.sinks_want: Callable[[SignalFacts, SenderFacts], bool] = _everything
        self.max_depth: int | None = None
        self.muting: list[object] = []
        self._next_id = itertools.count(1).__next__
        self._reported = False
        self._anywhere = Scope(None, (), self.wall_clock())

    # --- Who listens ------------------------------------------------------------------------------

    def wall_clock(self) -> WallClock:
        """Read both clocks at once."""
        return WallClock(datetime.now(UTC), self.clock())

    def open(self, collector: Collector) -> Scope:
        """Let `collector` see what the current context starts from here on."""
        outer = current.get()
        parent, around = parent_and_scope(outer)
        collectors = (*around.collectors, collector) if around else (collector,)
        scope = Scope(parent, collectors, self.wall_clock())
        scope.outer = outer
        scope.wiring = self.wiring
        scope.counts_queries = collector.queries or (around is not None and around.counts_queries)
        self.active.append(scope)
        current.set(scope)
        return scope

    def close(self, scope: Scope) -> None:
        """End what `open` began, in every context that inherited it."""
        # Tasks and threads that outlive the recording hold the scope still: what it lets see is
        # changed in place. This also parts the records from their collector, so that no cycle
        # keeps them.
        scope.collectors = scope.collectors[:-1]
        with contextlib.suppress(ValueError):
            self.active.remove(scope)
        if current.get() is scope:
            current.set(scope.outer)

    def add_sink(self, sink: Sink) -> None:
        """Tell `sink` of everything, in all contexts."""
        if not self.sinks:
            self.active.append(self.sinks)
        self.sinks.add(sink)

    def remove_sink(self, sink: Sink) -> None:
        """Tell `sink` no more."""
        self.sinks.drop(sink)
        if not self.sinks:
            # By identity: an empty list equals any other.
            self.active[:] = [each for each in self.active if each is not self.sinks]

    # --- Hooks of a dispatch ----------------------------------------------------------------------

    def begin(  # noqa: C901, PLR0912, PLR0913, PLR0917 - in one piece, as calls cost
        self,
        signal: object,
        sender: object,
        named: dict[str, Any],
        method: str,
        sync_receivers: list[Any],
        async_receivers: list[Any],
        muted: list[Any] | None,
    ) -> Dispatch | None:
        """Open the record of a send that found receivers; None where nobody here wants it.

        Raises `RecursionLimitExceeded` where ``MAX_DEPTH`` forbids one more round of a cycle.
        """
        try:
            if not sync_receivers and not async_receivers and not muted:
                return None
            outer = current.get()
            unheard = not self.sinks and self.max_depth is None
            if outer is None and unheard:
                return None
            parent, scope = parent_and_scope(outer)
            signal_is = known_signals.get(id(signal)) or signal_facts(signal)
            sender_is = known_senders.get(id(sender)) or sender_facts(sender)
            keepers = []
            if scope is not None:
                for collector in scope.collectors:
                    if collector.wants(signal_is, sender_is):
                        if len(collector.kept) < collector.limit:
                            keepers.append(collector.kept)
                        else:
                            collector.drop()
            silent = self.sinks and not self.sinks_want(signal_is, sender_is)
            if not keepers and (unheard or (silent and self.max_depth is None)):
                return None
            dispatch = _new(Dispatch)
            if silent:
                dispatch.silent = True
            dispatch.signal_facts = signal_is
            dispatch.sender_facts = sender_is
            dispatch.id = self._next_id()
            dispatch.method = method
            dispatch.parent = parent
            dispatch.depth = 0 if parent is None else parent.dispatch.depth + 1
            dispatch.scope = scope or self._anywhere
            dispatch.outer = outer
            dispatch.calls = []
            dispatch.place = place_of(caller(2))
            dispatch.sent = facts_of(named) if named else NOTHING
            if type(outer) is Continuation:
                dispatch.continued = True
            if muted:
                dispatch.skipped = [(receiver_facts(each), "muted") for each in muted]
            # Once it is filled in: a recording may be read while it runs.
            for kept in keepers:
                kept.append(dispatch)
            if keepers and parent is not None:
                parent.dispatches.append(dispatch)
            dispatch.started = self.clock()
            if self.sinks and not dispatch.silent:
                self.sinks.dispatch_started(dispatch)
        except Exception:  # noqa: BLE001 - no fault of ours may reach the program
            self._report()
            return None
        if self.max_depth is not None:
            self._limit(dispatch, self.max_depth)
        return dispatch

    def _limit(self, dispatch: Dispatch, most: int) -> None:
        rounds = dispatch.rounds()
        if rounds >= most:
            error = RecursionLimitExceeded(dispatch.cycle, rounds)
            dispatch.error = error_info(error)
            self.end(dispatch)
            raise error

    def end(self, dispatch: Dispatch) -> None:
        """Close the record of a send."""
        dispatch.ended = self.clock()
        current.set(dispatch.outer)
        if self.sinks and not dispatch.silent:
            self.sinks.dispatch_finished(dispatch)

    def failed(
        self,
        dispatch: Dispatch,
        error: BaseException,
        sync_receivers: list[Any],
        async_receivers: list[Any],
    ) -> None:
        """Note what a send raises, and which receivers it did not come to call."""
        dispatch.error = error_info(error)
        with contextlib.suppress(Exception):  # a full stack, an odd receiver
            reason = "cancelled" if isinstance(error, asyncio.CancelledError) else "error-before"
            # Each kind is called in order, so the calls that there are belong to the first ones.
            asynchronous = sum(call.is_async for call in dispatch.calls)
            synchronous = len(dispatch.calls) - asynchronous
            left = [*sync_receivers[synchronous:], *async_receivers[asynchronous:]]
            dispatch.skipped = [
                *dispatch.skipped,
                *((receiver_facts(each), reason) for each in left),
            ]

    # --- Hooks of a receiver call -----------------------------------------------------------------

    def enter(self, dispatch: Dispatch, receiver: object) -> ReceiverCall:
        """Open the record of a synchronous call, just before it is made.

        The context variable goes from one call of the loop to the next; `end` or `resume` sets it
        back to what it was around the loop.
        """
        call = _new(ReceiverCall)
        call.dispatch = dispatch
        call.receiver_facts = known_receivers.get(id(receiver)) or self._facts_of_receiver(receiver)
        dispatch.calls.append(call)
        current.set(call)
        if self.sinks and not call.dispatch.silent:
            self.sinks.receiver_started(call)
        call.started = self.clock()
        return call

    def leave(self, call: ReceiverCall) -> None:
        """Close the record of a synchronous call that returned."""
        call.ended = self.clock()
        if self.sinks and not call.dispatch.silent:
            self.sinks.receiver_finished(call)

    def fail(self, call: ReceiverCall, error: BaseException) -> None:
        """Close the record of a synchronous call that raised."""
        call.ended = self.clock()
        call.error = error_info(error)
        if self.sinks and not call.dispatch.silent:
            self.sinks.receiver_finished(call)

    def resume(self, dispatch: Dispatch) -> None:
        """Leave the calls behind, where the loop runs in a context of its own."""
        current.set(dispatch.outer)

    def expect(self, dispatch: Dispatch, receiver: object) -> ReceiverCall:
        """Make the record of an asynchronous call, which opens at its first step (`Steps`)."""
        call = _new(ReceiverCall)
        call.dispatch = dispatch
        call.is_async = True
        call.receiver_facts = known_receivers.get(id(receiver)) or self._facts_of_receiver(receiver)
        return call

    def watch(self, call: ReceiverCall, awaitable: Any, *, alone: bool) -> Any:
        """Return what Django shall await in place of `awaitable`: the same, step for step.

        `alone` says that no frame of Django's awaits it, so that it has to find out by itself
        how it ended.
        """
        # Other awaitables (futures, say) run no code of the receiver when they are awaited.
        if type(awaitable) is not CoroutineType:
            return awaitable
        return Steps(Progress(self, call, awaitable, alone=alone))

    def returned(self, call: ReceiverCall) -> None:
        """Close the record of an awaited call that returned."""
        now = self.clock()
        self.start(call, now)
        if call.ended is None:
            call.ended = now
        if self.sinks and not call.dispatch.silent:
            self.sinks.receiver_finished(call)

    def raised(self, call: ReceiverCall, error: BaseException) -> None:
        """Close the record of an awaited call that raised."""
        call.error = error_info(error)
        self.returned(call)

    def start(self, call: ReceiverCall, now: int) -> None:
        """Open the record of an asynchronous call, unless it is open."""
        if not hasattr(call, "started"):
            call.dispatch.calls.append(call)
            if self.sinks and not call.dispatch.silent:
                self.sinks.receiver_started(call)
            call.started = now

    # --- Muting -----------------------------------------------------------------------------------

    def mute(self, rule: Mute) -> None:
        """Skip the receivers that `rule` names, in this context, until `unmute`."""
        self.muting.append(rule)
        mutes.set((*mutes.get(), rule))

    def unmute(self, rule: Mute) -> None:
        """End what `mute` began."""
        self.muting.remove(rule)
        mutes.set(tuple(each for each in mutes.get() if each is not rule))

    def audible(
        self, signal: object, sender: object, sync_receivers: list[Any], async_receivers: list[Any]
    ) -> tuple[list[Any], list[Any], list[Any] | None]:
        """Part the live receivers into those to call and those that are muted here."""
        rules = mutes.get()
        if not rules:
            return sync_receivers, async_receivers, None
        try:
            of_signal, of_sender = signal_facts(signal), sender_facts(sender)
            muted = [
                receiver
                for receiver in (*sync_receivers, *async_receivers)
                if any(rule(of_signal, of_sender, receiver_facts(receiver)) for rule in rules)
            ]
        except Exception:  # noqa: BLE001 - no fault of ours may reach the program
            self._report()
            return sync_receivers, async_receivers, None
        # By identity: receivers may have an equality of their own.
        ids = set(map(id, muted))
        return (
            [each for each in sync_receivers if id(each) not in ids],
            [each for each in async_receivers if id(each) not in ids],
            muted,
        )

    # --- Wiring -----------------------------------------------------------------------------------

    def connecting(
        self,
        signal: Any,
        receiver: Any,
        sender: Any,
        weak: Any,
        dispatch_uid: Any,
    ) -> None:
        """Note a ``connect()``."""
        if self.wiring is not None:
            with contextlib.suppress(Exception):
                place = place_of(caller(2))
                self.wiring.connected(
                    signal, receiver, sender, weak, dispatch_uid, place, self.clock()
                )

    def disconnecting(self, signal: Any, receiver: Any, sender: Any, dispatch_uid: Any) -> None:
        """Note a ``disconnect()``."""
        if self.wiring is not None:
            with contextlib.suppress(Exception):
                self.wiring.disconnected(signal, receiver, sender, dispatch_uid, self.clock())

    # --- Faults of our own ------------------------------------------------------------------------

    def _facts_of_receiver(self, receiver: object) -> ReceiverFacts:
        try:
            return receiver_facts(receiver)
        except Exception:  # noqa: BLE001 - no fault of ours may reach the program
            self._report()
            return receiver_facts(_nameless)

    def _report(self) -> None:
        """Log the fault at hand, once; a stack that is full is the program's affair, not ours."""
        error = sys.exc_info()[1]
        if self._reported or isinstance(error, (RecursionError, MemoryError)):
            return
        self._reported = True
        with contextlib.suppress(Exception):  # a logging set-up that raises
            logger.error("Recording a signal failed; the record has a gap", exc_info=error)


def _nameless() -> None:
    """Stand in for a receiver that could not be described."""
