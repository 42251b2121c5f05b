"""The tree of a recording as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signalscope.records import Dispatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from signalscope.records import ReceiverCall

__all__ = ["duration", "tree"]


def tree(dispatches: Iterable[Dispatch], *, dropped: int = 0) -> str:
    """Return a line for each dispatch and, nested in it, for each of its receiver calls.

    For example::

    post_save bookstore.Review  created=True  3.1 ms
    └─ 1 bookstore.signals.record_review_rating  3.0 ms, 0.4 ms of its own
       └─ post_save bookstore.Rating ...
    """
    lines = [line for dispatch in dispatches for line in _dispatch_lines(dispatch)]
    if dropped:
        lines.append(f"… and {dropped} more dispatches, for which MAX_RECORDS left no room")
    return "\n".join(lines) if lines else "(no dispatches)"


def _dispatch_lines(root: Dispatch) -> Iterator[str]:
    # A stack of its own: recordings may be nested deeper than Python's recursion limit.
    stack: list[tuple[str, str, Dispatch | ReceiverCall]] = [("", "", root)]
    while stack:
        first, rest, record = stack.pop()
        children: Sequence[Dispatch] | Sequence[ReceiverCall]
        if isinstance(record, Dispatch):
            yield first + _dispatch_line(record)
            children = record.calls
        else:
            yield first + _call_line(record)
            children = record.dispatches
        for index in reversed(range(len(children))):
            ends = index == len(children) - 1
            stack.append(
                (
                    f"{rest}{'└─ ' if ends else '├─ '}",
                    f"{rest}{'   ' if ends else '│  '}",
                    children[index],
                )
            )


def _dispatch_line(dispatch: Dispatch) -> str:
    flags = [
        f"{name}={_flag(value)}"
        for name, value in dispatch.kwargs.items()
        if name in ("created", "raw", "action", "update_fields", "instance")
        and value not in (None, False)
    ]
    parts = [dispatch.label, *flags]
    if dispatch.method != "send":
        parts.append(f"({dispatch.method})")
    parts.append(duration(dispatch.duration_ns))
    if dispatch.recursive:
        parts.append(f"RECURSION: {' → '.join(dispatch.cycle)}")
    if dispatch.error:
        parts.append(f"RAISED {dispatch.error}")
    return "  ".join(parts)


def _call_line(call: ReceiverCall) -> str:
    parts = [f"{(call.order or 0) + 1} {call.receiver_name}"]
    if call.is_async:
        parts.append("(async)")
    time = duration(call.duration_ns)
    if call.dispatches and call.self_ns is not None:
        time += f", {duration(call.self_ns)} of its own"
    parts.append(time)
    if call.error:
        parts.append(f"RAISED {call.error}")
    return "  ".join(parts)


def _flag(value: object) -> str:
    return ",".join(sorted(map(str, value))) if isinstance(value, (set, frozenset)) else str(value)


def duration(nanoseconds: int | None) -> str:
    """Return a time span as people read it: ``820 ns``, ``41.2 µs``, ``3.1 ms``, ``2.4 s``."""
    if nanoseconds is None:
        return "running"
    for limit, divisor, unit in ((1_000, 1, "ns"), (1_000_000, 1_000, "µs"), (10**9, 10**6, "ms")):
        if nanoseconds < limit:
            value = nanoseconds / divisor
            return f"{value:.0f} {unit}" if divisor == 1 or value >= 100 else f"{value:.1f} {unit}"  # noqa: PLR2004
    return f"{nanoseconds / 10**9:.1f} s"
