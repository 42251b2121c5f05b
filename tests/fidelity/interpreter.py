"""Runs a described program, and writes down everything that the program can see.

Two runs of one description give equal traces, unless something outside the program interfered.
Whatever could differ by chance is kept out: threads and event loops take turns (`SerialLoop`),
garbage is collected at set points only, addresses and counters become words.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

from django.dispatch import Signal

from tests.fidelity import programs
from tests.fidelity.cast import Cast
from tests.fidelity.database import Database, model_signals
from tests.fidelity.diary import VARIABLES, Diary
from tests.fidelity.sending import Sending
from tests.fidelity.serial_loop import PATIENCE, serial_loops
from tests.fidelity.words import place, stack, thread, type_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.fidelity.programs import Operation, Program

__all__ = ["Interpreter", "Trace", "run"]


class Trace(NamedTuple):
    """What a program could see of one run: see `Diary`."""

    events: list[Any]
    lingering: list[frozenset[str]]


def run(program: Program, surrounding: Callable[[], AbstractContextManager[Any]]) -> Trace:
    """Run `program` inside ``with surrounding():`` and return its trace.

    It runs in a thread of its own, where no context, event loop or exception is left over.
    """
    diary = Diary()
    failures: list[BaseException] = []
    with serial_loops(), diary.watching():
        worker = threading.Thread(
            target=_work,
            args=(Interpreter(program, diary), surrounding, failures),
            name="program",
            daemon=True,
        )
        worker.start()
        worker.join(PATIENCE * 2)
        assert not worker.is_alive(), "The program is stuck: this is a fault of the interpreter"
        # Nobody holds the interpreter now, so what is left of the program ends while we watch.
    if failures:
        raise failures[0]
    return Trace(diary.events, diary.lingering)


def _work(
    interpreter: Interpreter,
    surrounding: Callable[[], AbstractContextManager[Any]],
    failures: list[BaseException],
) -> None:
    try:
        with interpreter.database_running(), surrounding():
            interpreter.run()
    except BaseException as error:  # noqa: BLE001 - raised again by `run`
        failures.append(error)


class Interpreter:
    """One run of a program."""

    def __init__(self, program: Program, diary: Diary) -> None:
        self.program = program
        self.diary = diary
        self.signals: list[Signal] = [Signal(use_caching=caching) for caching in programs.CACHING]
        # As in most programs, a module has signals. One is left without a name: to find that it has
        # none takes as long as all the rest.
        globals().update(first_signal=self.signals[0], second_signal=self.signals[1])
        if program.database:
            self.signals += model_signals
        self.cast = Cast(program, self)
        self._sending = Sending(self)
        self._database = Database(self)
        self._values = itertools.count()
        self._first_task: int | None = None
        self._generator = self._generate()
        self._async_generator = self._agenerate()

    def next_value(self) -> int:
        """Return a number that no other has had."""
        return next(self._values)

    # --- The whole run ----------------------------------------------------------------------------

    def database_running(self) -> AbstractContextManager[None]:
        """Have a database while the program runs, if it has one."""
        return self._database.running() if self.program.database else contextlib.nullcontext()

    def run(self) -> None:
        """Run all steps."""
        if self.program.in_loop:
            self._sending.run_loop(self._all_steps)
        else:
            for step in self.program.steps:
                with self.diary.caught("step", catches=True):
                    self.perform(step)
                self.diary.observe(self.signals)
        self._generator.close()
        globals().update(first_signal=None, second_signal=None)
        self.cast.receivers.clear()
        self.diary.observe(self.signals)

    async def _all_steps(self) -> None:
        for step in self.program.steps:
            with self.diary.caught("step", catches=True):
                await self.aperform(step)
            self.diary.observe(self.signals)

    # --- What a receiver does ---------------------------------------------------------------------

    def play(self, index: int, named: dict[str, Any]) -> Any:
        """Run the body of a synchronous receiver."""
        receiver = self.program.receivers[index]
        with self.diary.caught("receiver", catches=False), contextlib.ExitStack() as scope:
            self._entered(index, named)
            for operation in receiver.body:
                self.perform(operation, scope)
            return self.cast.conclude(index)

    async def aplay(self, index: int, named: dict[str, Any]) -> Any:
        """Run the body of an asynchronous receiver."""
        receiver = self.program.receivers[index]
        with self.diary.caught("receiver", catches=False), contextlib.ExitStack() as scope:
            self._entered(index, named)
            self._entered_task()
            for operation in receiver.body:
                await self.aperform(operation, scope)
            return self.cast.conclude(index)

    def _entered(self, index: int, named: dict[str, Any]) -> None:
        describe = self.diary.describe
        self.diary.note(
            "receiver runs",
            index,
            self.program.receivers[index].kind,
            {name: describe(value) for name, value in named.items() if name != "signal"},
            next(i for i, signal in enumerate(self.signals) if signal is named["signal"]),
            self.diary.context(),
            type_name(type(sys.exc_info()[1])),
            thread(),
            stack(),
        )

    def _entered_task(self) -> None:
        task = asyncio.current_task()
        if task is not None:
            number = int(task.get_name().rpartition("-")[2])
            if self._first_task is None:
                self._first_task = number
            tasks = len(asyncio.all_tasks())
            # Not get_coro(): up to Django 6.0 the coroutines that are gathered get a stand-in,
            # which says of itself what the coroutine says, and has another type.
            held = [place(frame.f_code, frame.f_lineno) for frame in task.get_stack()]
            callbacks = len(task._callbacks or ())  # type: ignore[attr-defined]
            self.diary.note("in task", number - self._first_task, tasks, held, callbacks)

    # --- Operations -------------------------------------------------------------------------------

    def perform(self, operation: Operation, scope: contextlib.ExitStack | None = None) -> None:
        """Do something in synchronous code; `scope` ends with the receiver that does it."""
        match operation:
            case programs.Send():
                self._sending.send(operation)
            case programs.Both(first, second):
                self._sending.send(first)
                self._sending.send(second)
            case programs.Advance(asynchronous=False):
                next(self._generator, None)
            case programs.Advance() | programs.Sleep() | programs.Cancel():
                pass
            case programs.Query() | programs.Atomic() | programs.OnCommit() | programs.Wrap():
                self._database.perform(operation, scope)
            case _:
                self._perform_anywhere(operation, scope)

    async def aperform(
        self, operation: Operation, scope: contextlib.ExitStack | None = None
    ) -> None:
        """Do something in asynchronous code."""
        match operation:
            case programs.Send():
                await self._sending.asend(operation)
            case programs.Both(first, second):
                results = await asyncio.gather(
                    self._sending.asend(first), self._sending.asend(second), return_exceptions=True
                )
                self.diary.note("both", self.diary.describe(results))
            case programs.Advance(asynchronous=True):
                await anext(self._async_generator, None)
            case programs.Sleep(turns):
                for _ in range(turns):
                    await asyncio.sleep(0)
                self.diary.note("slept", self.diary.context(), stack())
            case programs.Cancel():
                task = asyncio.current_task()
                if task is not None:
                    task.cancel("by itself")
            case programs.Advance():
                next(self._generator, None)
            case programs.Query() | programs.Atomic() | programs.OnCommit() | programs.Wrap():
                await self._database.aperform(operation, scope)
            case _:
                self._perform_anywhere(operation, scope)

    def _perform_anywhere(  # noqa: C901 - a table, one row an operation
        self, operation: Operation, scope: contextlib.ExitStack | None
    ) -> None:
        match operation:
            case programs.Connect(number, index, sender, weak, uid):
                receiver = self.cast.receiver(index)
                if receiver is not None:
                    of = self.cast.sender(sender)
                    self.signals[number].connect(receiver, sender=of, weak=weak, dispatch_uid=uid)
            case programs.Disconnect(number, index, sender, uid):
                receiver = self.cast.receiver(index)
                if receiver is not None:
                    of = self.cast.sender(sender)
                    gone = self.signals[number].disconnect(receiver, sender=of, dispatch_uid=uid)
                    self.diary.note("disconnected", gone)
            case programs.HasListeners(number, sender):
                answer = self.signals[number].has_listeners(self.cast.sender(sender))
                self.diary.note("has listeners", answer)
            case programs.Drop(index):
                self.cast.receivers.pop(index, None)
                self.diary.note("dropped", index, self.diary.alive())
            case programs.SetVariable(number, scoped):
                token = VARIABLES[number].set(self.next_value())
                if scoped and scope is not None:
                    scope.callback(VARIABLES[number].reset, token)
            case programs.Warn(level):
                warnings.warn("on behalf of a caller", UserWarning, stacklevel=level)
            case programs.Collect():
                gc.collect()
            case _:
                raise AssertionError(f"not an operation: {operation}")

    # --- Generators that send ---------------------------------------------------------------------

    def _generate(self) -> Iterator[None]:
        for _ in range(3):
            self.diary.note("resumed")
            self._sending.send(self.program.generator)
            yield

    async def _agenerate(self) -> Any:
        for _ in range(3):
            self.diary.note("resumed asynchronously")
            await self._sending.asend(self.program.generator)
            yield
