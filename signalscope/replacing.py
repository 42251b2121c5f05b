"""`replaced`: let a stand-in be called for a connected receiver, in the current context."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any, Self
from unittest import mock

from asgiref.sync import iscoroutinefunction

from signalscope import patching
from signalscope.context import swaps
from signalscope.errors import SignalscopeError
from signalscope.matching import receiver_matcher
from signalscope.naming import owner_of, receiver_facts, stand_in_facts
from signalscope.reading import dotted_name
from signalscope.registry.live import quoted, suggestion, wires_of
from signalscope.registry.senders import all_signals, is_signal
from signalscope.scoping import Rule, Scoped

if TYPE_CHECKING:
    from signalscope.naming import ReceiverFacts

__all__ = ["replaced"]


class _StandIn:
    """What is called in a receiver's place; an object of its own for each receiver."""

    def __init__(self, by: Any, receiver: Any, facts: ReceiverFacts) -> None:
        self._by = by
        # By which Django names a receiver that failed under send_robust.
        self.__qualname__ = getattr(receiver, "__qualname__", facts.name)

    def __call__(self, **named: Any) -> Any:
        return self._by(**named)


class _AsyncStandIn(_StandIn):
    """One that is awaited, whatever it stands for gives."""

    async def __call__(self, **named: Any) -> Any:
        result = self._by(**named)
        return await result if hasattr(result, "__await__") else result


class replaced(Scoped):  # noqa: N801 - used as a function, like mock.patch
    """Call `by` in place of a receiver, in the current context, until the block ends.

    What ``mock.patch`` cannot do for a receiver that is connected already: the signal holds the
    function itself, whatever its module's name stands for by then. `receiver` is the function or
    its dotted name; all its connections are meant. The block's value is the stand-in: `by`, or else
    a mock with the receiver's own signature, which returns None.

    The stand-in is called with what the receiver would get, in its place in the order; what it
    raises counts as if the receiver did; in the list of responses it stands itself. A recording
    names the receiver, and says by what it was replaced (`ReceiverCall.replaced_by`).
    ``Signal.receivers`` is not touched, and other threads and tasks, unless they are started
    inside, call the receiver. Of nested ones the innermost counts; what is muted stays muted.

    As a decorator it takes `by`. Raises `SignalscopeError` for a name by which nothing is
    connected, and for an asynchronous stand-in of a synchronous receiver.
    """

    def __init__(self, receiver: Any, by: Any = None) -> None:
        if is_signal(receiver) or not (isinstance(receiver, str) or callable(receiver)):
            raise SignalscopeError(
                "replaced() takes a receiver or its dotted name, and got a value of type "
                f"{dotted_name(type(receiver))}."
            )
        if by is not None and not callable(by):
            raise SignalscopeError(
                f"replaced(by=...) takes what can be called, and got a value of type "
                f"{dotted_name(type(by))}."
            )
        self._receiver = receiver
        self._by = by
        self._rules = []

    def __enter__(self) -> Any:
        receiver, is_async = self._receiver, iscoroutinefunction(self._receiver)
        matches = receiver_matcher(receiver)
        if isinstance(receiver, str):
            wires = [wire for wire in wires_of(all_signals()) if matches(wire.receiver)]
            if not wires:
                raise SignalscopeError(_not_connected(receiver))
            receiver, is_async = wires[0].entry.receiver, wires[0].entry.is_async
        by = _mock_of(receiver, is_async=is_async) if self._by is None else self._by
        if iscoroutinefunction(by) and not is_async:
            raise SignalscopeError(
                f"{receiver_facts(receiver).name} is synchronous, so nobody would await what "
                "stands in for it. Give replaced() a function or a Mock, rather than a coroutine "
                "function or an AsyncMock."
            )
        what = receiver_facts(by).name if _is_function(by) else dotted_name(type(by))
        made: dict[ReceiverFacts, _StandIn] = {}
        owner = owner_of(self._receiver)

        def swap(found: Any, facts: ReceiverFacts) -> Any:
            if isinstance(found, _StandIn) or not matches(facts):
                return found
            if owner is not None and owner_of(found) is not owner:
                return found  # the same method of another object
            if facts not in made:
                kind = _AsyncStandIn if iscoroutinefunction(found) else _StandIn
                made[facts] = kind(by, found, facts)
                stand_in_facts(made[facts], facts, what)
            return made[facts]

        patching.hold()
        rule = Rule(self, swap)
        patching.recorder.replace(rule)
        self._rules.append(rule)
        return by

    def __exit__(self, *_error: object) -> None:
        patching.recorder.unreplace(self._innermost(swaps.get()))
        patching.release()

    def _again(self) -> Self:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__, _rules=[])
        return twin

    def __call__(self, decorated: Any) -> Any:
        """Decorate a function, a coroutine function or a class of tests."""
        if self._by is None:
            raise SignalscopeError(
                "As a decorator, replaced() needs the stand-in: nobody could ask the mock that it "
                "makes. Write @replaced(receiver, by=...), or `with replaced(receiver) as mock:`."
            )
        return super().__call__(decorated)


def _is_function(by: object) -> bool:
    return type(by) in (types.FunctionType, types.MethodType)


def _mock_of(receiver: Any, *, is_async: bool) -> Any:
    if _is_function(receiver):
        return mock.create_autospec(receiver, return_value=None)
    return (mock.AsyncMock if is_async else mock.Mock)(return_value=None)


def _not_connected(name: str) -> str:
    near = suggestion(name, sorted({wire.receiver.name for wire in wires_of(all_signals())}))
    return f"No receiver {quoted(name)} is connected, so none can be replaced. " + (
        near or "Is its module imported, and does it connect?"
    )
