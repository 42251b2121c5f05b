"""Who takes part in a program: its receivers, of every kind, and its senders."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any

from asgiref.sync import markcoroutinefunction

from tests.fidelity import programs
from tests.fidelity.watched import WatchedClasses
from tests.testapp.models import Note, Tag

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fidelity.interpreter import Interpreter
    from tests.fidelity.programs import Program

__all__ = ["Cast", "Payload", "ProgramError", "ProgramExit"]


class ProgramError(Exception):
    """An error that can be referred to weakly, so that we see how long it lives."""


class ProgramExit(BaseException):
    """An error that ``except Exception`` lets pass."""


class Payload:
    """Something to send and to return, whose life is watched."""


class Listener:
    """Owns receivers that are methods."""

    def __init__(self, interpreter: Interpreter, index: int) -> None:
        self._interpreter = interpreter
        self._index = index

    def method(self, **named: Any) -> Any:
        return self._interpreter.play(self._index, named)

    async def async_method(self, **named: Any) -> Any:
        return await self._interpreter.aplay(self._index, named)

    def __call__(self, **named: Any) -> Any:
        return self._interpreter.play(self._index, named)


class Awaitable:
    """Something to await that is no coroutine."""

    def __init__(self, coroutine: Any) -> None:
        self._coroutine = coroutine

    def __await__(self) -> Any:
        return self._coroutine.__await__()


class Cast:
    """Holds the only strong references to a program's receivers, until they are dropped."""

    def __init__(self, program: Program, interpreter: Interpreter) -> None:
        self._program = program
        self._interpreter = interpreter
        self._diary = interpreter.diary
        self._shared_error = ProgramError("the same each time")
        self.watched = WatchedClasses(self._diary.events)
        self._diary.senders += [self._make_sender(kind) for kind in program.senders]
        self.receivers = {
            index: self._diary.track(f"receiver {index}", self._make_receiver(index))
            for index in range(programs.RECEIVERS)
        }

    def receiver(self, index: int) -> Any:
        """Return the receiver to connect, for as long as its owner is there."""
        owner = self.receivers.get(index)
        attribute = {
            "method": "method",
            "async method": "async_method",
            "class method": "class_method",
        }.get(self._program.receivers[index].kind)
        return owner if owner is None or attribute is None else getattr(owner, attribute)

    def sender(self, index: int | None) -> Any:
        """Return one of the program's senders, or none."""
        return None if index is None else self._diary.senders[index]

    def _make_sender(self, kind: str) -> Any:
        return {
            "class": lambda: type("Sender", (), {}),
            "instance": Payload,
            "string": lambda: "a sender's name",
            "number": lambda: 12345678901,
            "model": lambda: Note,
            "model by name": lambda: "testapp.Note",
            "another model": lambda: Tag,
            "model between": lambda: Note.tags.through,
            "watched instance": self.watched.make,
            "watched class": lambda: self.watched.cls,
            "unhashable": list,
        }[kind]()

    # --- Receivers --------------------------------------------------------------------------------

    def _make_receiver(self, index: int) -> Any:
        kind = self._program.receivers[index].kind
        play = functools.partial(self._interpreter.play, index)
        aplay = functools.partial(self._interpreter.aplay, index)
        if kind in ("method", "async method", "callable object"):
            return Listener(self._interpreter, index)
        if kind == "watched object":
            return self.watched.make(lambda **named: play(named))
        if kind == "builtin method":
            return {}.update
        return _make_async(kind, aplay) or _make_plain(kind, play)

    # --- How receivers end ------------------------------------------------------------------------

    def conclude(self, index: int) -> Any:
        """Return, or raise, what the receiver is to end with."""
        outcome = self._program.receivers[index].outcome
        number = self._interpreter.next_value()
        if outcome in programs.RAISES:
            self._fail(outcome, index, number)
        if outcome == "a number":
            return number
        if outcome == "an object":
            return self._diary.track(f"result {number}", Payload())
        if outcome == "a watched object":
            return self._diary.track(f"result {number}", self.watched.make())
        return None

    def _fail(self, how: str, index: int, number: int) -> None:  # noqa: C901 - a table in effect
        match how:
            case "ValueError":
                raise ValueError("wrong", index, number)
            case "an error of its own":
                raise self._diary.track(f"error {number}", ProgramError(number))
            case "a watched error":
                raise self._diary.track(f"error {number}", self.watched.error(number))
            case "an error with a watched argument":
                error = ProgramError(self.watched.make(), (number,))
                raise self._diary.track(f"error {number}", error)
            case "a BaseException":
                raise self._diary.track(f"error {number}", ProgramExit(number))
            case "CancelledError":
                raise asyncio.CancelledError(number)
            case "an error from another":
                raise ProgramError(number) from ValueError("the cause")
            case "an error while handling another":
                try:
                    raise ValueError("handled")  # noqa: TRY301 - so that it is being handled
                except ValueError:
                    raise ProgramError(number)  # noqa: B904 - its context is what is looked at
            case "a group":
                raise ExceptionGroup("several", [ValueError(number), ProgramError(number)])
            case "the same error each time":
                raise self._shared_error


def _make_plain(kind: str, play: Callable[[dict[str, Any]], Any]) -> Any:
    def receiver(**named: Any) -> Any:
        return play(named)

    def partial_receiver(_first: Any, **named: Any) -> Any:
        return play(named)

    @functools.wraps(receiver)
    def wrapped(**named: Any) -> Any:
        return receiver(**named)

    class Owner:
        @classmethod
        def class_method(cls, **named: Any) -> Any:
            return play(named)

    return {
        "function": receiver,
        "class method": Owner,
        "partial": functools.partial(partial_receiver, 1),
        "wrapped function": wrapped,
    }[kind]


def _make_async(kind: str, aplay: Callable[[dict[str, Any]], Any]) -> Any:
    async def receiver(**named: Any) -> Any:
        return await aplay(named)

    async def partial_receiver(_first: Any, **named: Any) -> Any:
        return await aplay(named)

    @functools.wraps(receiver)
    async def wrapped(**named: Any) -> Any:
        return await receiver(**named)

    @markcoroutinefunction
    def marked(**named: Any) -> Any:
        return aplay(named)

    @markcoroutinefunction
    def returns_a_task(**named: Any) -> Any:
        return asyncio.ensure_future(aplay(named))

    @markcoroutinefunction
    def returns_an_awaitable(**named: Any) -> Any:
        return Awaitable(aplay(named))

    return {
        "async function": receiver,
        "async partial": functools.partial(partial_receiver, 1),
        "async wrapped function": wrapped,
        "marked function": marked,
        "returns a task": returns_a_task,
        "returns an awaitable": returns_an_awaitable,
    }.get(kind)
