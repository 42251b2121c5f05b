"""Where records begin: at the opening of a recording, or where a callback was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from signalscope.records.call import ReceiverCall
    from signalscope.values import WallClock

__all__ = ["Continuation", "Scope"]


class Scope:
    """Where a recording was opened: the call that ran then, and who listens from there on."""

    __slots__ = ("collectors", "counts_queries", "outer", "parent", "wall", "wiring")

    def __init__(
        self, parent: ReceiverCall | None, collectors: tuple[Any, ...], wall: WallClock
    ) -> None:
        self.parent: ReceiverCall | None = parent
        self.collectors: tuple[Any, ...] = collectors
        self.wall: WallClock = wall
        self.outer: ReceiverCall | Scope | Continuation | None = None
        self.counts_queries: bool = True
        self.wiring: Any = None


class Continuation:
    """A callback that runs on commit: it goes on from where it was asked for."""

    __slots__ = ("of", "over")

    def __init__(self, of: ReceiverCall | Scope | Continuation | None) -> None:
        self.of: ReceiverCall | Scope | Continuation | None = of
        self.over: bool = False
        """Whether it has ended; what it started may go on, in a task or a thread."""
