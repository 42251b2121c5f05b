"""A recording as plain data, ready for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from signalscope.recording import Recording
    from signalscope.records import Dispatch, ReceiverCall

__all__ = ["SCHEMA", "recording_to_dict"]

SCHEMA = 1
"""The version of the format; it changes when a reader of the old one would go wrong."""


def recording_to_dict(recording: Recording) -> dict[str, Any]:
    """Return the recording as dicts, lists, strings, numbers, booleans and None.

    Dispatches stand in a flat list in the order in which they started; a dispatch names its
    parent by the index of the dispatch in that list and the index of the call among its calls.
    So depth is no limit, neither here nor in JSON.
    """
    dispatches = list(recording.walk())
    index = {id(dispatch): number for number, dispatch in enumerate(dispatches)}
    return {
        "schema": SCHEMA,
        "dropped": recording.dropped,
        "dispatches": [_dispatch_to_dict(dispatch, index) for dispatch in dispatches],
    }


def _dispatch_to_dict(dispatch: Dispatch, index: dict[int, int]) -> dict[str, Any]:
    parent = None
    if dispatch.parent is not None:
        around = dispatch.parent.dispatch
        position = next(
            number for number, call in enumerate(around.calls) if call is dispatch.parent
        )
        parent = [index[id(around)], position]
    return {
        "id": dispatch.id,
        "signal_name": dispatch.signal_name,
        "sender_name": dispatch.sender_name,
        "method": dispatch.method,
        "depth": dispatch.depth,
        "parent": parent,
        "started_at": dispatch.started_at.isoformat(),
        "started_ns": dispatch.started,
        "duration_ns": dispatch.duration_ns,
        "error": _error(dispatch),
        "recursive": dispatch.recursive,
        "cycle": list(dispatch.cycle),
        "location": list(dispatch.location) if dispatch.location else None,
        "kwargs": {name: _plain(value) for name, value in dispatch.kwargs.items()},
        "calls": [_call_to_dict(call) for call in dispatch.calls],
    }


def _call_to_dict(call: ReceiverCall) -> dict[str, Any]:
    return {
        "receiver_name": call.receiver_name,
        "file": call.file,
        "line": call.line,
        "order": call.order,
        "is_async": call.is_async,
        "started_ns": call.started,
        "duration_ns": call.duration_ns,
        "self_ns": call.self_ns,
        "error": _error(call),
    }


def _error(record: Dispatch | ReceiverCall) -> dict[str, str] | None:
    return None if record.error is None else record.error._asdict()


def _plain(value: object) -> object:
    return sorted(map(str, value)) if isinstance(value, (set, frozenset)) else value
