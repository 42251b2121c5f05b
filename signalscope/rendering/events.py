"""Records as lines of a structured log: the name of the event, its level, its keys."""

from __future__ import annotations

from logging import DEBUG, ERROR, INFO, WARNING
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from signalscope.diagnosis.findings import Finding
    from signalscope.records import Dispatch, ReceiverCall
    from signalscope.sightings import Sighting

__all__ = [
    "CYCLE",
    "DISPATCH",
    "FINDING",
    "FINDING_KEYS",
    "KEYS",
    "RECEIVER",
    "keys_of_call",
    "keys_of_dispatch",
    "keys_of_finding",
    "level_of_call",
    "level_of_dispatch",
    "level_of_finding",
]

DISPATCH = "signal.dispatch"
"""A dispatch has ended."""

RECEIVER = "signal.receiver"
"""A receiver call has ended."""

FINDING = "signal.finding"
"""A root dispatch has ended, and a rule found something in its tree."""

KEYS = (
    "signal",
    "sender",
    "receiver",
    "order",
    "depth",
    "duration_ms",
    "queries",
    "recursive",
    "dispatch_id",
    "parent_id",
    "error",
)
"""What each line has, None where it does not apply."""

CYCLE = "cycle"
"""What the line of a recursive dispatch has as well."""

FINDING_KEYS = ("finding", "finding_name", "finding_message", "count")
"""What the line of a finding has as well. Not `name` and `message`, which `logging` has itself."""

_CANCELLED = "asyncio.exceptions.CancelledError"


def level_of_dispatch(dispatch: Dispatch, slow_ns: float) -> int:
    """Return the level of the line on a dispatch that has ended."""
    if dispatch.parent is not None and dispatch.error is None and dispatch.recursive:
        return WARNING
    return level_of_call(dispatch, slow_ns)


def level_of_call(call: Dispatch | ReceiverCall, slow_ns: float) -> int:
    """Return the level of the line on a receiver call that has ended."""
    if call.error is not None:
        # A reader who closes the browser cancels what runs for him: that is no fault.
        return INFO if call.error.type == _CANCELLED else ERROR
    if call.ended is not None and call.ended - call.started >= slow_ns:
        return INFO
    return DEBUG


def keys_of_dispatch(dispatch: Dispatch) -> dict[str, Any]:
    """Return the keys of the line on a dispatch; `queries` are those of its own receivers."""
    counted = [call.queries for call in list(dispatch.calls)]
    queries = sum(each.count for each in counted if each is not None)
    keys = _keys(dispatch, dispatch, queries if dispatch.scope.counts_queries else None)
    if keys["recursive"]:
        keys[CYCLE] = list(dispatch.cycle)
    return keys


def keys_of_call(call: ReceiverCall) -> dict[str, Any]:
    """Return the keys of the line on a receiver call."""
    queries = call.queries
    keys = _keys(call, call.dispatch, None if queries is None else queries.count)
    keys["receiver"] = call.receiver_name
    keys["order"] = call.order
    return keys


def level_of_finding(finding: Finding) -> int:
    """Return the level of the line on a finding."""
    return WARNING if finding.severity == "warning" else INFO


def keys_of_finding(sighting: Sighting) -> dict[str, Any]:
    """Return the keys of the line on a finding: of the call that it was seen in first, and more."""
    finding, dispatch, call = sighting
    return {
        **(_keys(dispatch, dispatch, None) if call is None else keys_of_call(call)),
        "signal": finding.signal,
        "sender": finding.sender,
        "receiver": finding.receiver,
        **dict(
            zip(
                FINDING_KEYS,
                (finding.id, finding.name, finding.message, finding.evidence["count"]),
                strict=True,
            )
        ),
    }


def _keys(
    record: Dispatch | ReceiverCall, dispatch: Dispatch, queries: int | None
) -> dict[str, Any]:
    duration = record.duration_ns
    parent = dispatch.parent
    return {
        "signal": dispatch.signal_name,
        "sender": dispatch.sender_name,
        "receiver": None,
        "order": None,
        "depth": dispatch.depth,
        "duration_ms": None if duration is None else round(duration / 1e6, 3),
        "queries": queries,
        "recursive": dispatch.recursive,
        "dispatch_id": dispatch.id,
        "parent_id": None if parent is None else parent.dispatch.id,
        "error": None if record.error is None else str(record.error),
    }
