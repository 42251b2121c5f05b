"""Hooks of the wiring: what is connected and disconnected."""

from __future__ import annotations

from typing import Any

from signalscope.notes import caller, maker_of
from signalscope.recorder.listening import Listening
from signalscope.thrown import no_fault

__all__ = ["WiringHooks"]


class WiringHooks(Listening):
    """The part of the recorder that tells the log of connections."""

    def connecting(
        self,
        signal: Any,
        receiver: Any,
        sender: Any,
        weak: Any,
        dispatch_uid: Any,
    ) -> None:
        """Note a ``connect()``."""
        if self.wiring is not None:
            with no_fault:
                place = maker_of(caller(2))
                self.wiring.connected(
                    signal, receiver, sender, weak, dispatch_uid, place, self.clock()
                )

    def disconnecting(self, signal: Any, receiver: Any, sender: Any, dispatch_uid: Any) -> None:
        """Note a ``disconnect()``."""
        if self.wiring is not None:
            with no_fault:
                self.wiring.disconnected(signal, receiver, sender, dispatch_uid, self.clock())
