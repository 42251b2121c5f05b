"""Budgets: what a test, or a suite of them, may spend in signals."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from signalscope.diagnosis.catalogue import complaint
from signalscope.errors import SignalscopeError
from signalscope.explaining import query_lines
from signalscope.rendering.spans import covered
from signalscope.rendering.text import duration
from signalscope.wording import dropped_lines, grouped_lines, message_of, number_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from signalscope.recording import Recording
    from signalscope.records import Dispatch, ReceiverCall

__all__ = ["Budget", "time_in_signals"]

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a recording may hold at most; None is no limit."""

    max_ms: float | None = None
    """Milliseconds in which at least one dispatch was open."""
    max_queries: int | None = None
    """Queries that receivers' own code ran."""
    max_depth: int | None = None
    """`Dispatch.depth` of the deepest dispatch: 0 allows none that a receiver sends."""
    forbid: tuple[str, ...] = ()
    """Ids of findings that may not be there."""

    @classmethod
    def of(cls, limits: Mapping[str, Any]) -> Budget:
        """Return the budget with these limits.

        Raises `SignalscopeError` for a name that is no limit, and for what cannot be one.
        """
        checked: dict[str, Any] = {}
        for name, value in limits.items():
            if name == "forbid":
                checked[name] = _ids(value)
            elif name in _LIMITS:
                checked[name] = _limit(name, value)
            else:
                near = get_close_matches(name, [*_LIMITS, "forbid"], 1)
                raise SignalscopeError(
                    f"{name!r} is no limit of a budget; "
                    + (f"{near[0]} is." if near else f"{', '.join(_LIMITS)} and forbid are.")
                )
        return cls(**checked)

    def failure(self, recording: Recording) -> str | None:
        """Say how a recording goes beyond the budget; None where it does not.

        Raises `SignalscopeError` where the recording cannot tell, as queries were not counted.
        """
        heads, lines = [], []
        for head, details in self._breaches(recording):
            heads.append(head)
            lines += details
        if heads:
            return message_of("; ".join(heads), lines, recording)
        limited = {self.max_ms, self.max_queries, self.max_depth} != {None} or self.forbid
        if limited and recording.dropped:
            head = "It cannot be known whether the budget was kept"
            return message_of(head, dropped_lines(recording), recording)
        return None

    def _breaches(self, recording: Recording) -> Iterable[tuple[str, list[str]]]:
        if self.max_ms is not None:
            spent = time_in_signals(recording)
            if spent > self.max_ms * 1e6:
                head = f"Signals took {duration(spent)}, where at most {self.max_ms:g} ms may be"
                yield head, _slowest(recording.calls())
        if self.max_queries is not None:
            yield from _too_many_queries(recording.calls(), self.max_queries)
        if self.max_depth is not None:
            deepest = [each for each in recording.walk() if each.depth > self.max_depth]
            if deepest:
                depth = max(each.depth for each in deepest)
                head = f"Dispatches were nested {depth} deep, where {self.max_depth} may be"
                yield head, grouped_lines(map(_ways, deepest))
        if self.forbid:
            yield from _forbidden(recording, self.forbid)


def time_in_signals(recording: Recording) -> int:
    """Return the nanoseconds in which at least one dispatch was open."""
    return covered(
        (each.started, each.started + (each.duration_ns or 0))
        for each in recording.walk()
        if each.parent is None
    )


def _slowest(calls: list[ReceiverCall]) -> list[str]:
    own: dict[str, list[int]] = {}
    for call in calls:
        own.setdefault(call.receiver_name, []).append(call.self_ns or 0)
    ranked = sorted(own.items(), key=lambda item: -sum(item[1]))[:_MOST_NAMED]
    return [
        f"{name}: {duration(sum(times))} of its own in {number_of(len(times), 'call')}"
        for name, times in ranked
    ]


def _too_many_queries(calls: list[ReceiverCall], most: int) -> Iterable[tuple[str, list[str]]]:
    counted = [call.queries.count for call in calls if call.queries is not None]
    if len(counted) < len(calls):
        raise SignalscopeError(
            "max_queries cannot be checked, since queries were not counted. "
            'Set SIGNALSCOPE["QUERIES"] to True.'
        )
    if sum(counted) > most:
        were = number_of(sum(counted), "query", "queries")
        yield f"Receivers ran {were}, where at most {most} may be", query_lines(calls)


def _ways(dispatch: Dispatch) -> str:
    """Return how a dispatch came about, from the root."""
    labels, each = [], dispatch
    while True:
        labels.append(each.label)
        if each.parent is None:
            return " → ".join(reversed(labels))
        each = each.parent.dispatch


def _forbidden(recording: Recording, ids: tuple[str, ...]) -> Iterable[tuple[str, list[str]]]:
    found = [each for each in recording.findings if each.id in ids]
    if found:
        named = ", ".join(dict.fromkeys(each.id for each in found))
        head = f"{number_of(len(found), 'finding')}, where none may be: {named}"
        yield head, grouped_lines(f"{each.id} {each.message}" for each in found)


_LIMITS = {
    "max_ms": ((int, float), "a number of milliseconds"),
    "max_queries": ((int,), "a whole number"),
    "max_depth": ((int,), "a whole number"),
}


def _limit(name: str, value: Any) -> Any:
    types, what = _LIMITS[name]
    if value is not None and (type(value) not in types or not value >= 0):
        raise SignalscopeError(f"{name} takes {what} from 0, or None for no limit; not {value!r}.")
    return value


def _ids(value: Any) -> tuple[str, ...]:
    ids = (value,) if isinstance(value, str) else value
    if not isinstance(ids, (list, tuple, set, frozenset)) or not all(
        isinstance(each, str) for each in ids
    ):
        raise SignalscopeError(f'forbid takes ids of findings, as ["W101"]; not {value!r}.')
    for each in ids:
        if (wrong := complaint(each)) is not None:
            raise SignalscopeError(f"forbid: {wrong}")
    return tuple(ids)
