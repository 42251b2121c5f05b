"""Hooks of statements that fail: whether the receiver call leaves its transaction broken."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from signalscope.thrown import no_fault

if TYPE_CHECKING:
    from signalscope.records import ReceiverCall

__all__ = ["TransactionHooks", "is_open"]

_INERROR = 3
"""The status that libpq gives a transaction in which a statement failed."""


class TransactionHooks:
    """The part of the recorder that hears of failed statements; like all of it, it never raises.

    Only a synchronous call whose own statement failed in a transaction is looked at when it ends.
    The woven code has a hook there for sinks, which is switched on for that long.
    """

    connections: Any = None
    """Django's ``connections``."""
    tells: bool
    sinks: Any

    def __init__(self) -> None:
        self._doubts: dict[int, str] = {}
        """Calls, by identity, and the database whose transaction they may have broken."""
        self._doubting = threading.Lock()

    def query_failed(self, begun: tuple[ReceiverCall, int], database: Any, error: Any) -> None:
        """Note that a statement of a call failed."""
        with no_fault:
            call = begun[0]
            # One that was broken before is no fault of this call's.
            if (
                not call.is_async
                and call.ended is None
                and not database.needs_rollback
                and type(error.__cause__).__name__ != "InFailedSqlTransaction"
                and is_open(database)
            ):
                self._doubt(call, database.alias)

    def look_at(self, call: ReceiverCall, *, raised: bool) -> None:
        """Note, at the end of a call, whether it leaves a broken transaction."""
        with self._doubting:
            alias = self._doubts.pop(id(call), None)
            self.tells = bool(self._doubts) or bool(self.sinks)
        if alias is None or not _is_broken(self.connections, alias):
            return
        call.broken = True
        around = call.dispatch.parent
        if (
            raised
            and not call.dispatch.method.endswith("_robust")
            and around is not None
            and around.ended is None
            and not around.is_async
        ):
            # It may be handled there.
            self._doubt(around, alias)

    def _doubt(self, call: ReceiverCall, alias: str) -> None:
        with self._doubting:
            self._doubts[id(call)] = alias
            self.tells = True


def is_open(connection: Any) -> bool:
    """Tell whether a transaction is open that is not the one of a test case."""
    return connection.in_atomic_block and any(
        not block._from_testcase  # noqa: SLF001
        for block in connection.atomic_blocks
    )


def _is_broken(connections: Any, alias: str) -> bool:
    for connection in connections.all(initialized_only=True):
        if connection.alias == alias and is_open(connection):
            info = getattr(connection.connection, "info", None)
            status = getattr(info, "transaction_status", None)
            return bool(connection.needs_rollback) or status == _INERROR
    return False
