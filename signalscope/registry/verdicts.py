"""What a dispatch did with a connection, as far as that can be known afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signalscope.registry.entries import ANY_SENDER, id_of
from signalscope.registry.senders import living

if TYPE_CHECKING:
    from signalscope.naming import SenderFacts
    from signalscope.registry.rows import Row

__all__ = ["CALLED", "sent_by", "verdict_of_past"]


CALLED = "called"


def verdict_of_past(row: Row, sender: SenderFacts, started: int) -> str | None:
    """Tell what a dispatch did with a receiver that was connected before it, and is gone."""
    gone = row.ended if row.ended is not None else None if row.lost else row.died
    if gone is None:
        return None
    other = None
    if row.sender is not None:
        gone_sender = row.sender.name is not None and row.sender.ref() is None
        other = _DEAD if gone_sender else living(row.sender)
    same = sent_by(sender, row.key[1], other)
    if same is None:
        return None
    if gone > started:
        return CALLED if same else "other-sender"
    return "dead" if same and row.ended is None else None


_DEAD: Any = object()


def sent_by(sender: SenderFacts, key: Any, other: Any) -> bool | None:
    """Tell whether a connection is for `sender`; None where that cannot be known.

    `key` is the id of the connection's sender, and `other` that sender: None where it is not known,
    `_DEAD` for one that is gone.
    """
    if key == ANY_SENDER:
        return True
    if sender.name is None:
        return False
    target = living(sender)
    if target is not None:
        return bool(key == id_of(target)) if other is None else other is target
    # Nobody can tell its id by now. Yet it was none that can be referred to, or is there still.
    if other is None or (other is _DEAD and sender.ref() is None):
        return None
    return False
