"""The recorder: which call is running, what hangs under what, and who is told.

The methods of `Recorder` under "Hooks" are called from within Django's own dispatch loop, whose
code has the most frequent steps inline (`signalscope.weaving`). They never raise and never block,
and they leave no frame between a receiver and Django. Where the stack is full up to the last frame
or two, they cannot do their work: the record then has a gap, and the program its own error.

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
import logging
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from signalscope.awaited import AwaitedHooks
from signalscope.context import current, mutes, parent_and_scope, swaps
from signalscope.errors import RecursionLimitExceeded
from signalscope.matching import SignalFilter
from signalscope.naming import (
    MAY_BE_STALE,
    known_receivers,
    known_senders,
    known_signals,
    receiver_facts,
    sender_facts,
    signal_facts,
)
from signalscope.notes import NOTHING, caller, facts_of, maker_of, place_of
from signalscope.orm import OrmHooks
from signalscope.places import file_kinds
from signalscope.records import Continuation, Dispatch, ReceiverCall, Scope
from signalscope.sinks import FanOut
from signalscope.trees import Tree
from signalscope.values import WallClock, error_info

if TYPE_CHECKING:
    from collections.abc import Callable

    from signalscope.context import Mute, Swap
    from signalscope.naming import ReceiverFacts, SenderFacts, SignalFacts
    from signalscope.sinks import Sink
    from signalscope.values import Bypass, Effect, SavedFacts

__all__ = ["Collector", "Recorder"]

logger = logging.getLogger("signalscope")

users_files = file_kinds.user

_FOLLOWING = "FOLLOWING"
"""Stands in the list of listeners where `Recorder.follow` is on."""


class Collector:
    """The bounded list of dispatches that one recording saw, in the order in which they started."""

    def __init__(
        self,
        *,
        limit: int,
        wants: SignalFilter | None = None,
        queries: bool = True,
    ) -> None:
        self.limit = limit
        self.wants = wants or SignalFilter()
        self.verdicts = self.wants.verdicts
        self.queries = queries
        self.kept: list[Dispatch] = []
        self.bypasses: list[Bypass] = []
        self.effects: list[Effect] = []
        self.unheard: dict[tuple[SignalFacts | SavedFacts, str | None], int] = {}
        """Sends that found no receiver: signal and sender's name → how often."""
        self.dropped = 0
        self._lock = threading.Lock()

    def bypass(self, bypass: Bypass) -> None:
        """Keep a bypass, or count it where there is no room."""
        if len(self.bypasses) < self.limit:
            self.bypasses.append(bypass)
        else:
            self.drop()

    def effect(self, effect: Effect) -> None:
        """Keep a mail or a task that was sent, or count it where there is no room."""
        if len(self.effects) < self.limit:
            self.effects.append(effect)
        else:
            self.drop()

    def miss(self, signal: SignalFacts, sender: SenderFacts) -> None:
        """Count a send that found no receiver."""
        key = signal, sender.name
        with self._lock:
            if key in self.unheard or len(self.unheard) < self.limit:
                self.unheard[key] = self.unheard.get(key, 0) + 1
            else:
                self.dropped += 1

    def drop(self) -> None:
        """Count a dispatch for which there is no room."""
        with self._lock:
            self.dropped += 1


class Audible(list[Any]):
    """The receivers that may be called; it remembers those that are muted."""

    muted: list[Any]


