"""The recorder: which call is running, what hangs under what, and who is told.

`Recorder.begin`, `enter`, `leave`, `fail`, `expect`, `watch` and `end` are called from within
Django's own dispatch loop (see `signalscope.patching`), at every step of it. They never raise and
never block, and they leave no frame between a receiver and Django.

The running call is kept in one context variable, since contexts are what Python, asgiref and
asyncio already carry into tasks and threads. The variable is set for exactly as long as the code
of a receiver runs: around a synchronous call, and around *each step* of an asynchronous one
(`_Steps`). So it is right even where receivers that run concurrently share one context, as they
do from Django 6.1 on, and whatever a receiver starts inherits the receiver as its parent.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import logging
import sys
import threading
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Self, cast

from signalscope.naming import (
    PACKAGE,
    USER,
    file_kinds,
    known_receivers,
    known_senders,
    known_signals,
    receiver_facts,
    sender_facts,
    signal_facts,
)
from signalscope.records import UNKNOWN, Dispatch, ErrorInfo, ReceiverCall, Scope, WallClock
from signalscope.sinks import FanOut

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

    from signalscope.naming import ReceiverFacts, SenderFacts, SignalFacts
    from signalscope.sinks import Sink

__all__ = ["Collector", "Recorder"]

logger = logging.getLogger("signalscope")

_current: ContextVar[ReceiverCall | Scope | None] = ContextVar("signalscope", default=None)
_new = object.__new__
_getframe = sys._getframe  # noqa: SLF001 - the one way to a caller's line without a traceback


def _everything(_signal: SignalFacts, _sender: SenderFacts) -> bool:
    return True


class Collector:
    """The bounded list of dispatches that one recording saw, in the order in which they started."""

    def __init__(
        self, *, limit: int, wants: Callable[[SignalFacts, SenderFacts], bool] = _everything
    ) -> None:
        self.limit = limit
        self.wants = wants
        self.kept: list[Dispatch] = []
        self.dropped = 0
        self._lock = threading.Lock()

    def drop(self) -> None:
        """Count a dispatch for which there is no room."""
        with self._lock:
            self.dropped += 1


class Recorder:
    """Turns the hooks in Django's dispatch loop into records.

    `active` is empty as long as nobody listens: the one thing that an idle send looks at.
    """

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self.clock = clock
        self.active: list[object] = []
        self.sinks = FanOut()
        self._next_id = itertools.count(1).__next__
        self._reported = False
        self._anywhere = Scope(None, (), self.wall_clock())

    # --- Who listens ------------------------------------------------------------------------------

    def wall_clock(self) -> WallClock:
        """Read both clocks at once."""
        return WallClock(datetime.now(UTC), self.clock())

    def open(self, collector: Collector) -> Scope:
        """Let `collector` see what the current context starts from here on."""
        current = _current.get()
        parent, around = _parent_and_scope(current)
        collectors = (*around.collectors, collector) if around else (collector,)
        scope = Scope(parent, collectors, self.wall_clock())
        scope.outer = current
        self.active.append(scope)
        _current.set(scope)
        return scope

    def close(self, scope: Scope) -> None:
        """End what `open` began, in every context that inherited it."""
        # Tasks and threads that outlive the recording hold the scope still: what it lets see is
        # changed in place. This also parts the records from their collector, so that no cycle
        # keeps them.
        scope.collectors = scope.collectors[:-1]
        with contextlib.suppress(ValueError):
            self.active.remove(scope)
        if _current.get() is scope:
            _current.set(scope.outer)

    def add_sink(self, sink: Sink) -> None:
        """Tell `sink` of everything, in all contexts."""
        if not self.sinks:
            self.active.append(self.sinks)
        self.sinks.add(sink)

    def remove_sink(self, sink: Sink) -> None:
        """Tell `sink` no more."""
        self.sinks.remove(sink)
        if not self.sinks and self.sinks in self.active:
            self.active.remove(self.sinks)

    # --- Hooks of a dispatch ----------------------------------------------------------------------

    def begin(  # noqa: PLR0913, PLR0917 - what Django's loop has at hand
        self,
        signal: object,
        sender: object,
        named: dict[str, Any],
        method: str,
        sync_receivers: list[Any],
        async_receivers: list[Any],
    ) -> Dispatch | None:
        """Open the record of a send that found receivers; None where nobody here wants it."""
        try:
            if not sync_receivers and not async_receivers:
                return None
            current = _current.get()
            if current is None and not self.sinks:
                return None
            parent, scope = _parent_and_scope(current)
            dispatch = _new(Dispatch)
            dispatch.signal_facts = known_signals.get(id(signal)) or signal_facts(signal)
            dispatch.sender_facts = known_senders.get(id(sender)) or sender_facts(sender)
            if not self._keep(dispatch, scope, parent) and not self.sinks:
                return None
            dispatch.id = self._next_id()
            dispatch.method = method
            dispatch.parent = parent
            dispatch.depth = 0 if parent is None else parent.dispatch.depth + 1
            dispatch.scope = scope or self._anywhere
            dispatch.outer = current
            dispatch.calls = []
            dispatch.place = _place(_getframe(2))
            dispatch.sent = _facts_of(named) if named else _NOTHING
            dispatch.started = self.clock()
            if self.sinks:
                self.sinks.dispatch_started(dispatch)
        except Exception:  # noqa: BLE001 - no fault of ours may reach the program
            self._report()
            return None
        return dispatch

    def _keep(self, dispatch: Dispatch, scope: Scope | None, parent: ReceiverCall | None) -> bool:
        """Hand a dispatch to the collectors that want it; tell whether one took it."""
        kept = False
        for collector in scope.collectors if scope else ():
            if collector.wants(dispatch.signal_facts, dispatch.sender_facts):
                if len(collector.kept) < collector.limit:
                    collector.kept.append(dispatch)
                    kept = True
                else:
                    collector.drop()
        if kept and parent is not None:
            parent.dispatches.append(dispatch)
        return kept

    def end(self, dispatch: Dispatch) -> None:
        """Close the record of a send."""
        dispatch.ended = self.clock()
        _current.set(dispatch.outer)
        if self.sinks:
            self.sinks.dispatch_finished(dispatch)

    def failed(self, dispatch: Dispatch, error: BaseException) -> None:
        """Note what a send raises."""
        dispatch.error = _error_info(error)

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
        _current.set(call)
        if self.sinks:
            self.sinks.receiver_started(call)
        call.started = self.clock()
        return call

    def leave(self, call: ReceiverCall) -> None:
        """Close the record of a synchronous call that returned."""
        call.ended = self.clock()
        if self.sinks:
            self.sinks.receiver_finished(call)

    def fail(self, call: ReceiverCall, error: BaseException) -> None:
        """Close the record of a synchronous call that raised."""
        call.ended = self.clock()
        call.error = _error_info(error)
        if self.sinks:
            self.sinks.receiver_finished(call)

    def resume(self, dispatch: Dispatch) -> None:
        """Leave the calls behind, where the loop runs in a context of its own."""
        _current.set(dispatch.outer)

    def expect(self, dispatch: Dispatch, receiver: object) -> ReceiverCall:
        """Make the record of an asynchronous call, which opens at its first step (`_Steps`)."""
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
        return _Steps(_Progress(self, call, awaitable, alone=alone))

    def returned(self, call: ReceiverCall) -> None:
        """Close the record of an awaited call that returned."""
        now = self.clock()
        self.start(call, now)
        if call.ended is None:
            call.ended = now
        if self.sinks:
            self.sinks.receiver_finished(call)

    def raised(self, call: ReceiverCall, error: BaseException) -> None:
        """Close the record of an awaited call that raised."""
        call.error = _error_info(error)
        self.returned(call)

    def start(self, call: ReceiverCall, now: int) -> None:
        """Open the record of an asynchronous call, unless it is open."""
        if not hasattr(call, "started"):
            call.dispatch.calls.append(call)
            if self.sinks:
                self.sinks.receiver_started(call)
            call.started = now

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


def _parent_and_scope(
    current: ReceiverCall | Scope | None,
) -> tuple[ReceiverCall | None, Scope | None]:
    if current is None:
        return None, None
    if type(current) is ReceiverCall:
        return current, current.dispatch.scope
    scope = cast("Scope", current)
    return scope.parent, scope


def _nameless() -> None:
    """Stand in for a receiver that could not be described."""


def _error_info(error: BaseException) -> ErrorInfo | None:
    try:
        return ErrorInfo.of(error)
    except Exception:  # noqa: BLE001 - a full stack, a metaclass that raises
        return ErrorInfo("BaseException", "")


# --- Asynchronous receivers -----------------------------------------------------------------------


class _Steps(map):  # type: ignore[type-arg]
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

    __slots__ = ("_begin_step", "_coroutine", "_iterator")

    _begin_step: Callable[[], _Step]
    _coroutine: Any
    _iterator: Any

    def __new__(cls, progress: _Progress) -> Self:
        coroutine = progress.coroutine
        iterator = coroutine.__await__()
        self = super().__new__(
            cls, _second, map(_Progress.begin, itertools.repeat(progress)), iterator
        )
        self._coroutine = coroutine
        self._iterator = iterator
        self._begin_step = progress.begin
        return self

    def __await__(self) -> _Steps:
        return self

    def __getattr__(self, name: str) -> Any:
        # Task and debugger look at cr_frame, cr_code, __qualname__ and the like.
        return getattr(self._coroutine, name)

    @property
    def send(self) -> Any:
        return self._with_token(self._iterator.send)

    @property
    def throw(self) -> Any:
        return self._with_token(self._iterator.throw)

    @property
    def close(self) -> Any:
        return self._with_token(self._iterator.close)

    def _with_token(self, method: Any) -> Any:
        bound = functools.partial(method)
        bound.token = self._begin_step()  # type: ignore[attr-defined]
        return bound


def _second(_token: _Step, yielded: Any) -> Any:
    return yielded


class _Step:
    """Exists for as long as one step of a coroutine runs."""

    __slots__ = ("_progress",)

    def __init__(self, progress: _Progress) -> None:
        self._progress = progress

    def __del__(self) -> None:
        self._progress.pause()


class _Progress:
    """How far an asynchronous call has come."""

    __slots__ = ("_alone", "_around", "_call", "_own", "_recorder", "coroutine")

    def __init__(
        self, recorder: Recorder, call: ReceiverCall, coroutine: Any, *, alone: bool
    ) -> None:
        self._recorder = recorder
        self._call = call
        self.coroutine = coroutine
        self._alone = alone
        self._own: ReceiverCall | Scope | None = call
        self._around: ReceiverCall | Scope | None = None

    def begin(self) -> _Step:
        """Begin a step: what runs from here on runs inside the call."""
        try:
            if not hasattr(self._call, "started"):
                task = asyncio.current_task() if self._alone else None
                if task is not None:
                    task.add_done_callback(self._done)
                self._recorder.start(self._call, self._recorder.clock())
            self._around = _current.get()
            # A receiver may have opened a recording of its own in an earlier step.
            _current.set(self._own)
        except Exception:  # noqa: BLE001 - no fault of ours may reach the program
            self._recorder._report()  # noqa: SLF001
        return _Step(self)

    def pause(self) -> None:
        """End a step."""
        now = self._recorder.clock()
        self._own = _current.get()
        _current.set(self._around)
        if self.coroutine.cr_frame is None and self._call.ended is None:
            self._call.ended = now

    def _done(self, task: asyncio.Task[Any]) -> None:
        # Runs after the callback by which Django's gather or task group fetched the outcome.
        if task.cancelled():
            self._call.error = ErrorInfo.of(asyncio.CancelledError())
        else:
            error = task.exception()
            if error is not None:
                self._call.error = _error_info(error)
        if self._recorder.sinks:
            self._recorder.sinks.receiver_finished(self._call)


# --- What is noted of a send ----------------------------------------------------------------------


def _place(frame: Any) -> tuple[CodeType, int] | None:
    """Find the nearest code of the project's own; else of a package; else what sent."""
    direct = code, _ = frame.f_code, frame.f_lasti
    if file_kinds.get(code.co_filename) == USER:
        return direct
    package = None
    while frame is not None:
        code = frame.f_code
        kind = file_kinds[code.co_filename]
        if kind == USER:
            return code, frame.f_lasti
        if kind == PACKAGE and package is None:
            package = code, frame.f_lasti
        frame = frame.f_back
    return package or direct


