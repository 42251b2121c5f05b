"""Hooks of a dispatch: what the woven code calls at the begin and at the end of a send."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from signalscope.context import current, parent_and_scope
from signalscope.errors import RecursionLimitExceeded
from signalscope.naming import (
    MAY_BE_STALE,
    known_senders,
    known_signals,
    receiver_facts,
    sender_facts,
    signal_facts,
)
from signalscope.notes import NOTHING, caller, facts_of, place_of
from signalscope.places import file_kinds
from signalscope.recorder.listening import Listening
from signalscope.recorder.muting import Audible
from signalscope.records import Continuation, Dispatch, ReceiverCall, Scope
from signalscope.trees import Tree
from signalscope.values import error_info

__all__ = ["DispatchHooks"]

users_files: set[str] = file_kinds.user


class DispatchHooks(Listening):
    """The part of the recorder that opens and closes the records of sends."""

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
        except RecursionError:  # a full stack: not even `no_fault` has a frame left
            return
        except Exception:  # noqa: BLE001 - no fault of ours may reach the program
            self.report()

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
        except RecursionError:  # a full stack: not even `no_fault` has a frame left
            return
        except Exception:  # noqa: BLE001 - no fault of ours may reach the program
            self.report()
