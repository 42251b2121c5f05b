"""The rule about operations that send no signals: W108 bypassed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signalscope.diagnosis.catalogue import rule
from signalscope.diagnosis.findings import Finding
from signalscope.diagnosis.grouping import MOST_IDS, times

if TYPE_CHECKING:
    from signalscope.places import Location
    from signalscope.values import Bypass

__all__ = ["bypassed"]

_MOST_LEVELS = 50


def bypassed(bypasses: list[Bypass]) -> list[Finding]:
    """W108: a bulk operation wrote rows and skipped their receivers, one finding for each line."""
    groups: dict[tuple[str, str, Location | None], list[Bypass]] = {}
    for bypass in bypasses:
        if bypass.rows != 0 and bypass.receivers and not _own_row(bypass):
            groups.setdefault((bypass.operation, bypass.model_name, bypass.location), []).append(
                bypass
            )
    return [_finding(equal) for equal in groups.values()]


def _own_row(bypass: Bypass) -> bool:
    """Tell whether it may be a receiver's own update of the row that it was called for."""
    if bypass.operation != "update" or bypass.rows not in (1, None):
        return False
    call = bypass.parent
    for _ in range(_MOST_LEVELS):
        if call is None:
            return False
        instance: Any = call.dispatch.sent.get("instance")
        name = instance[0].name if type(instance) is tuple else instance
        if type(name) is str and name.partition(" pk=")[0] == bypass.model_name:
            return True
        call = call.dispatch.parent
    return True  # Too deep to tell.


def _finding(equal: list[Bypass]) -> Finding:
    first = equal[0]
    names = list(dict.fromkeys(name for each in equal for name in each.receivers))
    known = [each.rows for each in equal if each.rows is not None]
    rows = sum(known) if len(known) == len(equal) else None
    written = "" if rows is None else f" of {rows:,} row{'' if rows == 1 else 's'}"
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
