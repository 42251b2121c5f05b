"""How a program sends: directly, in tasks and threads, through asgiref, cancelled, too late."""

from __future__ import annotations

import asyncio
import gc
import itertools
import sys
import threading
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync, sync_to_async

from tests.fidelity.cast import Payload
from tests.fidelity.serial_loop import SerialLoop
from tests.testapp.models import Note

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fidelity.interpreter import Interpreter
    from tests.fidelity.programs import Send

__all__ = ["Sending"]

MOST_SENDS = 30
"""Receivers send in turn, so a program could go on for ever."""


class Sending:
    """Makes the sends of one run."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._program = interpreter.program
        self._diary = interpreter.diary
        self._cast = interpreter.cast
        self._signals = interpreter.signals
        self._count = itertools.count()

    def run_loop(self, main: Callable[[], Any]) -> Any:
        """Run ``main()`` in a new event loop."""

        async def wrapped() -> Any:
            loop = asyncio.get_running_loop()
            assert isinstance(loop, SerialLoop)
            loop.background = []
            if self._program.eager and sys.version_info >= (3, 12):
                loop.set_task_factory(asyncio.eager_task_factory)
            try:
                return await main()
            finally:
                for task in loop.background:
                    (outcome,) = await asyncio.gather(task, return_exceptions=True)
                    self._diary.note("from the background", self._diary.describe(outcome))

        coroutine = wrapped()
        try:
            return asyncio.run(coroutine, debug=self._program.debug)
        finally:
            # Where a loop runs already it was not begun, and would say so whenever it dies.
            coroutine.close()

    def send(self, send: Send) -> None:
        """Send from synchronous code."""
        number = self._next_number()
        if number is None:
            return
        with self._diary.caught(f"send {number}", catches=send.catches):
            if send.way == "in a thread" and not SerialLoop.shared_thread_works:
                self._in_thread(send, number)
            elif send.method in ("send", "send_robust"):
                self._call(send, number)
            elif send.way == "by async_to_sync":
                method = getattr(self._signals[send.signal], send.method)
                responses = async_to_sync(method)(**self._arguments(send, number))
                self._sent(number, responses)
            else:
                self.run_loop(lambda: self._acall(send, number))

    async def asend(self, send: Send) -> None:
        """Send from asynchronous code."""
        number = self._next_number()
        if number is None:
            return
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SerialLoop)
        with self._diary.caught(f"send {number}", catches=send.catches):
            if send.way == "in a thread" and not SerialLoop.shared_thread_works:
                self._in_thread(send, number)
            elif send.method in ("send", "send_robust"):
                if send.way == "by sync_to_async":
                    await sync_to_async(self._call)(send, number)
                else:
                    self._call(send, number)
            elif send.cancelled_after is not None:
                await self._cancelled(send, number)
            elif send.way == "in a task":
                await asyncio.create_task(self._acall(send, number))
            elif send.way == "in the background" and loop.background is not None:
                loop.background.append(asyncio.create_task(self._acall(send, number)))
            elif send.way == "under a timeout":
                async with asyncio.timeout(0):
                    await self._acall(send, number)
            else:
                await self._acall(send, number)

    async def _cancelled(self, send: Send, number: int) -> None:
        assert send.cancelled_after is not None
        task = asyncio.create_task(self._acall(send, number))
        for _ in range(send.cancelled_after):
            await asyncio.sleep(0)
        task.cancel(f"after {send.cancelled_after} turns")
        (outcome,) = await asyncio.gather(task, return_exceptions=True)
        self._diary.note("cancelled", number, self._diary.describe(outcome))

    def _in_thread(self, send: Send, number: int) -> None:
        # Not while asgiref's one thread for everybody works: it might have to wait for this thread,
        # and this thread for it.
        def work() -> None:
            with self._diary.caught(f"send {number} in a thread", catches=True):
                if send.method in ("send", "send_robust"):
                    self._call(send, number)
                else:
                    self.run_loop(lambda: self._acall(send, number))

        thread = threading.Thread(target=work, name="program's own")
        thread.start()
        thread.join()

    def _call(self, send: Send, number: int) -> None:
        method = getattr(self._signals[send.signal], send.method)
        with self._diary.caught(f"send {number}", catches=False):
            self._sent(number, method(**self._arguments(send, number)))

    async def _acall(self, send: Send, number: int) -> None:
        method = getattr(self._signals[send.signal], send.method)
        with self._diary.caught(f"send {number}", catches=False):
            self._sent(number, await method(**self._arguments(send, number)))
        self._diary.note("ready to run", _ready())

    def _next_number(self) -> int | None:
        # How long garbage in cycles lives (tracebacks and their frames, say) is up to Python alone.
        gc.collect()
        number = next(self._count)
        return number if number < MOST_SENDS else None

    def _arguments(self, send: Send, number: int) -> dict[str, Any]:
        track, watched = self._diary.track, self._cast.watched
        arguments: dict[str, Any] = {"sender": self._cast.sender(send.sender)}
        if send.payload == "objects":
            arguments["instance"] = track(f"payload {number}", Payload())
            arguments["created"] = True
        elif send.payload == "model instance":
            arguments["instance"] = track(f"payload {number}", Note(pk=number))
            arguments["update_fields"] = frozenset({"title"})
        elif send.payload == "watched objects":
            names = ("instance", "created", "raw", "using", "update_fields", "action", "other")
            arguments |= dict.fromkeys(names, track(f"payload {number}", watched.make()))
            arguments["pk_set"] = watched.make_set()
        return arguments

    def _sent(self, number: int, responses: list[Any]) -> None:
        describe = self._diary.describe
        pairs = [(type(pair).__name__, describe(pair[0]), describe(pair[1])) for pair in responses]
        context = self._diary.context()
        self._diary.note(f"send {number} returned", type(responses).__name__, pairs, context)


def _ready() -> list[str]:
    """Name what the event loop is about to run."""
    loop: Any = asyncio.get_running_loop()
    callbacks = [handle._callback for handle in loop._ready]
    return [getattr(each, "__name__", type(each).__name__) for each in callbacks]
