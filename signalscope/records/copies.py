"""Copies of records, so that what one recording kept hangs together by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from signalscope.records.call import ReceiverCall
    from signalscope.records.dispatch import Dispatch
    from signalscope.values import Bypass, Effect

    Beside = TypeVar("Beside", Bypass, Effect)

__all__ = ["copied", "placed", "separate"]


def separate(kept: list[Dispatch]) -> list[Dispatch]:
    """Return the dispatches that one recording kept as trees of their own.

    Records are shared by nested recordings. Where `kept` is not all that hangs together (the
    recording was opened inside a receiver, or left some signals out), this returns copies in
    which each dispatch hangs under its nearest kept ancestor, at the depth that follows.
    """
    own = {id(dispatch) for dispatch in kept}
    if all(
        dispatch.parent is None or id(dispatch.parent.dispatch) in own for dispatch in kept
    ) and all(
        id(child) in own
        for dispatch in kept
        for call in dispatch.calls
        for child in call.dispatches
    ):
        return kept
    return copied(kept)


def copied(kept: list[Dispatch]) -> list[Dispatch]:
    """Return copies, in which each dispatch hangs under its nearest ancestor among `kept`."""
    copies: dict[int, Dispatch] = {}
    calls: dict[int, ReceiverCall] = {}
    for dispatch in kept:
        # An ancestor starts before what it sets off, so its copy is there by now.
        above = dispatch.parent
        while above is not None and id(above) not in calls:
            above = above.dispatch.parent
        parent = None if above is None else calls[id(above)]
        copy = _copy(dispatch)
        copy.parent = parent
        copy.depth = 0 if parent is None else parent.dispatch.depth + 1
        if parent is not None:
            parent.dispatches.append(copy)
        copies[id(dispatch)] = copy
        copy.calls = []
        for call in list(dispatch.calls):
            mine = calls[id(call)] = _copy(call)
            mine.dispatch = copy
            mine.dispatches = []
            copy.calls.append(mine)
    return list(copies.values())


def placed(noted: list[Beside], kept: list[Dispatch], mine: list[Dispatch]) -> list[Beside]:
    """Return bypasses or effects as they hang in `mine`, which is what `separate` made of `kept`.

    That is under the nearest receiver call around them whose dispatch the recording has kept.
    """
    own = {id(dispatch): at for at, dispatch in enumerate(kept)} if noted else {}
    found = []
    for each in noted:
        above = each.parent
        while above is not None:
            at, order = own.get(id(above.dispatch)), above.order
            if at is not None and order is not None:
                above = mine[at].calls[order]
                break
            above = above.dispatch.parent
        found.append(each if above is each.parent else replace(each, parent=above))
    return found


def _copy(record: Any) -> Any:
    twin = object.__new__(type(record))
    for name in type(record).__slots__:
        if hasattr(record, name):
            setattr(twin, name, getattr(record, name))
    return twin
