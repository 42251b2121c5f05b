"""W001 duplicate-receiver: one function that is wired twice for one signal and sender."""

from __future__ import annotations

import functools
import types
from itertools import combinations
from typing import TYPE_CHECKING, Any

from signalscope.diagnosis.wiring.about import finding_of, is_djangos, label, sites
from signalscope.reading import own_dict
from signalscope.registry.entries import ANY_SENDER, uid_of
from signalscope.registry.functions import chain_of

if TYPE_CHECKING:
    from signalscope.diagnosis.findings import Finding
    from signalscope.registry.live import Wire

__all__ = ["duplicates"]


def duplicates(wires: list[Wire]) -> list[Finding]:
    """Find receivers that one send calls twice, though they do the same."""
    by_name: dict[tuple[int, str], list[Wire]] = {}
    for wire in wires:
        if not is_djangos(wire):
            # Whose names differ are never the same: a module imported twice has two names.
            name = wire.receiver.name.rpartition(".")[2]
            by_name.setdefault((id(wire.signal), name), []).append(wire)
    found = []
    for alike in by_name.values():
        told: set[int] = set()
        for one, other in combinations(alike, 2):
            how = None if id(other) in told else _same(one, other)
            if how is not None and _one_send_calls(one, other):
                told.add(id(other))
                found.append(_finding(one, other, *how))
    return found


def _one_send_calls(one: Wire, other: Wire) -> bool:
    senders = {one.entry.key[1], other.entry.key[1]}
    return len(senders) == 1 or ANY_SENDER in senders


def _same(one: Wire, other: Wire) -> tuple[str, str] | None:
    """Say how two receivers come to be the same, and what helps; None where that is not sure."""
    receivers = one.entry.receiver, other.entry.receiver
    if receivers[0] is receivers[1] or _is_same_method(*receivers):
        if one.entry.key[1] != other.entry.key[1]:
            return "for any sender and for this one", "Connect it once."
        uids = [uid_of(wire.entry) for wire in (one, other)]
        named = " and ".join("none" if uid is None else repr(uid) for uid in uids)
        return f"under two dispatch uids, {named}", "Connect it once, under one dispatch_uid."
    if _is_imported_twice(*receivers):
        modules = [str(each.__module__) for each in map(_function_of, receivers) if each]
        if modules[0] == modules[1]:
            return (
                f"by a module that ran twice, {modules[0]}",
                "Let its module run once, or give connect() a dispatch_uid.",
            )
        return (
            f"by a module that was imported under two names, {modules[0]} and {modules[1]}",
            "Import it by one name, or give connect() a dispatch_uid.",
        )
    if _is_made_twice(*receivers):
        return (
            "as two objects made by the same line",
            "Make it once, or give connect() a dispatch_uid.",
        )
    return None


def _is_same_method(one: Any, other: Any) -> bool:
    return (
        type(one) is types.MethodType
        and type(other) is types.MethodType
        and one.__self__ is other.__self__
        and one.__func__ is other.__func__
    )


def _function_of(receiver: Any) -> types.FunctionType | None:
    """Return the function that its author wrote, for a receiver that is no object of its own."""
    last = list(chain_of(receiver))[-1]
    return last if type(last) is types.FunctionType else None


def _is_imported_twice(one: Any, other: Any) -> bool:
    """Tell whether two functions are one piece of source that ran twice."""
    functions = _function_of(one), _function_of(other)
    if functions[0] is None or functions[1] is None or type(one) is not type(other):
        return False
    codes = functions[0].__code__, functions[1].__code__
    return (
        type(one) is types.FunctionType
        and codes[0] is not codes[1]
        and codes[0].co_filename == codes[1].co_filename
        and codes[0].co_qualname == codes[1].co_qualname
        and codes[0] == codes[1]
        # Of those that close over something, nobody knows whether it is the same.
        and not codes[0].co_freevars
        and "<locals>" not in codes[0].co_qualname
        and len(list(chain_of(one))) == len(list(chain_of(other)))
    )


def _is_made_twice(one: Any, other: Any) -> bool:
    """Tell whether two objects are of one kind and hold the very same things."""
    if type(one) is not type(other):
        return False
    if type(one) is types.FunctionType:
        return (
            one.__code__ is other.__code__
            and _all_same(_cells(one), _cells(other))
            and _all_same(one.__defaults__ or (), other.__defaults__ or ())
            and _all_same(
                tuple((one.__kwdefaults__ or {}).values()),
                tuple((other.__kwdefaults__ or {}).values()),
            )
        )
    if type(one) is functools.partial:
        return (
            (one.func is other.func or _is_same_method(one.func, other.func))
            and _all_same(one.args, other.args)
            and list(one.keywords) == list(other.keywords)
            and _all_same(tuple(one.keywords.values()), tuple(other.keywords.values()))
        )
    if type(one) is types.MethodType:
        return one.__func__ is other.__func__ and _is_empty_twin(one.__self__, other.__self__)
    return _is_empty_twin(one, other)


def _is_empty_twin(one: Any, other: Any) -> bool:
    """Tell whether two objects of one class, written in Python, hold nothing at all."""
    kind = type(one)
    return (
        kind is type(other)
        and not issubclass(kind, type)
        and not any("__slots__" in vars(base) for base in kind.__mro__[:-1])
        and kind.__mro__[1:] == (object,)
        and not own_dict(one)
        and not own_dict(other)
    )


def _cells(function: types.FunctionType) -> tuple[Any, ...]:
    found = []
    for cell in function.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # nothing yet
            found.append(None)
    return tuple(found)


def _all_same(some: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
    return len(some) == len(others) and all(
        one is other for one, other in zip(some, others, strict=True)
    )


def _finding(one: Wire, other: Wire, how: str, remedy: str) -> Finding:
    # The one that names the sender comes first: that is where it runs twice.
    wires = sorted([one, other], key=lambda wire: wire.entry.key[1] == ANY_SENDER)
    about = label(wires[0].signal, wires[0].sender)
    return finding_of(
        "W001",
        wires,
        what=f"{one.receiver.name} is connected twice to {about}, {how}"
        f"{sites(wires)}, so it runs twice.",
        remedy=remedy,
        receivers=[wire.receiver.name for wire in wires],
        dispatch_uids=[uid_of(wire.entry) for wire in wires],
    )
