"""Asynchronous receivers, step for step."""

from __future__ import annotations

import asyncio
import functools
import inspect
import itertools
from typing import TYPE_CHECKING, Any, Self
from weakref import ref as weak_reference  # by name: tests of Django's mock weakref.ref

from signalscope.context import current

if TYPE_CHECKING:
    from collections.abc import Callable

    from signalscope.awaited import AwaitedHooks
    from signalscope.context import Current
    from signalscope.records import ReceiverCall

    _Map = map[Any]
else:
    _Map = map  # which a running program cannot subscript

__all__ = ["Progress", "Steps"]


class Steps(_Map):
    """A coroutine, step for step, that tells when each of its steps begins and ends.

    A coroutine runs in steps, from one suspension to the next. While a step runs, the context
    variable has to name its call; in between it must not, as receivers that run concurrently may
    share the context. A wrapper coroutine could see to that, but it would put a frame of ours
    between the event loop and the receiver, which warnings, tracebacks and the recursion limit
    all show. So this is a `map` of two iterators, driven by C code which leaves no frame:

        map(second, <one token for each step>, <the coroutine's own iterator>)

    Asking the first iterator for a token begins the step (`_begin`). Then the coroutine runs.
    When it suspends, returns or raises, `map` drops the token, and the end of the token's life
    is the end of the step (`_Step.__del__`); what the coroutine yielded, returned or raised
    passes through untouched. ``send``, ``throw`` and ``close`` do the same by a `partial` that
    carries a token and dies right after the call.

    This rests on CPython's reference counts, which free the token at once.
    """

    __slots__ = ("_begin_step", "_coroutine", "_iterator", "call")

    _begin_step: Callable[[], _Step]
    _coroutine: Any
    _iterator: Any
    call: ReceiverCall

    def __new__(cls, progress: Progress) -> Self:
        """Make the map; its arguments are not the caller's business."""
        coroutine = progress.coroutine
        iterator = coroutine.__await__()
        self = super().__new__(
            cls, _second, map(Progress.begin, itertools.repeat(progress)), iterator
        )
        self._coroutine = coroutine
        self._iterator = iterator
        self._begin_step = progress.begin
        self.call = progress.call
        return self

    def __await__(self) -> Steps:
        return self

    def __getattr__(self, name: str) -> Any:
        # Task and debugger look at cr_frame, cr_code, __qualname__ and the like.
        return getattr(self._coroutine, name)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        # So that whoever gets it from Task.get_coro() finds that it is a coroutine.
        return type(self._coroutine)

    def __repr__(self) -> str:
        return repr(self._coroutine)

    @property
    def send(self) -> Any:
        """The coroutine's own, with a token."""
        return self._with_token(self._iterator.send, starts=True)

    @property
    def throw(self) -> Any:
        """The coroutine's own, with a token."""
        return self._with_token(self._iterator.throw)

    @property
    def close(self) -> Any:
        """The coroutine's own, with a token."""
        return self._with_token(self._iterator.close)

    def _with_token(self, method: Any, *, starts: bool = False) -> Any:
        if not starts and inspect.getcoroutinestate(self._coroutine) == inspect.CORO_CREATED:
            # Cancelled before it began: nothing of the receiver runs.
            return method
        bound = functools.partial(method)
        bound.token = self._begin_step()  # type: ignore[attr-defined]
        return bound


def _second(_token: _Step, yielded: Any) -> Any:
    return yielded


class _Step:
    """Exists for as long as one step of a coroutine runs."""

    __slots__ = ("_progress",)

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def __del__(self) -> None:
        try:  # noqa: SIM105 - `suppress` takes longer than all of this
            self._progress.pause()
        except AttributeError:
            pass  # an exception was thrown in before it had one


class Progress:
    """How far an asynchronous call has come."""

    __slots__ = ("_alone", "_around", "_own", "_recorder", "call", "coroutine")

    def __init__(
        self, recorder: AwaitedHooks, call: ReceiverCall, coroutine: Any, *, alone: bool
    ) -> None:
        self._recorder = recorder
        self.call: ReceiverCall = call
        self.coroutine: Any = coroutine
        self._alone = alone
        self._own: Current = call
        self._around: Current = None

    def begin(self) -> _Step:
        """Begin a step: what runs from here on runs inside the call."""
        try:
            if not hasattr(self.call, "started"):
                task = asyncio.current_task() if self._alone else None
                if task is not None:
                    self._recorder.gathered(self.call, weak_reference(task))
                self._recorder.start(self.call, self._recorder.clock())
            self._around = current.get()
            # A receiver may have opened a recording of its own in an earlier step.
            current.set(self._own)
            recorder = self._recorder
            if recorder.sinks.follows_steps and not self.call.dispatch.silent:
                recorder.sinks.receiver_resumed(self.call)
        except RecursionError:
            pass
        except Exception:  # noqa: BLE001 - no fault of ours may reach the program
            self._recorder.report()
        return _Step(self)

    def pause(self) -> None:
        """End a step."""
        try:
            recorder = self._recorder
            now = recorder.clock()
            if recorder.sinks.follows_steps and not self.call.dispatch.silent:
                recorder.sinks.receiver_suspended(self.call)
            self._own = current.get()
            current.set(self._around)
            call = self.call
            if self.coroutine.cr_frame is None and call.ended is None and not call.left_open:
                call.ended = now
        except Exception:  # noqa: BLE001 - out of `__del__` nothing gets, not even what is thrown in
            return
