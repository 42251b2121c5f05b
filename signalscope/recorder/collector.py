"""What one recording keeps: a bounded list of dispatches, and what was seen beside them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from signalscope.matching import SignalFilter

if TYPE_CHECKING:
    from signalscope.naming import SenderFacts, SignalFacts
    from signalscope.records import Dispatch
    from signalscope.values import Bypass, Effect, SavedFacts

__all__ = ["Collector"]


class Collector:
    """The bounded list of dispatches that one recording saw, in the order in which they started."""

    def __init__(
        self,
        *,
        limit: int,
        wants: SignalFilter | None = None,
        queries: bool = True,
    ) -> None:
        self.limit = limit
        self.wants: SignalFilter = wants or SignalFilter()
        self.verdicts: dict[SignalFacts, bool] = self.wants.verdicts
        self.queries = queries
        self.kept: list[Dispatch] = []
        self.bypasses: list[Bypass] = []
        self.effects: list[Effect] = []
        self.unheard: dict[tuple[SignalFacts | SavedFacts, str | None], int] = {}
        """Sends that found no receiver: signal and sender's name → how often."""
        self.dropped: int = 0
        self._lock = threading.Lock()

    def bypass(self, bypass: Bypass) -> None:
        """Keep a bypass, or count it where there is no room."""
        if len(self.bypasses) < self.limit:
            self.bypasses.append(bypass)
        else:
            self.drop()

    def effect(self, effect: Effect) -> None:
        """Keep a mail or a task that was sent, or count it where there is no room."""
        if len(self.effects) < self.limit:
            self.effects.append(effect)
        else:
            self.drop()

    def miss(self, signal: SignalFacts, sender: SenderFacts) -> None:
        """Count a send that found no receiver."""
        key = signal, sender.name
        with self._lock:
            if key in self.unheard or len(self.unheard) < self.limit:
                self.unheard[key] = self.unheard.get(key, 0) + 1
            else:
                self.dropped += 1

    def drop(self) -> None:
        """Count a dispatch for which there is no room."""
        with self._lock:
            self.dropped += 1
