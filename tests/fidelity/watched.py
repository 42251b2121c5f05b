"""Objects that tell when their code is run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fidelity.words import type_name

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["WatchedClasses"]

COMMON = "__eq__ __hash__ __repr__ __str__ __getattribute__"


class WatchedClasses:
    """Classes whose every method writes into a trace, made afresh for each run.

    Django may run some of that code, and it shows in the trace like anything else. Nobody else may.
    """

    def __init__(self, events: list[Any]) -> None:
        def tells(name: str, of: type) -> Callable[..., Any]:
            inherited = getattr(of, name)

            def method(self: Any, *args: Any) -> Any:
                what = [arg if type(arg) is str else type_name(type(arg)) for arg in args]
                events.append(("code of the program ran", name, what))
                return inherited(self, *args)

            return method

        def members(names: str, of: type) -> dict[str, Any]:
            return {name: tells(name, of) for name in names.split()}

        meta = type("WatchedMeta", (type,), members(COMMON, type))
        usual = members(f"{COMMON} __format__ __reduce_ex__ __dir__", object)

        def lied(self: Any) -> type:
            events.append(("code of the program ran", "__class__", []))
            return type(self)

        def options(self: Any) -> Any:
            events.append(("code of the program ran", "_meta", []))
            raise RuntimeError("nobody should ask")

        def call(self: Any, **named: Any) -> Any:
            return object.__getattribute__(self, "play")(**named)

        usual |= {"__class__": property(lied), "_meta": property(options), "__call__": call}
        self.cls: Any = meta("Watched", (), usual)
        self.error: Any = type("WatchedError", (Exception,), members(COMMON, Exception))
        self._set: Any = type("WatchedSet", (set,), members(f"{COMMON} __len__ __iter__", set))

    def make(self, play: Callable[..., Any] | None = None) -> Any:
        """Make an object, which can be a receiver."""
        instance = object.__new__(self.cls)
        object.__setattr__(instance, "play", play)
        return instance

    def make_set(self) -> Any:
        """Make a set of three."""
        return self._set([1, 2, 3])