_FLAGS = frozenset({"created", "raw", "using", "update_fields", "action", "reverse"})
_FLAG_TYPES = frozenset({bool, str, type(None), frozenset})


_NOTHING: dict[str, Any] = {}


def _facts_of(named: dict[str, Any]) -> dict[str, Any]:
    """Pick what is small and safe; an instance as its class, its key and its id."""
    facts: dict[str, Any] = {}
    for name, value in named.items():
        if name in _FLAGS:
            if value.__class__ in _FLAG_TYPES:
                facts[name] = value
        elif name == "pk_set":
            facts["pk_count"] = len(value) if isinstance(value, (set, frozenset)) else None
        else:
            cls = type(value)
            if cls in _PLAIN_TYPES:
                continue
            of_class = sender_facts(cls)
            if of_class.is_model:
                facts[name] = (of_class, _key_of(value, of_class.key), id(value))
            elif name == "instance":
                facts[name] = (of_class, UNKNOWN, id(value))
    return facts


_PLAIN_TYPES = frozenset(
    {int, str, float, bool, type(None), tuple, list, dict, set, frozenset, type}
)


def _key_of(instance: object, attribute: str | None) -> Any:
    try:
        return object.__getattribute__(instance, "__dict__").get(attribute, UNKNOWN)
    except AttributeError:
        return UNKNOWN
