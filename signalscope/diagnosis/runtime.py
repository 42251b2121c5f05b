"""All rules over a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signalscope.diagnosis.bypassing import bypassed
from signalscope.diagnosis.calls import effects_on_raw, hops, repeated_queries, slow
from signalscope.diagnosis.errors import broken_transactions, skipped_after_errors, swallowed_errors
from signalscope.diagnosis.reentry import any_again, reentries
from signalscope.diagnosis.sending import sent_before_commit
from signalscope.diagnosis.silencing import ignored

if TYPE_CHECKING:
    from collections.abc import Collection

    from signalscope.diagnosis.findings import Finding
    from signalscope.records import Dispatch
    from signalscope.values import Bypass, Effect

__all__ = ["diagnose", "may_find"]


def diagnose(  # noqa: PLR0913 - what is judged, and by what measure
    dispatches: list[Dispatch],
    bypasses: list[Bypass],
    effects: list[Effect],
    *,
    slow_ms: float,
    repeated: int,
    silenced: Collection[str] = (),
) -> list[Finding]:
    """Return what the rules find, by id, less what is silenced by id or by a comment.

    Takes time in proportion to the size of the recording. `slow_ms` are milliseconds.
    """
    found = [*bypassed(bypasses), *sent_before_commit(effects)]
    if effects or may_find(dispatches, slow_ms=slow_ms, repeated=repeated):
        found += [
            *reentries(dispatches),
            *effects_on_raw(dispatches, effects),
            *slow(dispatches, slow_ms),
            *repeated_queries(dispatches, repeated),
            *swallowed_errors(dispatches),
            *broken_transactions(dispatches),
            *skipped_after_errors(dispatches),
            *hops(dispatches),
        ]
    heard = [each for each in found if each.id not in silenced and not ignored(each)]
    return sorted(heard, key=lambda each: each.id)


def may_find(
    dispatches: list[Dispatch], *, slow_ms: float, repeated: int, has_queries: bool = True
) -> bool:
    """Tell whether a rule over `dispatches` may find anything, in one quick look at each call.

    Most of what a program sends is in order, and where it is diagnosed as it runs, that has to be
    known for a fraction of what the rules take. Where this is in doubt, it says yes. Calls are not
    asked for their queries where `has_queries` says that there are none.
    """
    limit = slow_ms * 1_000_000
    ran = 0
    for dispatch in dispatches:
        if dispatch.error is not None:
            return True
        awaited = dispatch.method.startswith("a")
        for call in dispatch.calls:
            if call.is_async is not awaited or call.error is not None:
                return True
            ended = call.ended
            if ended is not None and ended - call.started >= limit:
                return True
            if has_queries and (statements := call.statements) is not None:
                # One that failed was counted as well.
                is_raw = dispatch.sent.get("raw") is True
                if type(statements) is not dict or is_raw or call.broken:
                    return True
                ran += sum(count for count, _ in list(statements.values()))
    return ran >= repeated or (len(dispatches) > 1 and any_again(dispatches))
