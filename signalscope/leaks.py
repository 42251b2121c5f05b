"""Leaks: what a test left connected, disconnected or in another order than it found it."""

from __future__ import annotations

import gc
import operator
import sys
from contextlib import contextmanager
from itertools import starmap
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from django.apps import AppConfig

from signalscope import patching
from signalscope.naming import known_signals, receiver_facts, short_name, signal_facts
from signalscope.places import CARRIER, file_kinds
from signalscope.registry.entries import (
    ANY_SENDER,
    entry_of,
    is_plain,
    items_of,
    same_key,
    target_of,
)
from signalscope.registry.live import wires_of
from signalscope.registry.senders import all_signals, own_names, signals_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

    from signalscope.naming import ReceiverFacts, SignalFacts
    from signalscope.places import Location

__all__ = ["Change", "Links", "Wiring", "changes", "is_same", "leak_message", "no_leaks", "wiring"]


class Link(NamedTuple):
    """One connection, as it is remembered: nothing that keeps the receiver or the sender alive."""

    key: tuple[Any, Any]
    """Django's own: of the receiver, or the dispatch uid, and of the sender."""
    receiver: ReceiverFacts
    references: tuple[Any, ...]
    """The weak references on which the connection depends."""

    def is_dead(self) -> bool:
        """Tell whether Django has dropped it, or will, as its receiver or sender died."""
        return any(target_of(each) is None for each in self.references)


class Links(NamedTuple):
    """The connections of one signal."""

    items: list[Any]
    """Django's keys of all, dead ones too; where they are the very same, so is all else."""
    links: list[Link]


class Wiring(NamedTuple):
    """What was connected at one moment, to all signals that were known."""

    links: dict[SignalFacts, Links]
    modules: frozenset[str]
    """The names of the modules that were loaded."""


class Change(NamedTuple):
    """What became of the connections of one signal."""

    signal: SignalFacts
    connected: list[Link]
    disconnected: list[Link]
    before: list[Link]
    """Those that one send calls in another order now, as it was; empty where nothing moved."""
    now: list[Link]


class _Seen:
    """What was there when somebody last looked: mostly it is there still."""

    modules: frozenset[str] = frozenset()
    links: ClassVar[dict[SignalFacts, Links]] = {}


def wiring() -> Wiring:
    """Return what is connected now.

    Signals are known from when they are first connected to while Signalscope is installed, or
    held by a module that was loaded by an earlier call of this or by this one; so the first call
    takes longer.
    """
    if len(_Seen.modules) != len(sys.modules):
        modules = frozenset(sys.modules)
        for signal in _held_by(modules - _Seen.modules) if _Seen.modules else all_signals():
            signal_facts(signal)
        _Seen.modules = modules
    links = {}
    for facts in list(known_signals.values()):
        signal = facts.ref()
        if signal is not None:
            links[facts] = _links_of(signal, _Seen.links.get(facts))
    _Seen.links = links
    return Wiring(links, _Seen.modules)


def _held_by(modules: frozenset[str]) -> Iterator[Any]:
    for name in modules:
        yield from signals_in(name, list(own_names(sys.modules.get(name)).values()))


def _links_of(signal: Any, last: Links | None) -> Links:
    items = items_of(signal)
    keys = [
        item[0] if type(item) is tuple and item and type(item[0]) is tuple else None
        for item in items
    ]
    if last is not None and is_same(keys, last.items):
        return last
    links = []
    for item in items:
        entry = entry_of(item)
        if entry is not None:
            references = [item[1]] if entry.weak else []
            if entry.sender_ref is not None:
                references.append(entry.sender_ref)
            try:
                receiver = receiver_facts(entry.receiver)
            except Exception:  # noqa: BLE001, S112 - a foreign object that cannot be described
                continue
            links.append(Link(entry.key, receiver, tuple(references)))
    return Links(keys, links)


def is_same(some: list[Any], others: list[Any]) -> bool:
    """Tell whether two lists hold the very same objects."""
    return len(some) == len(others) and all(map(operator.is_, some, others))


def changes(before: Wiring) -> list[Change]:
    """Return what became of the connections since then; what died by itself is no change.

    Left out are signals that were not known then, connections that a module made which was
    imported meanwhile or an app's ``ready()``, and Django's own receivers that are connected now,
    since Django connects some when it needs them.
    """
    if not _compare(before):
        return []
    gc.collect()  # what only a cycle keeps is gone, too
    return _compare(before)


