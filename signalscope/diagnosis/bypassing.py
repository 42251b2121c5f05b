"""The rule about operations that send no signals: W108 bypassed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signalscope.diagnosis.catalogue import rule
from signalscope.diagnosis.findings import Finding
from signalscope.diagnosis.grouping import MOST_IDS, times

if TYPE_CHECKING:
    from signalscope.places import Location
    from signalscope.values import Bypass

__all__ = ["bypassed"]


def bypassed(bypasses: list[Bypass]) -> list[Finding]:
    """W108: a bulk operation wrote rows and skipped their receivers, one finding for each line.

    Not where nothing says that rows were written, where Django's own apps ran it, and where a
    receiver wrote the row that it was called for, which is how it means to skip the others.
    """
    groups: dict[tuple[str, str, Location | None], list[Bypass]] = {}
    for bypass in bypasses:
        names = [name for name in bypass.receivers if not name.startswith("django.")]
        if bypass.rows and names and not bypass.own_row and not bypass.by_django:
            key = bypass.operation, bypass.model_name, bypass.location
            groups.setdefault(key, []).append(bypass)
    return [_finding(equal) for equal in groups.values()]


def _finding(equal: list[Bypass]) -> Finding:
    first = equal[0]
    names = list(
        dict.fromkeys(
            name for each in equal for name in each.receivers if not name.startswith("django.")
        )
    )
    rows = sum(each.rows or 0 for each in equal)
    written = f" of {rows:,} row{'' if rows == 1 else 's'}"
    inside = [each.parent.dispatch.id for each in equal[:MOST_IDS] if each.parent is not None]
    return Finding.of(
        rule("W108"),
        what=f"{first.operation}() on {first.model_name}{written}, {times(len(equal))}, "
        f"did not run {', '.join(names)}.",
        remedy="Call what the receivers do yourself, or save the instances one by one.",
        receiver=names[0] if len(names) == 1 else None,
        sender=first.model_name,
        places=() if first.location is None else (first.location,),
        evidence={
            "count": len(equal),
            "dispatches": list(dict.fromkeys(inside)),
            "operation": first.operation,
            "rows": rows,
            "receivers": names,
        },
    )
