"""What changed from one wiring, or one recording, to another: pure functions over saved data."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from signalscope.diagnosis.grouping import times
from signalscope.naming import short_name
from signalscope.rendering.text import duration

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Change", "recordings", "wirings"]

SLOWER = 1.5
"""From this ratio of means on, and by a millisecond at least, a receiver counts as slower."""
_LEAST_NS = 1_000_000

_Key = tuple[str, str | None, str | None]


class Change(NamedTuple):
    """One difference; `kind` is its name, `text` tells of it."""

    kind: str
    signal: str
    receiver: str
    text: str


# --- Wirings --------------------------------------------------------------------------------------


def wirings(old: dict[str, list[Any]], new: dict[str, list[Any]]) -> list[Change]:
    """Return what was added, removed, changed and reordered; each is signal → connections."""
    found: list[Change] = []
    for signal in sorted({*old, *new}):
        found += _of_signal(signal, old.get(signal, []), new.get(signal, []))
    return found


def _key(of: dict[str, Any]) -> _Key:
    return of["receiver"], of["sender"], of["dispatch_uid"]


def _of_signal(
    signal: str, before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> Iterable[Change]:
    had, has = Counter(map(_key, before)), Counter(map(_key, after))
    for kind, gone in (("removed", had - has), ("added", has - had)):
        for key in gone.elements():
            yield Change(kind, signal, key[0], _connection(signal, key))
    for key in [each for each in has if each in had]:
        for name in ("weak", "is_async"):
            # Several connections may look alike.
            was, now = (
                sorted(each[name] for each in of if _key(each) == key) for of in (before, after)
            )
            if len(was) == len(now) and was != now:
                shown = [", ".join(map(str, values)) for values in (was, now)]
                text = f"{_connection(signal, key)}: {name} was {shown[0]}, and is {shown[1]}"
                yield Change("changed", signal, key[0], text)
    moved = _moved(list(map(_key, before)), list(map(_key, after)))
    if moved is not None:
        names = [" → ".join(key[0] for key in keys) for keys in moved]
        text = f"{short_name(signal)}: was {names[0]}, and is {names[1]}"
        yield Change("reordered", signal, moved[1][0][0], text)


def _moved(before: list[_Key], after: list[_Key]) -> tuple[list[_Key], list[_Key]] | None:
    """Return the connections that one send calls in another order, as they were and as they are."""
    common = set(before) & set(after)
    for sender in dict.fromkeys(key[1] for key in before):
        heard = [
            [key for key in dict.fromkeys(keys) if key in common and key[1] in (sender, None)]
            for keys in (before, after)
        ]
        if heard[0] != heard[1]:
            return heard[0], heard[1]
    return None


def _connection(signal: str, key: _Key) -> str:
    receiver, sender, uid = key
    about = f" of {sender}" if sender else ""
    return f"{receiver} on {short_name(signal)}{about}{f' under {uid}' if uid else ''}"


# --- Recordings -----------------------------------------------------------------------------------


class _Calls(NamedTuple):
    durations: list[int]
    queries: list[int]


def recordings(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    """Return which receivers appear, vanish, move, get slower and run more queries.

    Each is given as `Recording.to_dict` makes it. Paths and ids are not looked at, so that the two
    may come of different machines.
    """
    before, after = _calls(old), _calls(new)
    found = []
    for kind, keys, other in (("vanished", before, after), ("appeared", after, before)):
        found += [
            Change(kind, key[1], key[0], f"{_about(key)}, {times(len(keys[key].durations))}")
            for key in keys
            if key not in other
        ]
    for key, was in before.items():
        if key in after:
            found += _more(key, was, after[key])
    return [*found, *_reordered(old, new)]


def _calls(recording: dict[str, Any]) -> dict[tuple[str, str, str | None], _Calls]:
    found: dict[tuple[str, str, str | None], _Calls] = {}
    for dispatch in recording["dispatches"]:
        for call in dispatch["calls"]:
            key = call["receiver_name"], dispatch["signal_name"], dispatch["sender_name"]
            calls = found.setdefault(key, _Calls([], []))
            calls.durations.append(call["duration_ns"] or 0)
            calls.queries.append((call["queries"] or {}).get("count", 0))
    return found


def _more(key: tuple[str, str, str | None], was: _Calls, now: _Calls) -> Iterable[Change]:
    if len(was.durations) != len(now.durations):
        text = f"{_about(key)}: called {times(len(was.durations))}, now {len(now.durations):,}"
        yield Change("calls", key[1], key[0], text)
    means = [sum(each.durations) / len(each.durations) for each in (was, now)]
    if means[1] >= means[0] * SLOWER and means[1] - means[0] >= _LEAST_NS:
        text = f"{_about(key)}: {duration(round(means[0]))} a call, now {duration(round(means[1]))}"
        yield Change("slower", key[1], key[0], text)
    queries = [sum(each.queries) / len(each.queries) for each in (was, now)]
    if queries[1] > queries[0]:
        text = f"{_about(key)}: {queries[0]:g} queries a call, now {queries[1]:g}"
        yield Change("queries", key[1], key[0], text)


def _reordered(old: dict[str, Any], new: dict[str, Any]) -> Iterable[Change]:
    before, after = _orders(old), _orders(new)
    for about, pairs in before.items():
        turned = [pair for pair in pairs if pair[::-1] in after.get(about, ())]
        # Where some call has them so and another otherwise, they have no order.
        turned = [pair for pair in turned if pair[::-1] not in pairs and pair not in after[about]]
        for first, second in sorted(turned):
            signal, sender = about
            text = f"{_about((first, signal, sender))} ran right before {second}, and now after it"
            yield Change("moved", signal, first, text)


def _orders(recording: dict[str, Any]) -> dict[tuple[str, str | None], set[tuple[str, str]]]:
    """Return the pairs of receivers that one dispatch called one right after the other."""
    found: dict[tuple[str, str | None], set[tuple[str, str]]] = {}
    for dispatch in recording["dispatches"]:
        names = [call["receiver_name"] for call in dispatch["calls"]]
        about = dispatch["signal_name"], dispatch["sender_name"]
        found.setdefault(about, set()).update(pairwise(names))
    return found


def _about(key: tuple[str, str, str | None]) -> str:
    receiver, signal, sender = key
    return f"{receiver} on {short_name(signal)}{f' of {sender}' if sender else ''}"
