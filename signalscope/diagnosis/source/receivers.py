"""The receivers that are wired, as the source rules look at them: each once."""

from __future__ import annotations

import functools
import types
from typing import TYPE_CHECKING, Any, NamedTuple

from signalscope.diagnosis.source.frames import frame_of
from signalscope.diagnosis.source.names import attribute_of, is_model, plain_function
from signalscope.reading import own_dict
from signalscope.registry.functions import chain_of
from signalscope.registry.senders import living

if TYPE_CHECKING:
    from collections.abc import Iterable

    from signalscope.diagnosis.source.frames import Frame
    from signalscope.registry.live import Wire

__all__ = ["Listener", "listeners"]


class Listener(NamedTuple):
    """A receiver with all of its connections to some signals."""

    receiver: Any
    wires: list[Wire]
    functions: list[types.FunctionType]
    """What its calls run: wrappers first, the function that its author wrote last."""
    owner: type | None
    """The class whose method it is."""

    @property
    def models(self) -> tuple[type, ...]:
        """The models that it listens to; empty where it listens to all, or one is not known."""
        senders: list[Any] = [
            None if wire.sender is None else living(wire.sender) for wire in self.wires
        ]
        known = all(is_model(sender) for sender in senders)
        return tuple(dict.fromkeys(senders)) if known else ()

    @property
    def is_wrapped(self) -> bool:
        """Whether other functions are called before the one that its author wrote."""
        return len(self.functions) > 1

    @property
    def line(self) -> int:
        """The first line of the function that its author wrote."""
        return self.functions[-1].__code__.co_firstlineno

    def frame(self) -> Frame | None:
        """Return the frame of the function that its author wrote, None where it is not readable."""
        return frame_of(self.functions[-1], owner=self.owner, models=self.models)

    def wrappers(self) -> list[Frame] | None:
        """Return the frames of the other functions, None where one is not readable."""
        frames = [frame_of(each, owner=None, models=()) for each in self.functions[:-1]]
        return None if None in frames else [each for each in frames if each is not None]


def listeners(wires: Iterable[Wire]) -> list[Listener]:
    """Return the receivers of these connections that are written in Python."""
    found: dict[Any, Listener] = {}
    for wire in wires:
        receiver = wire.entry.receiver
        functions, owner = _functions_of(receiver)
        if functions:
            key = tuple(map(id, functions))
            found.setdefault(key, Listener(receiver, [], functions, owner)).wires.append(wire)
    return list(found.values())


def _functions_of(receiver: Any) -> tuple[list[types.FunctionType], type | None]:
    owner: type | None = None
    functions: list[types.FunctionType] = []
    for each in chain_of(receiver):
        if type(each) is types.MethodType:
            holder: Any = each.__self__
            owner = holder if issubclass(type(holder), type) else type(holder)
        elif type(each) is types.FunctionType:
            functions.append(each)
        elif not issubclass(type(each), functools.partial):
            call = plain_function(attribute_of(type(each), "__call__"))
            if call is None or own_dict(call).get("__wrapped__") is not None:
                return [], None
            return [*functions, call], type(each)
    return functions, owner
