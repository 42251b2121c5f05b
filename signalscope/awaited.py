"""Hooks of asynchronous receiver calls: when they begin, what runs them, and how they end."""

from __future__ import annotations

import asyncio
from types import CoroutineType
from typing import TYPE_CHECKING, Any
from weakref import ref as weak_reference  # by name: tests of Django's mock weakref.ref

from signalscope.context import current
from signalscope.records import ReceiverCall
from signalscope.steps import Progress, Steps
from signalscope.values import error_info

if TYPE_CHECKING:
    from collections.abc import Callable

    from signalscope.naming import ReceiverFacts
    from signalscope.records import Dispatch
    from signalscope.sinks import FanOut

__all__ = ["AwaitedHooks"]


class AwaitedHooks:
    """The part of the recorder that follows what Django awaits; like all of it, it never raises."""

    clock: Callable[[], int]
    sinks: FanOut
    hears_of_runs: bool

    def facts_of_receiver(self, receiver: object) -> ReceiverFacts:
        """Describe a receiver, whatever it is."""
        raise NotImplementedError

    def report(self) -> None:
        """Log the fault at hand."""
        raise NotImplementedError

    def expect(self, dispatch: Dispatch, receiver: object) -> ReceiverCall:
        """Make the record of an asynchronous call, just before the receiver is called.

        The record opens at the coroutine's first step (`Steps`). Until then what runs is the call
        itself, in which a receiver that is no coroutine function may do anything.
        """
        call = ReceiverCall()
        call.dispatch = dispatch
        call.is_async = True
        call.receiver_facts = self.facts_of_receiver(receiver)
        call.asked = self.clock()
        dispatch.expected = call
        current.set(call)
        return call

    def watch(self, call: ReceiverCall, awaitable: Any, *, alone: bool) -> Any:
        """Return what Django shall await in place of `awaitable`: the same, step for step.

        `alone` says that no frame of Django's awaits it, so that it has to find out by itself
        how it ended.
        """
        try:
            call.dispatch.expected = None
            current.set(call.dispatch.outer)
            # Other awaitables (futures, say) run no code of the receiver when they are awaited.
            if type(awaitable) is CoroutineType:
                return Steps(
                    Progress(self, call, awaitable, alone=alone and not self.hears_of_runs)
                )
            self.start(call, call.asked)
            if alone:
                self.gathered(call, weak_reference(awaitable))
        except RecursionError:
            return awaitable
        except Exception:  # noqa: BLE001 - no fault of ours may reach the program
            self.report()
        return awaitable

    def ran(self, awaited: Any, error: BaseException | None) -> None:
        """Close the record of a call that a function of Django's for many calls has awaited."""
        if type(awaited) is Steps:
            call = awaited.call
            if error is None:
                self.returned(call)
            elif hasattr(call, "started"):
                self.raised(call, error)

    def gathered(self, call: ReceiverCall, awaited: Callable[[], Any]) -> None:
        """Remember what runs a call that no frame of Django's awaits, until `settled`."""
        dispatch = call.dispatch
        if dispatch.gathered is None:
            dispatch.gathered = []
        if type(dispatch.gathered) is list:
            dispatch.gathered.append((call, awaited))
        else:
            self._settle(call, awaited())

    def settled(self, dispatch: Dispatch) -> None:
        """Note how the calls that were gathered ended, now that Django goes on."""
        # Nothing was added to the tasks: a callback of ours would run in the program's event loop,
        # and keep their results alive for one round of it. Django, or asyncio, has held them.
        try:
            gathered, dispatch.gathered = dispatch.gathered or (), ()
            for call, awaited in gathered:
                self._settle(call, awaited())
        except RecursionError:  # a full stack: not even `no_fault` has a frame left
            return
        except Exception:  # noqa: BLE001 - no fault of ours may reach the program
            self.report()

    def _settle(self, call: ReceiverCall, awaited: Any) -> None:
        if issubclass(type(awaited), asyncio.Future):
            if not awaited.done():
                # Django goes on without it, since another one raised. How it will end is not seen
                # without a callback on the program's task, which the program could see.
                call.left_open = True
                return
            # Not exception(): that would keep asyncio from logging that nobody asked for it.
            error = asyncio.CancelledError() if awaited.cancelled() else awaited._exception  # noqa: SLF001
            if error is not None:
                call.error = error_info(error)
        self.returned(call)

    def returned(self, call: ReceiverCall) -> None:
        """Close the record of an awaited call that returned."""
        try:
            now = self.clock()
            self.start(call, now)
            if call.ended is None:
                call.ended = now
            if self.sinks and not call.dispatch.silent:
                self.sinks.receiver_finished(call)
        except RecursionError:  # a full stack: not even `no_fault` has a frame left
            return
        except Exception:  # noqa: BLE001 - no fault of ours may reach the program
            self.report()

    def raised(self, call: ReceiverCall, error: BaseException) -> None:
        """Close the record of an awaited call that raised."""
        try:
            if call.dispatch.expected is call:  # the very call did
                call.dispatch.expected = None
                current.set(call.dispatch.outer)
                self.start(call, call.asked)
            call.error = error_info(error)
            self.returned(call)
        except RecursionError:  # a full stack: not even `no_fault` has a frame left
            return
        except Exception:  # noqa: BLE001 - no fault of ours may reach the program
            self.report()

    def start(self, call: ReceiverCall, now: int) -> None:
        """Open the record of an asynchronous call, unless it is open."""
        if not hasattr(call, "started"):
            call.dispatch.calls.append(call)
            call.span = None
            if self.sinks and not call.dispatch.silent:
                self.sinks.receiver_started(call)
            call.started = now
