"""A recording as plain data, ready for JSON; `loading` makes a recording of it again."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from signalscope.places import Location
    from signalscope.recording import Recording
    from signalscope.records import Dispatch, ReceiverCall
    from signalscope.values import Bypass, Effect, NotCalled

__all__ = ["SCHEMA", "recording_to_dict"]

SCHEMA = 1
"""The version of the format; it changes when a reader of the old one would go wrong."""


def recording_to_dict(
    recording: Recording,
    dispatches: list[Dispatch],
    bypasses: list[Bypass],
    effects: list[Effect],
) -> dict[str, Any]:
    """Return the recording as dicts, lists, strings, numbers, booleans and None.

    Dispatches stand in a flat list in the order in which they started; whatever hangs under a call
    names its parent by the index of the dispatch in that list and that of the call among its calls.
    So depth is no limit, neither here nor in JSON.
    """
    index = {id(dispatch): number for number, dispatch in enumerate(dispatches)}
    looks = _Looks()
    return {
        "schema": SCHEMA,
        "dropped": recording.dropped,
        "dispatches": [_dispatch_to_dict(dispatch, index, looks) for dispatch in dispatches],
        "bypasses": [_bypass_to_dict(bypass, index) for bypass in bypasses],
        "effects": [_effect_to_dict(effect, index) for effect in effects],
        "unheard": [[*names, number] for names, number in recording.unheard.items()],
        "findings": [finding.to_dict() for finding in recording.findings],
    }


class _Looks:
    """One look at the connections of each registry, which serves all dispatches of a recording."""

    def __init__(self) -> None:
        self._taken: dict[int, Any] = {}

    def not_called(self, dispatch: Dispatch) -> list[NotCalled]:
        """Return what `Dispatch.not_called` does."""
        wiring = dispatch.scope.wiring
        if wiring is None:
            return dispatch.not_called
        look = self._taken.get(id(wiring))
        if look is None:
            look = self._taken[id(wiring)] = wiring.look()
        return dispatch.not_called_by(look.missed)


def _dispatch_to_dict(dispatch: Dispatch, index: dict[int, int], looks: _Looks) -> dict[str, Any]:
    return {
        "id": dispatch.id,
        "signal_name": dispatch.signal_name,
        "sender_name": dispatch.sender_name,
        "method": dispatch.method,
        "depth": dispatch.depth,
        "parent": _parent(dispatch, index),
        "started_at": dispatch.started_at.isoformat(),
        "started_ns": dispatch.started,
        "duration_ns": dispatch.duration_ns,
        "error": _error(dispatch),
        "deferred": dispatch.deferred,
        "recursive": dispatch.recursive,
        "cycle": list(dispatch.cycle),
        "location": _list(dispatch.location),
        "kwargs": {name: _plain(value) for name, value in dispatch.kwargs.items()},
        "not_called": [each._asdict() for each in looks.not_called(dispatch)],
        "calls": [_call_to_dict(call) for call in dispatch.calls],
    }


_RARELY = ("own_row", "by_django")


def _bypass_to_dict(bypass: Bypass, index: dict[int, int]) -> dict[str, Any]:
    return {
        # Most have neither key.
        **{key: True for key in _RARELY if getattr(bypass, key)},
        "operation": bypass.operation,
        "model_name": bypass.model_name,
        "rows": bypass.rows,
        "receivers": list(bypass.receivers),
        "location": _list(bypass.location),
        "parent": _parent(bypass, index),
        "deferred": bypass.deferred,
        "started_ns": bypass.started,
        "duration_ns": bypass.duration_ns,
    }


def _effect_to_dict(effect: Effect, index: dict[int, int]) -> dict[str, Any]:
    return {
        "kind": effect.kind,
        "name": effect.name,
        "location": _list(effect.location),
        "parent": _parent(effect, index),
        "deferred": effect.deferred,
        "before_commit": effect.before_commit,
    }


def _parent(record: Dispatch | Bypass | Effect, index: dict[int, int]) -> list[Any] | None:
    call = record.parent
    return None if call is None else [index[id(call.dispatch)], call.order]


def _call_to_dict(call: ReceiverCall) -> dict[str, Any]:
    # Few calls have either key.
    extra: dict[str, Any] = {} if call.replaced_by is None else {"replaced_by": call.replaced_by}
    if call.broken:
        extra["broken"] = True
    return {
        **extra,
        "receiver_name": call.receiver_name,
        "file": call.file,
        "line": call.line,
        "order": call.order,
        "is_async": call.is_async,
        "started_ns": call.started,
        "duration_ns": call.duration_ns,
        "self_ns": call.self_ns,
        "error": _error(call),
        "queries": None if call.queries is None else asdict(call.queries),
    }


def _error(record: Dispatch | ReceiverCall) -> dict[str, str] | None:
    return None if record.error is None else record.error._asdict()


def _list(location: Location | None) -> list[Any] | None:
    return None if location is None else list(location)


def _plain(value: object) -> object:
    return sorted(map(str, value)) if isinstance(value, (set, frozenset)) else value
