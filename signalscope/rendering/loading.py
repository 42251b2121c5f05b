"""A saved recording as a recording again; whatever else is given is refused by one sentence.

A saved file may come from anybody, so each value is looked at before it is used.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from signalscope.diagnosis.findings import finding_from_dict
from signalscope.errors import SignalscopeError
from signalscope.places import Location
from signalscope.recorder import Collector
from signalscope.records import Dispatch, ReceiverCall, Scope
from signalscope.rendering.data import SCHEMA
from signalscope.values import Bypass, Effect, ErrorInfo, Queries, SavedFacts, WallClock

if TYPE_CHECKING:
    from signalscope.diagnosis.findings import Finding

__all__ = ["collector_from_dict", "findings_from_dict"]


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
