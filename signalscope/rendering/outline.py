"""A recording without what differs from run to run, for snapshots in tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from signalscope.records import Dispatch, ReceiverCall
    from signalscope.values import ErrorInfo

__all__ = ["as_text", "shape"]

_SKIPPED = ("muted", "error-before", "cancelled")
"""Reasons that tell of the program, not of what else happens to be connected."""


def shape(roots: Iterable[Dispatch]) -> list[dict[str, Any]]:
    """Return the dispatches as nested plain data, ready for JSON.

    Times, keys of rows, ids, places, error messages and the statements are left out, and what is as
    usual: a plain ``send``, flags that are false.
    """
    shaped: list[dict[str, Any]] = []
    # A stack of its own: recordings may be nested deeper than Python's recursion limit.
    stack = [(dispatch, shaped) for dispatch in reversed(list(roots))]
    while stack:
        dispatch, into = stack.pop()
        outer = _dispatch(dispatch)
        into.append(outer)
        for call in dispatch.calls:
            inner = _call(call)
            outer.setdefault("calls", []).append(inner)
            if call.dispatches:
                inner["dispatches"] = []
                stack += [(each, inner["dispatches"]) for each in reversed(call.dispatches)]
    return shaped


def as_text(shaped: list[dict[str, Any]]) -> str:
    """Return what `shape` returned as indented lines; receivers stand after a dash."""
    return "\n".join(_lines(shaped)) or "(no dispatches)"


def _dispatch(dispatch: Dispatch) -> dict[str, Any]:
    facts = {
        name: _plain(value)
        for name, value in dispatch.kwargs.items()
        if name != "using" and value not in (None, False)
    }
    skipped = sorted(
        f"{each.receiver_name} ({each.reason})"
        for each in dispatch.not_called
        if each.reason in _SKIPPED
    )
    told = {
        "signal": dispatch.signal_name,
        "sender": dispatch.sender_name,
        "method": dispatch.method if dispatch.method != "send" else None,
        "kwargs": facts,
        "deferred": dispatch.deferred,
        "recursive": dispatch.recursive,
        "error": _type_of(dispatch.error),
        "skipped": skipped,
    }
    return _without_defaults(told)


def _call(call: ReceiverCall) -> dict[str, Any]:
    told = {
        "receiver": call.receiver_name,
        "async": call.is_async,
        "replaced": call.replaced_by is not None,
        "error": _type_of(call.error),
    }
    return _without_defaults(told)


def _without_defaults(told: dict[str, Any]) -> dict[str, Any]:
    # What it is stays, though a file may have an empty name for it.
    return {name: value for name, value in told.items() if value or name in ("signal", "receiver")}


def _plain(value: object) -> Any:
    if isinstance(value, (set, frozenset, tuple, list)):
        return sorted(map(str, value))
    if isinstance(value, (bool, int)):
        return value
    # An instance reads "bookstore.Book pk=3".
    return str(value).partition(" pk=")[0]


def _type_of(error: ErrorInfo | None) -> str | None:
    return None if error is None else error.type


def _lines(shaped: list[dict[str, Any]]) -> Iterator[str]:
    stack = [(0, each) for each in reversed(shaped)]
    while stack:
        depth, told = stack.pop()
        below = told.get("calls", told.get("dispatches", ()))
        yield "  " * depth + (_call_line(told) if "receiver" in told else _dispatch_line(told))
        if skipped := told.get("skipped"):
            yield from (f"{'  ' * (depth + 1)}- skipped {name}" for name in skipped)
        stack += [(depth + 1, each) for each in reversed(below)]


def _dispatch_line(told: dict[str, Any]) -> str:
    parts = [told["signal"]]
    if "sender" in told:
        parts.append(f"from {told['sender']}")
    if "method" in told:
        parts.append(f"by {told['method']}")
    parts += [
        f"{name}={','.join(value) if isinstance(value, list) else value}"
        for name, value in told.get("kwargs", {}).items()
    ]
    parts += [flag for flag in ("deferred", "recursive") if flag in told]
    if "error" in told:
        parts.append(f"raised {told['error']}")
    return " ".join(parts)


def _call_line(told: dict[str, Any]) -> str:
    line = f"- {told['receiver']}"
    if "async" in told:
        line += " (async)"
    if "replaced" in told:
        line += " (replaced)"
    if "error" in told:
        line += f" raised {told['error']}"
    return line
