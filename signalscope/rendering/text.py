"""The tree of a recording as text."""

from __future__ import annotations

from collections import defaultdict
from heapq import merge
from typing import TYPE_CHECKING, Any

from signalscope.records import Dispatch
from signalscope.rendering.words import place_of
from signalscope.values import Bypass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from signalscope.diagnosis.findings import Finding
    from signalscope.records import ReceiverCall

__all__ = ["duration", "in_time", "tree"]


def tree(
    dispatches: Iterable[Dispatch],
    bypasses: Iterable[Bypass] = (),
    *,
    dropped: int = 0,
    findings: Iterable[Finding] = (),
) -> str:
    """Return a line for each dispatch and, nested in it, for each of its receiver calls.

    At the end there is one for each finding.

    For example::

    post_save bookstore.Review  created=True  3.1 ms
    └─ 1 bookstore.signals.record_review_rating  3.0 ms, 0.4 ms of its own
       ├─ post_save bookstore.Rating ...
       └─ update bookstore.Book  1 row  0.9 ms  BYPASSED bookstore.signals.log_book_activity
    """
    below: defaultdict[int | None, list[Bypass]] = defaultdict(list)
    for bypass in bypasses:
        below[None if bypass.parent is None else id(bypass.parent)].append(bypass)
    roots = in_time(list(dispatches), below[None], _started)
    lines = [line for root in roots for line in _lines(root, below)]
    if dropped:
        lines.append(f"… and {dropped} more dispatches, for which MAX_RECORDS left no room")
    if not lines:
        lines = ["(no dispatches)"]
    lines += [_finding_line(each) for each in findings]
    return "\n".join(lines)


def _finding_line(finding: Finding) -> str:
    line = f"{finding.id} {finding.name}: {' '.join(finding.message.split())}"
    # Some differ by nothing else.
    place = place_of("", *finding.places[0]) if finding.places else None
    return line if place is None else f"{line} ({place.text})"


def in_time(dispatches: list[Any], bypasses: list[Any], started: Any) -> list[Any]:
    """Put bypasses between the dispatches beside them, each when it began.

    The dispatches keep their order. `started` tells when one of either began; bypasses of which it
    does not know that, and says None, come last.
    """
    if not bypasses:
        return dispatches
    timed = sorted((each for each in bypasses if started(each) is not None), key=started)
    untimed = [each for each in bypasses if started(each) is None]
    return [*merge(dispatches, timed, key=started), *untimed]


def _started(record: Dispatch | Bypass) -> int | None:
    return record.started


def _lines(root: Dispatch | Bypass, below: defaultdict[int | None, list[Bypass]]) -> Iterator[str]:
    # A stack of its own: recordings may be nested deeper than Python's recursion limit.
    stack: list[tuple[str, str, Dispatch | ReceiverCall | Bypass]] = [("", "", root)]
    while stack:
        first, rest, record = stack.pop()
        children: Sequence[Dispatch | ReceiverCall | Bypass]
        if isinstance(record, Dispatch):
            yield first + _dispatch_line(record)
            children = record.calls
        elif isinstance(record, Bypass):
            yield first + _bypass_line(record)
            children = ()
        else:
            yield first + _call_line(record)
            children = in_time(record.dispatches, below.get(id(record), []), _started)
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
    if call.replaced_by:
        parts.append(f"(replaced by {call.replaced_by})")
    time = duration(call.duration_ns)
    if call.dispatches and call.self_ns is not None:
        time += f", {duration(call.self_ns)} of its own"
    parts.append(time)
    if call.error:
        parts.append(f"RAISED {call.error}")
    return "  ".join(parts)


def _bypass_line(bypass: Bypass) -> str:
    parts = [f"{bypass.operation} {bypass.model_name}"]
    if bypass.rows is not None:
        parts.append(f"{bypass.rows:,} row{'' if bypass.rows == 1 else 's'}")
    if bypass.duration_ns is not None:
        parts.append(duration(bypass.duration_ns))
    return "  ".join([*parts, f"BYPASSED {', '.join(bypass.receivers)}"])


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