class Recorder(AwaitedHooks, OrmHooks):
    """Turns the hooks in Django's dispatch loop into records.

    `active` is empty as long as nobody listens: the one thing that an idle send looks at.
    """

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        super().__init__()
        self.clock = clock
        self.active: list[object] = []
        self.sinks = FanOut()
        self.tells = False
        """Whether there are sinks; a plain bool, since it is asked at every step."""
        self.tells_starts = False
        """Whether one of them wants to hear that a call begins."""
        self.follows = False
        """Whether somebody asks which receiver runs (the context of log lines)."""
        self.sinks_want = SignalFilter()
        self.max_depth: int | None = None
        self.max_records = 10_000
        """How much of a tree is kept for sinks; a recording has a limit of its own."""
        self.muting: list[object] = []
        self.of_instances: tuple[object, object] = (None, None)
        """``pre_init`` and ``post_init``: each instance of a model sends them, mostly to nobody."""
        self.hears_of_instances = False
        """Whether a recording wants one of these."""
        self.hears_of_runs = False
        """Whether `ran` is told how gathered coroutines end (from Django 6.1 on)."""
        self._reported = False
        self._anywhere = Scope(None, (), self.wall_clock())

    @property
    def constants(self) -> dict[str, Any]:
        """What stands in the woven code, by the name that `signalscope.weaving` has for it.

        These objects stay the same for as long as the recorder lives. What is only tested for truth
        is no constant, since the compiler would decide that at once.
        """
        return {
            "CALL": ReceiverCall,
            "CLOCK": self.clock,
            "ID": id,
            "KNOWN": known_receivers,
            "POST_INIT": self.of_instances[1],
            "PRE_INIT": self.of_instances[0],
            "RECORDER": self,
            "SET": current.set,
        }

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
        self._listen()
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
        self._listen()
        if current.get() is scope:
            current.set(scope.outer)

    def _listen(self) -> None:
        scopes = [each for each in list(self.active) if type(each) is Scope]
        wants = [collector.wants for scope in scopes for collector in scope.collectors]
        signals = list(map(signal_facts, self.of_instances))
        self.hears_of_instances = any(each.may_want(facts) for each in wants for facts in signals)

    def add_sink(self, sink: Sink) -> None:
        """Tell `sink` of everything, in all contexts."""
        if not self.sinks:
            self.active.append(self.sinks)
        self.sinks.add(sink)
        self.tells = True
        self.tells_starts = self.sinks.hears_starts

    def follow(self) -> None:
        """Keep track of which receiver runs, though nobody is told."""
        self.follows = True
        if _FOLLOWING not in self.active:
            self.active.append(_FOLLOWING)

    def unfollow(self) -> None:
        """End what `follow` began."""
        self.follows = False
        if _FOLLOWING in self.active:
            self.active.remove(_FOLLOWING)

    def remove_sink(self, sink: Sink) -> None:
        """Tell `sink` no more."""
        self.sinks.drop(sink)
        self.tells_starts = self.sinks.hears_starts
        if not self.sinks:
            self.tells = bool(self._doubts)
            # By identity: an empty list equals any other.
            self.active[:] = [each for each in self.active if each is not self.sinks]

    # --- Hooks of a dispatch ----------------------------------------------------------------------

    def begin(  # noqa: C901, PLR0911, PLR0912, PLR0913, PLR0915, PLR0917 - in one piece
        self,
        signal: object,
        sender: object,
        named: dict[str, Any],
        method: str,
        sync_receivers: list[Any],
        async_receivers: list[Any],
    ) -> Dispatch | None:
        """Open the record of a send that found receivers; None where nobody here wants it.

        Raises `RecursionLimitExceeded` where ``MAX_DEPTH`` forbids one more round of a cycle.
        """
        try:
            outer = current.get()
            parent: ReceiverCall | None
            scope: Scope | None
            if type(outer) is Scope:
                parent, scope = outer.parent, outer
            elif type(outer) is ReceiverCall:
                parent, scope = outer, outer.dispatch.scope
            else:
                parent, scope = parent_and_scope(outer)
            sinks = self.sinks
            unheard = not sinks and self.max_depth is None and not self.follows
            if scope is None and unheard:
                return None
            muted = sync_receivers.muted if type(sync_receivers) is Audible else ()
            if not sync_receivers and not async_receivers and not muted:
                self.unheard(signal, sender)
                return None
            try:
                signal_is = known_signals[id(signal)]
                sender_is = known_senders[id(sender)]
            except KeyError:
                signal_is, sender_is = signal_facts(signal), sender_facts(sender)
            else:
                if MAY_BE_STALE and not (signal_is.ref() is signal and sender_is.ref() is sender):
                    signal_is, sender_is = signal_facts(signal), sender_facts(sender)
            asked_by = parent if type(outer) is Continuation else None
            around = None if parent is None else parent.dispatch
            keepers = []
            if scope is not None:
                for collector in scope.collectors:
                    try:
                        wanted = collector.verdicts[signal_is]
                    except KeyError:
                        wanted = collector.wants(signal_is, sender_is)
                    if wanted:
                        kept = collector.kept
                        if len(kept) < collector.limit:
                            keepers.append(kept)
                        else:
                            collector.drop()
            silent = sinks and not self.sinks_want(signal_is, sender_is)
            if not keepers:
                if unheard or (silent and self.max_depth is None and not self.follows):
                    return None
                if parent is not None and parent.ended is not None:
                    # A task that outlived the receiver that started it, and may start the next
                    # one: no recording holds what was before, and no chain of records shall.
                    # (`outer` is let go of when the dispatch ends.)
                    parent = None
            dispatch = Dispatch()
            if sinks:
                # Written out, since a sink reads them, and to read an empty slot costs far more.
                dispatch.silent = bool(silent)
                dispatch.continued = False
                dispatch.error = dispatch.parent = None
                dispatch.span = None if asked_by is None else asked_by.span
                dispatch.tree = None if around is None else around.tree
            dispatch.signal_facts = signal_is
            dispatch.sender_facts = sender_is
            dispatch.method = method
            if parent is not None:
                dispatch.parent = parent
                dispatch.depth = parent.dispatch.depth + 1
            dispatch.scope = scope or self._anywhere
            dispatch.outer = outer
            dispatch.calls = []
            frame = caller(2)
            code = frame.f_code
            if code.co_filename in users_files:
                dispatch.place = code, frame.f_lasti
            else:
                dispatch.place = place_of(frame)
            dispatch.sent = facts_of(named) if named else NOTHING
            if type(outer) is Continuation:
                dispatch.continued = True
            if muted:
                dispatch.skipped = [(receiver_facts(each), "muted") for each in muted]
            # Once it is filled in: a recording may be read while it runs.
            if keepers and parent is not None:
                parent.dispatches.append(dispatch)
            for kept in keepers:
                kept.append(dispatch)
            if not sync_receivers or sinks:
                # Else it starts with its first call (`Dispatch.__getattr__`).
                dispatch.started = self.clock()
                if sinks and not silent:
                    if not sinks.dispatch_started(dispatch):
                        if not keepers and self.max_depth is None and not self.follows:
                            return None
                        dispatch.silent = True
                    elif (tree := dispatch.tree) is not None and not tree.is_over:
                        tree.add(dispatch)
                    elif sinks.asks_for_trees:
                        # What is around it may be over by now, or what no sink hears of.
                        is_root = around is None or tree is not None or around.silent
                        wanted = is_root and sinks.wants_tree(dispatch)
                        dispatch.tree = Tree(dispatch, self.max_records) if wanted else None
        except RecursionError:
            return None
        except Exception:  # noqa: BLE001 - no fault of ours may reach the program
            self.report()
            return None
        # Around it there are no more dispatches than it is deep, so most need no look at them.
        if self.max_depth is not None and dispatch.depth >= self.max_depth:
            self._limit(dispatch, self.max_depth)
        return dispatch

    def unheard(self, signal: object, sender: object) -> None:
        """Count a send that found no receiver, for whoever asserts that it was sent."""
        try:
            scope = parent_and_scope(current.get())[1]
            if scope is None or not scope.collectors:
                return
            signal_is, sender_is = signal_facts(signal), sender_facts(sender)
            for collector in scope.collectors:
                if collector.wants(signal_is, sender_is):
                    collector.miss(signal_is, sender_is)
        except RecursionError:
            return
        except Exception:  # noqa: BLE001 - no fault of ours may reach the program
            self.report()

    def _limit(self, dispatch: Dispatch, most: int) -> None:
        rounds = dispatch.rounds()
        if rounds >= most:
            error = RecursionLimitExceeded(dispatch.cycle, rounds)
            dispatch.error = error_info(error)
            dispatch.started = dispatch.ended = self.clock()
            self.finished(dispatch)
            raise error

    def finished(self, dispatch: Dispatch) -> None:
        """Tell the sinks that a send ended."""
        try:
            if not dispatch.silent:
                tree = dispatch.tree
                if tree is not None and tree.root is dispatch:
                    self._finish(tree)
                self.sinks.dispatch_finished(dispatch)
        except Exception:  # noqa: BLE001 - a full stack: not even `suppress` has a frame left
            return

    def _finish(self, tree: Tree) -> None:
        try:
            self.sinks.tree_finished(tree)
        finally:
            tree.close()

    def failed(
        self,
        dispatch: Dispatch,
        error: BaseException,
        sync_receivers: list[Any],
        async_receivers: list[Any],
    ) -> None:
        """Note what a send raises, and which receivers it did not come to call."""
        try:
            dispatch.error = error_info(error)
            expected = dispatch.expected
            if expected is not None:
                # Its very call raised, where no frame of Django's awaits it.
                dispatch.expected = None
                expected.error = dispatch.error
                self.start(expected, expected.asked)
                self.returned(expected)
            reason = (
                "cancelled" if issubclass(type(error), asyncio.CancelledError) else "error-before"
            )
            # A receiver can be connected twice, so they are counted.
            called = Counter(id(call.receiver_facts) for call in dispatch.calls)
            skipped = list(dispatch.skipped)
            for receiver in (*sync_receivers, *async_receivers):
                facts = receiver_facts(receiver)
                if called[id(facts)]:
                    called[id(facts)] -= 1
                else:
                    skipped.append((facts, reason))
            dispatch.skipped = skipped
        except Exception:  # noqa: BLE001 - a full stack: not even `suppress` has a frame left
            return

    # --- Hooks of a receiver call -----------------------------------------------------------------

    def facts_of_receiver(self, receiver: object) -> ReceiverFacts:
        """Describe a receiver, whatever it is."""
        try:
            return receiver_facts(receiver)
        except RecursionError:
            return _NAMELESS
        except Exception:  # noqa: BLE001 - no fault of ours may reach the program
            self.report()
            return _NAMELESS

    def entered(self, call: ReceiverCall) -> None:
        """Tell the sinks of a synchronous call that is about to be made."""
        try:
            # Written out, as in `begin`.
            call.error = call.span = None
            call.is_async = call.left_open = False
            if not call.dispatch.silent:
                for sink, method in self.sinks.on_call:
                    try:
                        method(call)
                    except Exception as fault:  # noqa: BLE001 - the program must not see it
                        self.sinks.failed(sink, "receiver_started", fault)
        except Exception:  # noqa: BLE001 - a full stack: not even `suppress` has a frame left
            return

    def left(self, call: ReceiverCall) -> None:
        """Tell the sinks of a synchronous call that returned."""
        try:
            # Written out, as in `begin`.
            call.error = None
            call.is_async = False
            if self._doubts:
                self.look_at(call, raised=False)
            if not call.dispatch.silent:
                for sink, method in self.sinks.on_return:
                    try:
                        method(call)
                    except Exception as fault:  # noqa: BLE001 - the program must not see it
                        self.sinks.failed(sink, "receiver_finished", fault)
        except Exception:  # noqa: BLE001 - a full stack: not even `suppress` has a frame left
            return

    def fail(self, call: ReceiverCall, error: BaseException) -> None:
        """Close the record of a synchronous call that raised."""
        try:
            call.ended = self.clock()
            call.error = error_info(error)
            if self._doubts:
                self.look_at(call, raised=True)
            if self.sinks and not call.dispatch.silent:
                self.sinks.receiver_finished(call)
        except Exception:  # noqa: BLE001 - a full stack: not even `suppress` has a frame left
            return

    # --- Muting -----------------------------------------------------------------------------------

    def mute(self, rule: Mute) -> None:
        """Skip the receivers that `rule` names, in this context, until `unmute`."""
        self.muting.append(rule)
        mutes.set((*(each for each in mutes.get() if not each.over), rule))

    def unmute(self, rule: Mute) -> None:
        """End what `mute` began."""
        rule.over = True
        self.muting.remove(rule)
        mutes.set(tuple(each for each in mutes.get() if each is not rule))

    def replace(self, swap: Swap) -> None:
        """Call what `swap` gives for a receiver, in this context, until `unreplace`."""
        self.muting.append(swap)
        swaps.set((*(each for each in swaps.get() if not each.over), swap))

    def unreplace(self, swap: Swap) -> None:
        """End what `replace` began."""
        swap.over = True
        self.muting.remove(swap)
        swaps.set(tuple(each for each in swaps.get() if each is not swap))

    def audible(
        self, signal: object, sender: object, sync_receivers: list[Any], async_receivers: list[Any]
    ) -> tuple[list[Any], list[Any]]:
        """Leave out the live receivers that are muted here, and replace those that are replaced."""
        try:
            # What a task inherited, and outlived, holds no more.
            rules = [rule.apply for rule in mutes.get() if not rule.over]
            here = [swap.apply for swap in swaps.get() if not swap.over]
            if not rules and not here:
                return sync_receivers, async_receivers
            muted = (
                self._muted(rules, signal, sender, (*sync_receivers, *async_receivers))
                if rules
                else []
            )
            # By identity: receivers may have an equality of their own.
            ids = set(map(id, muted))
            audible = Audible(each for each in sync_receivers if id(each) not in ids)
            audible.muted = muted
            awaited = [each for each in async_receivers if id(each) not in ids]
            # Of nested ones the innermost counts, and it knows receivers rather than stand-ins.
            for swap in reversed(here):
                audible[:] = [swap(each, receiver_facts(each)) for each in audible]
                awaited = [swap(each, receiver_facts(each)) for each in awaited]
        except RecursionError:
            return sync_receivers, async_receivers
        except Exception:  # noqa: BLE001 - no fault of ours may reach the program
            self.report()
            return sync_receivers, async_receivers
        return audible, awaited

    @staticmethod
    def _muted(
        rules: list[Callable[..., bool]],
        signal: object,
        sender: object,
        receivers: tuple[Any, ...],
    ) -> list[Any]:
        of_signal, of_sender = signal_facts(signal), sender_facts(sender)
        return [
            receiver
            for receiver in receivers
            if any(rule(of_signal, of_sender, receiver_facts(receiver), receiver) for rule in rules)
        ]

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
                place = maker_of(caller(2))
                self.wiring.connected(
                    signal, receiver, sender, weak, dispatch_uid, place, self.clock()
                )

    def disconnecting(self, signal: Any, receiver: Any, sender: Any, dispatch_uid: Any) -> None:
        """Note a ``disconnect()``."""
        if self.wiring is not None:
            with contextlib.suppress(Exception):
                self.wiring.disconnected(signal, receiver, sender, dispatch_uid, self.clock())

    # --- Faults of our own ------------------------------------------------------------------------

    def report(self) -> None:
        """Log the fault at hand, once; a full stack is none, and leaves no room for this."""
        error = sys.exc_info()[1]
        if self._reported or isinstance(error, MemoryError):
            return
        self._reported = True
        with contextlib.suppress(Exception):  # a logging set-up that raises
            logger.error("Recording a signal failed; the record has a gap", exc_info=error)


def _nameless() -> None:
    """Stand in for a receiver that could not be described."""


_NAMELESS = receiver_facts(_nameless)
