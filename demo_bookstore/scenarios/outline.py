"""A recording as an indented outline: what is the same in every run, and nothing else.

A line is either a dispatch, `post_save bookstore.Book`, or below it a receiver. It reads only
names, errors and the facts that were asked for, so that durations, keys and places in files cannot
make two equal traces differ. Django's own receivers are left out, as each version has others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

INDENT = "  "


def outline(recording: Any, facts: tuple[str, ...] = ()) -> str:
    """Return the outline of everything that was recorded, with these facts on each dispatch."""
    return "\n".join(line for root in recording.dispatches for line in _dispatch(root, 0, facts))


def _dispatch(dispatch: Any, depth: int, facts: tuple[str, ...]) -> Iterator[str]:
    marks = (*(["recursive"] if dispatch.recursive else []), *_error(dispatch))
    names = (_last(dispatch.signal_name), dispatch.sender_name or "")
    brought = dispatch.kwargs if facts else {}
    told = (f"{name}={_shown(brought[name])}" for name in facts if name in brought)
    yield _line(depth, " ".join(filter(None, (*names, *told))), marks)
    calls = dispatch.calls
    if getattr(dispatch, "method", "").startswith("asend"):
        # These may run side by side, so the order in which they start is nobody's promise.
        calls = sorted(calls, key=lambda call: call.receiver_name)
    for call in calls:
        if call.receiver_name.startswith("django."):
            continue
        marks = (*(["async"] if getattr(call, "is_async", False) else []), *_error(call))
        yield _line(depth + 1, _last(call.receiver_name), marks)
        for nested in call.dispatches:
            yield from _dispatch(nested, depth + 2, facts)


def _shown(value: Any) -> str:
    return (
        ",".join(sorted(value)) if isinstance(value, (list, tuple, set, frozenset)) else str(value)
    )


def _line(depth: int, text: str, marks: tuple[str, ...]) -> str:
    return INDENT * depth + " ".join((text, *(f"({mark})" for mark in marks)))


def _error(record: Any) -> Iterator[str]:
    if record.error is not None:
        yield f"error: {_last(record.error.type)}"


def _last(dotted: str) -> str:
    return dotted.rpartition(".")[2]
