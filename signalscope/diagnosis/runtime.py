"""All rules over a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signalscope.diagnosis.bypassing import bypassed
from signalscope.diagnosis.calls import hops, repeated_queries, slow, writes_on_raw
from signalscope.diagnosis.errors import skipped_after_errors, swallowed_errors
from signalscope.diagnosis.reentry import reentries
from signalscope.diagnosis.silencing import ignored

if TYPE_CHECKING:
    from collections.abc import Collection

    from signalscope.diagnosis.findings import Finding
    from signalscope.records import Dispatch
    from signalscope.values import Bypass

__all__ = ["diagnose"]


def diagnose(
    dispatches: list[Dispatch],
    bypasses: list[Bypass],
    *,
    slow_ms: float,
    repeated: int,
    silenced: Collection[str] = (),
) -> list[Finding]:
    """Return what the rules find, by id, less what is silenced by id or by a comment.

    Takes time in proportion to the size of the recording. `slow_ms` are milliseconds.
    """
    found = [
        *reentries(dispatches),
        *writes_on_raw(dispatches),
        *slow(dispatches, slow_ms),
        *repeated_queries(dispatches, repeated),
        *swallowed_errors(dispatches),
        *skipped_after_errors(dispatches),
        *bypassed(bypasses),
        *hops(dispatches),
    ]
    heard = [each for each in found if each.id not in silenced and not ignored(each)]
    return sorted(heard, key=lambda each: each.id)
