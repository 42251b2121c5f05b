"""The rules about single receiver calls: W102, W103, W104 and W110."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from signalscope.diagnosis.grouping import (
    finding_about,
    grouped,
    is_djangos,
    label,
    names_of,
    times,
)
from signalscope.diagnosis.sending import counts_of, word_of
from signalscope.diagnosis.sql import counted, is_batch, is_read, is_statement, is_write

if TYPE_CHECKING:
    from signalscope.diagnosis.findings import Finding
    from signalscope.records import Dispatch, ReceiverCall
    from signalscope.values import Effect

__all__ = ["effects_on_raw", "hops", "repeated_queries", "slow"]

_MOST_SHAPES = 10
_SHOWN = 120


def effects_on_raw(dispatches: list[Dispatch], effects: list[Effect]) -> list[Finding]:
    """W102: a receiver's own code changed rows, or sent a mail or a task, while ``raw`` was True.

    A mail on commit counts, too: the fixture's commit sends it.
    """
    sent: dict[int, list[Effect]] = {}
    for effect in effects:
        if effect.parent is not None:
            sent.setdefault(id(effect.parent), []).append(effect)
    raw = [dispatch for dispatch in dispatches if dispatch.sent.get("raw") is True]
    found = []
    by_key = grouped(raw, lambda call: id(call) in sent or bool(_writes(call)))
    for (receiver, signal, sender), calls in by_key.items():
        shapes: dict[str, int] = {}
        for call in calls:
            for sql, count in _writes(call).items():
                shapes[sql] = shapes.get(sql, 0) + count
        mine = [effect for call in calls for effect in sent.get(id(call), ())]
        did = []
        if shapes:
            written = _short(next(iter(shapes))).removesuffix(".")
            did.append(f"wrote to the database, {times(sum(shapes.values()))}: {written}")
        for kind in dict.fromkeys(effect.kind for effect in mine):
            names = counts_of([effect for effect in mine if effect.kind == kind])
            did.append(f"sent {word_of(kind)}, {times(sum(names.values()))}: {', '.join(names)}")
        found.append(
            finding_about(
                "W102",
                calls,
                f"While raw=True ({label(signal, sender)}), {receiver} {'; and '.join(did)}.",
                "Return at once if raw: a fixture brings all of its rows, and others may not be "
                "there yet.",
                sql=_most(shapes),
                sent=[[kind, name, count] for (kind, name), count in _by_name(mine).items()],
            )
        )
    return found


def _by_name(effects: list[Effect]) -> dict[tuple[str, str], int]:
    return dict(Counter((effect.kind, effect.name) for effect in effects))


def _writes(call: ReceiverCall) -> dict[str, int]:
    return {sql: count for sql, count in counted(call).items() if is_write(sql)}


def slow(dispatches: list[Dispatch], slow_ms: float) -> list[Finding]:
    """W103: a call took `slow_ms` milliseconds or more of its own time."""
    limit = slow_ms * 1_000_000

    def is_slow(call: ReceiverCall) -> bool:
        if call.ended is None or call.ended - call.started < limit:
            return False
        own = call.self_ns
        return own is not None and own >= limit and not _beside_others(call)

    found = []
    for (receiver, signal, sender), calls in grouped(dispatches, is_slow).items():
        spent = [call.self_ns or 0 for call in calls]
        longest = max(spent)
        over = "" if len(calls) == 1 else f", and was slow {times(len(calls))}"
        waiting = ", waiting included" if any(call.is_async for call in calls) else ""
        found.append(
            finding_about(
                "W103",
                calls,
                f"{receiver} took {longest / 1_000_000:,.0f} ms of its own time{waiting} "
                f"({label(signal, sender)}){over}; SLOW_MS is {slow_ms:g}.",
                "Move the work to a task, or do less of it.",
                longest_ns=longest,
                total_ns=sum(spent),
            )
        )
    return found


def _beside_others(call: ReceiverCall) -> bool:
    """Tell whether it ran concurrently with another of its dispatch, whose time is then its too."""
    if not call.is_async:
        return False
    return any(
        other is not call
        and other.is_async
        and (other.ended is None or other.ended > call.started)
        and (call.ended is None or other.started < call.ended)
        for other in call.dispatch.calls
    )


def repeated_queries(dispatches: list[Dispatch], least: int) -> list[Finding]:
    """W104: one statement ran `least` times or more in a call; or, if it reads, over all calls.

    To write once in each call is what many a receiver is for, so writes are counted call by call.
    Batches, which Django makes of one bulk operation, are not counted.
    """
    found = []
    by_key = grouped(dispatches, lambda call: bool(call.statements) and not is_djangos(call))
    for (receiver, signal, sender), calls in by_key.items():
        most: dict[str, int] = {}
        total: dict[str, int] = {}
        users: dict[str, list[ReceiverCall]] = {}
        for call in calls:
            for sql, count in counted(call).items():
                most[sql] = max(most.get(sql, 0), count)
                total[sql] = total.get(sql, 0) + count
                users.setdefault(sql, []).append(call)
        shapes = {
            sql: count
            for sql, count in total.items()
            if (most[sql] >= least or (count >= least and is_read(sql)))
            and is_statement(sql)
            and not is_batch(sql)
        }
        if not shapes:
            continue
        worst = max(shapes, key=shapes.__getitem__)
        where = "in one call" if len(users[worst]) == 1 else f"over {len(users[worst]):,} calls"
        more = "" if len(shapes) == 1 else f" (and {len(shapes) - 1} more)"
        found.append(
            finding_about(
                "W104",
                users[worst],
                f"{receiver} ran one statement {times(shapes[worst])} {where} "
                f"({label(signal, sender)}): {_short(worst)}{more}",
                "Fetch the rows at once (select_related, in_bulk), or write them in bulk."
                if not is_read(worst)
                else "Fetch the rows at once (select_related, prefetch_related, in_bulk).",
                sql=_most(shapes),
                most_in_a_call=most[worst],
            )
        )
    return found


def hops(dispatches: list[Dispatch]) -> list[Finding]:
    """W110: a synchronous receiver under ``asend``, or an asynchronous one under ``send``."""

    def hopped(call: ReceiverCall) -> bool:
        return call.is_async != call.dispatch.method.startswith("a") and not is_djangos(call)

    found = []
    for calls in grouped(dispatches, hopped).values():
        first = calls[0]
        receiver, signal = names_of(calls)
        kind, way, remedy = (
            ("asynchronous", "in an event loop of its own", f"Use a{_base(first)}(), or ")
            if first.is_async
            else ("synchronous", "in another thread", "Make it a coroutine function, or ")
        )
        found.append(
            finding_about(
                "W110",
                calls,
                f"{receiver} is {kind} and ran under {first.dispatch.method}() "
                f"({signal}), {way}, {times(len(calls))}.",
                f"{remedy}give each way of sending a receiver of its own kind.",
                method=first.dispatch.method,
            )
        )
    return found


def _base(call: ReceiverCall) -> str:
    return call.dispatch.method.removeprefix("a")


def _short(sql: str) -> str:
    text = " ".join(sql.split())
    return f"{text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}."


def _most(shapes: dict[str, int]) -> list[list[object]]:
    ordered = sorted(shapes.items(), key=lambda each: -each[1])
    return [[sql, count] for sql, count in ordered[:_MOST_SHAPES]]