def _compare(before: Wiring) -> list[Change]:
    found = []
    for facts, then in before.links.items():
        signal = facts.ref()
        if signal is None:
            continue
        found_now = _links_of(signal, then)
        if found_now is then:
            continue
        # Django connects some receivers of its own anew, as its test client does.
        before_all = [link for link in then.links if not link.is_dead()]
        disconnected = [link for link in before_all if not _holds(found_now.links, link)]
        alive = [link for link in before_all if not _is_djangos(link)]
        now = [link for link in found_now.links if not _is_djangos(link)]
        connected = [link for link in now if not _holds(alive, link)]
        order = _moved(
            [link for link in alive if _holds(now, link)],
            [link for link in now if _holds(alive, link)],
        )
        connected = _made_by_tests(signal, connected, before.modules) if connected else []
        if connected or disconnected or order[0]:
            found.append(Change(facts, connected, disconnected, *order))
    return found


def _moved(before: list[Link], now: list[Link]) -> tuple[list[Link], list[Link]]:
    """Return those that one sender's sends call in another order, before and now; none if equal.

    Two that have different senders are never called by one send.
    """
    # What is no id, somebody wrote into the list by hand.
    senders = [link.key[1] for link in before if is_plain(link.key[1])]
    for sender in dict.fromkeys(senders):
        heard = [
            [
                link
                for link in links
                if is_plain(link.key[1]) and link.key[1] in (sender, ANY_SENDER)
            ]
            for links in (before, now)
        ]
        if not all(starmap(_is_same_link, zip(*heard, strict=False))):
            return heard[0], heard[1]
    return [], []


def _is_same_link(one: Link, other: Link) -> bool:
    if one.key is other.key:
        return True
    # A dispatch uid can be given to another receiver, and the id of one that died as well.
    return same_key(one.key, other.key) and (
        one.receiver is other.receiver
        or (_is_unreferable(one.receiver) and one.receiver.name == other.receiver.name)
    )


def _is_unreferable(receiver: ReceiverFacts) -> bool:
    """Tell whether a receiver allows no weak reference, so that its facts are made anew."""
    return receiver.ref() is receiver.ref


def _holds(links: list[Link], wanted: Link) -> bool:
    return any(_is_same_link(each, wanted) for each in links)


def _made_by_tests(signal: Any, links: list[Link], loaded: frozenset[str]) -> list[Link]:
    readies = _ready_methods()
    new = set(sys.modules) - loaded
    files = {getattr(sys.modules.get(name), "__file__", None) for name in new} - {None}
    places = {id(wire.entry.key): wire.place for wire in wires_of([signal])}

    def is_of_a_new_module(link: Link) -> bool:
        place = places.get(id(link.key))
        if link.receiver.file in files:
            return True
        return place is not None and (place.file in files or _is_in(readies, place))

    return [link for link in links if not is_of_a_new_module(link)]


def _ready_methods() -> list[CodeType]:
    """Return the code of each app's ``ready()``, which runs where a test installs further apps."""
    found, kinds = [], [AppConfig]
    for kind in kinds:
        kinds += type.__subclasses__(kind)
        ready = own_names(kind).get("ready")
        if type(ready) is FunctionType:
            found.append(ready.__code__)
    return found


def _is_in(codes: list[CodeType], place: Location) -> bool:
    return any(
        code.co_filename == place.file and place.line in {line for *_, line in code.co_lines()}
        for code in codes
    )


def _is_djangos(link: Link) -> bool:
    file = link.receiver.file
    return file is not None and file_kinds[file] == CARRIER


def leak_message(found: list[Change], who: str) -> str:
    """Say what `who` left behind, and what to do."""
    lines = [f"{who} left receivers other than it found them:"]
    for change in found:
        name = short_name(change.signal.name)
        signal = change.signal.ref()
        wires = {id(wire.entry.key): wire for wire in wires_of([signal])} if signal else {}
        for link in change.connected:
            wire = wires.get(id(link.key))
            sender_name = wire.sender.name if wire and wire.sender else None
            sender = "" if sender_name is None else f" for {sender_name}"
            place = f", at {wire.place}" if wire and wire.place else ""
            lines.append(f"  {name}: {link.receiver.name} is still connected{sender}{place}")
        lines += [
            f"  {name}: {link.receiver.name} is no longer connected" for link in change.disconnected
        ]
        if change.before:
            lines.append(f"  {name}: its receivers are in another order")
            lines.append(f"    before: {_names(change.before)}")
            lines.append(f"    now:    {_names(change.now)}")
    lines.append(
        "To switch receivers off or replace them, use signalscope.muted or "
        "signalscope.testing.replaced, which leave the connections alone. What has to be connected "
        "for a test, a fixture disconnects."
    )
    return "\n".join(lines)


def _names(links: list[Link]) -> str:
    return ", ".join(short_name(link.receiver.name) for link in links)


@contextmanager
def no_leaks() -> Iterator[None]:
    """Raise AssertionError where a block leaves receivers other than it found them."""
    patching.hold()
    try:
        before = wiring()
        yield
        found = changes(before)
    finally:
        patching.release()
    if found:
        raise AssertionError(leak_message(found, "This block"))
