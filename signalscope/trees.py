"""The tree below one root dispatch, for sinks that look at it as a whole when the root ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from signalscope.records import Dispatch
    from signalscope.values import Bypass

__all__ = ["Tree"]


class Tree:
    """Keeps a root dispatch and what it sets off, `limit` dispatches at most, until it ends.

    Nobody but these dispatches knows it: where a root never ends, its tree goes with them. Their
    calls are not told what hangs under them, as only a recording tells them that.
    """

    __slots__ = ("bypasses", "found", "has_queries", "is_over", "kept", "limit", "root")

    def __init__(self, root: Dispatch, limit: int) -> None:
        self.root: Dispatch | None = root
        self.limit: int = limit
        self.kept: list[Dispatch] = [root]
        self.bypasses: list[Bypass] = []
        self.found: Any = None
        """What the first sink that asked made of it; the others need not do that again."""
        self.has_queries: bool = False
        """Whether any of its calls ran one: to ask each of them takes longer than all the rest."""
        self.is_over: bool = False

    def add(self, dispatch: Dispatch) -> None:
        """Keep a dispatch, if there is room."""
        if len(self.kept) < self.limit:
            self.kept.append(dispatch)

    def bypass(self, bypass: Bypass) -> None:
        """Keep a bypass, if there is room."""
        if len(self.bypasses) < self.limit:
            self.bypasses.append(bypass)

    def close(self) -> None:
        """Let go of everything: a task that outlives the root still holds this."""
        self.is_over = True
        self.limit = 0
        self.kept, self.bypasses, self.found, self.root = [], [], None, None
