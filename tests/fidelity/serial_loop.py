"""An event loop that takes turns with its threads, so that a program runs the same way each time.

Django runs synchronous receivers of ``asend`` in a thread, up to 6.0 at the same time as the
asynchronous ones. Which of them gets ahead is then a matter of chance. This loop hands over
instead of running on: while a thread works for it, it waits, until the thread is done or needs
the loop. Nothing else is different, neither the threads nor what runs in them.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, ClassVar
from unittest import mock

from asgiref.sync import AsyncToSync, SyncToAsync

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from concurrent.futures import Executor

__all__ = ["SerialLoop", "serial_loops"]

PATIENCE = 10.0
"""Seconds after which a thread that should have answered counts as stuck."""


@contextlib.contextmanager
def serial_loops() -> Iterator[None]:
    """Let `asyncio.run`, also where asgiref calls it, make loops of this kind."""
    interval = sys.getswitchinterval()
    # A thread that was woken up goes on only when the one that woke it waits in turn.
    sys.setswitchinterval(1.0)
    try:
        with (
            mock.patch("asyncio.events.new_event_loop", SerialLoop),
            mock.patch.object(asyncio.TaskGroup, "__init__", _begin_group),
        ):
            yield
    finally:
        sys.setswitchinterval(interval)


class _InOrder(dict[Any, None]):
    """A set that keeps its order."""

    def add(self, each: Any) -> None:
        self[each] = None

    def discard(self, each: Any) -> None:
        self.pop(each, None)


_begin_group_itself = asyncio.TaskGroup.__init__


def _begin_group(group: asyncio.TaskGroup) -> None:
    """Let a group cancel its tasks in their order; by itself it goes by their addresses."""
    _begin_group_itself(group)
    assert group._tasks == set()  # type: ignore[attr-defined]
    group._tasks = _InOrder()  # type: ignore[attr-defined]


class _Job:
    """A function for an executor; it keeps neither the function nor the result longer than needed.

    The worker's own work item lives on for a moment after the loop has gone on, and what it would
    keep alive is among the things that are compared.
    """

    def __init__(self, future: asyncio.Future[Any], function: Callable[[], Any]) -> None:
        self.future = future
        self.function: Callable[[], Any] | None = function
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        function, self.function = self.function, None
        assert function is not None
        try:
            self.result = function()
        except BaseException as error:  # noqa: BLE001 - it is handed over, as an executor would
            self.error = error

    def deliver(self) -> None:
        future, self.future = self.future, None  # type: ignore[assignment]
        result, self.result = self.result, None
        error, self.error = self.error, None
        try:
            if future.cancelled():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        finally:
            del error


class SerialLoop(asyncio.SelectorEventLoop):
    """Runs while none of its threads does."""

    shared_thread_works: ClassVar[bool] = False
    """Whether the thread that asgiref shares among all loops is in the middle of something."""

    def __init__(self) -> None:
        super().__init__()
        self.slow_callback_duration = PATIENCE
        self.background: list[asyncio.Task[Any]] | None = None
        """Tasks that somebody promised to wait for; None where nobody does."""
        self._calls_from_threads = threading.Semaphore(0)
        self._jobs: dict[Any, deque[_Job]] = {}
        self._let_go: set[Any] = set()
        """Executors whose thread goes on by itself when it has done the job that it is at."""

    def run_until_complete(self, future: Any) -> Any:
        """Run until nothing is left to do.

        `asyncio.run` would cancel what is left, and asgiref waits for ever for a thread whose task
        was cancelled before it began.
        """

        async def rest() -> None:
            while others := asyncio.all_tasks(self) - {asyncio.current_task()}:
                await asyncio.wait(others)

        try:
            return super().run_until_complete(future)
        finally:
            super().run_until_complete(rest())

    def call_soon_threadsafe(self, callback: Any, *args: Any, context: Any = None) -> Any:
        """Count the calls of other threads: each says that its thread waits from here on."""
        if callback == self.create_task:
            # asgiref's async_to_sync, from a thread that works for this loop.
            callback = self._create_task_and_hand_back
            args = (AsyncToSync.executors.current, *args)
        handle = super().call_soon_threadsafe(callback, *args, context=context)
        goes_on = callback == self._done and args[0] in self._let_go
        if threading.get_ident() != self._thread_id and not goes_on:  # type: ignore[attr-defined]
            self._calls_from_threads.release()
        return handle

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Run `func` in the executor's thread, and wait until that thread waits."""
        if executor is None:
            return super().run_in_executor(executor, func, *args)
        while type(executor).__name__ == "CurrentThreadExecutor" and executor._broken:
            # It hands on to the one around it, which may have work already.
            if executor._old_executor is None:
                break
            executor = executor._old_executor
        job = _Job(self.create_future(), lambda: func(*args))
        future = job.future
        queue = self._jobs.setdefault(executor, deque())
        queue.append(job)
        if len(queue) == 1:
            try:
                self._start(executor, job)
            except RuntimeError:  # the executor is closed
                queue.clear()
                raise
        return future

    def _start(self, executor: Executor, job: _Job) -> None:
        executor.submit(self._work, executor, job)
        self._wait()

    def _work(self, executor: Executor, job: _Job) -> None:
        if executor is SyncToAsync.single_thread_executor:
            SerialLoop.shared_thread_works = True
        job.run()
        if executor is SyncToAsync.single_thread_executor:
            SerialLoop.shared_thread_works = False
        self.call_soon_threadsafe(self._done, executor, job)

    def _done(self, executor: Executor, job: _Job) -> None:
        queue = self._jobs[executor]
        queue.popleft()
        job.deliver()
        while queue:
            if not queue[0].future.cancelled():
                self._start(executor, queue[0])
                break
            queue.popleft()

    def _create_task_and_hand_back(self, waiting: Executor, awaitable: Awaitable[None]) -> None:
        async def hand_back() -> None:
            try:
                await awaitable
            finally:
                if self._jobs.get(waiting):
                    # Its thread is deeper down, in a job that waits in turn.
                    self._let_go.add(waiting)
                else:
                    self._wait()

        self.create_task(hand_back())

    def _wait(self) -> None:
        if not self._calls_from_threads.acquire(timeout=PATIENCE):
            raise AssertionError("A thread is stuck: this is a fault of the test's event loop")
