"""A recording as plain data, ready for JSON, and back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from signalscope.diagnosis.findings import finding_from_dict
from signalscope.errors import SignalscopeError
from signalscope.places import Location
from signalscope.recorder import Collector
from signalscope.records import Dispatch, ReceiverCall, Scope
from signalscope.values import Bypass, Effect, ErrorInfo, NotCalled, Queries, SavedFacts, WallClock

if TYPE_CHECKING:
    from signalscope.diagnosis.findings import Finding
    from signalscope.recording import Recording

__all__ = ["SCHEMA", "collector_from_dict", "findings_from_dict", "recording_to_dict"]

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


# --- And back -------------------------------------------------------------------------------------


def collector_from_dict(saved: Any) -> Collector:
    """Return a collector that holds what `recording_to_dict` saved.

    Raises `SignalscopeError`, and nothing else, where `saved` is not that.
    """
    schema = saved.get("schema") if isinstance(saved, dict) else None
    if not isinstance(schema, int) or isinstance(schema, bool):
        raise SignalscopeError("This is no saved recording: it has no schema version.")
    if schema != SCHEMA:
        raise SignalscopeError(
            f"This recording has schema version {schema}, and this Signalscope reads {SCHEMA}. "
            "Read it with the version of Signalscope that saved it."
        )
    try:
        return _collector(saved)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise SignalscopeError(
            f"This saved recording is damaged ({type(error).__name__}: {error})."
        ) from error


def findings_from_dict(saved: dict[str, Any]) -> list[Finding] | None:
    """Return the findings that were saved; None where an older version saved none.

    Raises `SignalscopeError` where they are damaged.
    """
    if "findings" not in saved:
        return None
    try:
        return [finding_from_dict(each) for each in saved["findings"]]
    except (KeyError, TypeError, ValueError) as error:
        raise SignalscopeError(
            f"This saved recording is damaged ({type(error).__name__}: {error})."
        ) from error


def _collector(saved: dict[str, Any]) -> Collector:
    dispatches: list[Dispatch] = []
    for entry in saved["dispatches"]:
        dispatches.append(_dispatch(entry, dispatches))
    collector = Collector(limit=len(dispatches))
    collector.kept = dispatches
    collector.dropped = _int(saved["dropped"])
    collector.bypasses = [_bypass(entry, dispatches) for entry in saved["bypasses"]]
    # The first forms of schema 1 had neither these nor a bypass's parent and times.
    collector.effects = [_effect(entry, dispatches) for entry in saved.get("effects", ())]
    for signal, sender, number in saved.get("unheard", ()):
        facts = SavedFacts(_str(signal))
        collector.unheard[facts, None if sender is None else _str(sender)] = _int(number)
    return collector


def _dispatch(entry: dict[str, Any], before: list[Dispatch]) -> Dispatch:
    dispatch = object.__new__(Dispatch)
    dispatch.id = _int(entry["id"])
    dispatch.method = _str(entry["method"])
    dispatch.signal_facts = SavedFacts(_str(entry["signal_name"]))
    sender = entry["sender_name"]
    dispatch.sender_facts = SavedFacts(None if sender is None else _str(sender))
    dispatch.depth = _int(entry["depth"])
    dispatch.started = _int(entry["started_ns"])
    if entry["duration_ns"] is not None:
        dispatch.ended = dispatch.started + _int(entry["duration_ns"])
    dispatch.error = _error_from(entry["error"])
    dispatch.place = _location(entry["location"])
    dispatch.sent = {
        _str(name): frozenset(value) if isinstance(value, list) else value
        for name, value in entry["kwargs"].items()
    }
    dispatch.skipped = [
        (_str(each["receiver_name"]), _str(each["reason"])) for each in entry["not_called"]
    ]
    dispatch.continued = _bool(entry["deferred"])
    dispatch.saved_cycle = tuple(map(_str, entry["cycle"]))
    dispatch.scope = Scope(None, (), WallClock(_moment(entry["started_at"]), dispatch.started))
    dispatch.parent = None
    if entry["parent"] is not None:
        dispatch.parent = _call_at(entry["parent"], before)
        dispatch.parent.dispatches.append(dispatch)
    if dispatch.depth != (0 if dispatch.parent is None else dispatch.parent.dispatch.depth + 1):
        raise ValueError("a depth that does not follow from the parent")
    dispatch.calls = []
    for call in entry["calls"]:
        dispatch.calls.append(_call(call, dispatch))
    return dispatch


def _bypass(entry: dict[str, Any], dispatches: list[Dispatch]) -> Bypass:
    around = entry.get("parent")
    return Bypass(
        _str(entry["operation"]),
        _str(entry["model_name"]),
        _int_or_none(entry["rows"]),
        tuple(map(_str, entry["receivers"])),
        _location(entry["location"]),
        parent=None if around is None else _call_at(around, dispatches),
        deferred=_bool(entry.get("deferred", False)),
        duration_ns=_int_or_none(entry.get("duration_ns")),
        started=_int_or_none(entry.get("started_ns")),
        own_row=_bool(entry.get("own_row", False)),
        by_django=_bool(entry.get("by_django", False)),
    )


def _effect(entry: dict[str, Any], dispatches: list[Dispatch]) -> Effect:
    around = entry["parent"]
    return Effect(
        _str(entry["kind"]),
        _str(entry["name"]),
        _location(entry["location"]),
        parent=None if around is None else _call_at(around, dispatches),
        deferred=_bool(entry["deferred"]),
        before_commit=_bool(entry["before_commit"]),
    )


def _call_at(spot: Any, dispatches: list[Dispatch]) -> ReceiverCall:
    number, order = map(_int, spot)
    if number < 0 or order < 0:
        raise ValueError("a parent that is counted from the end")
    return dispatches[number].calls[order]


def _call(entry: dict[str, Any], dispatch: Dispatch) -> ReceiverCall:
    call = object.__new__(ReceiverCall)
    call.dispatch = dispatch
    call.receiver_facts = SavedFacts(
        _str(entry["receiver_name"]),
        None if entry["file"] is None else _str(entry["file"]),
        None if entry["line"] is None else _int(entry["line"]),
        _str(entry["replaced_by"]) if "replaced_by" in entry else None,
    )
    call.is_async = _bool(entry["is_async"])
    call.broken = _bool(entry.get("broken", False))
    call.started = _int(entry["started_ns"])
    if entry["duration_ns"] is not None:
        call.ended = call.started + _int(entry["duration_ns"])
    call.error = _error_from(entry["error"])
    queries = entry["queries"]
    if queries is None:
        dispatch.scope.counts_queries = False
    else:
        call.statements = Queries(
            _int(queries["count"]),
            _int(queries["duration_ns"]),
            {_str(sql): _int(count) for sql, count in queries["repeated"].items()},
        )
    return call


def _error_from(entry: Any) -> ErrorInfo | None:
    return None if entry is None else ErrorInfo(_str(entry["type"]), _str(entry["message"]))


def _location(entry: Any) -> Location | None:
    return None if entry is None else Location(_str(entry[0]), _int(entry[1]))


def _moment(entry: Any) -> datetime:
    moment = datetime.fromisoformat(_str(entry))
    if moment.utcoffset() != timedelta(0):
        raise ValueError("a time that is not in UTC")
    return moment


def _str(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} where a string should be")
    return value


def _int(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{type(value).__name__} where a whole number should be")
    return value


def _int_or_none(value: Any) -> int | None:
    return None if value is None else _int(value)


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{type(value).__name__} where true or false should be")
    return value
