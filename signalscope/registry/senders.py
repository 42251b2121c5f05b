"""All signals of the process, and the senders of their connections."""

from __future__ import annotations

import functools
import types
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.dispatch import Signal

from signalscope.naming import SenderFacts, known_senders, known_signals, sender_facts
from signalscope.reading import namespaces, own_dict, plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import CodeType

    from signalscope.places import Location
    from signalscope.registry.rows import Row

    Place = tuple[CodeType, int] | Location | None

from signalscope.registry.entries import ANY_SENDER, Entry, target_of

__all__ = ["Senders", "all_signals", "is_signal", "living", "own_names", "signals_in"]


# Most of what modules hold. By id, as a metaclass may have a hash of its own; these never die.
_NO_SIGNALS = frozenset(
    map(
        id,
        (
            *(bool, bytes, dict, float, frozenset, int, list, object, set, str, tuple),
            *(classmethod, property, staticmethod),
            *(types.BuiltinFunctionType, types.FunctionType, types.ModuleType, types.NoneType),
            *(types.GetSetDescriptorType, types.MemberDescriptorType),
            *(types.MethodDescriptorType, types.WrapperDescriptorType),
        ),
    )
)


def living(facts: SenderFacts) -> Any:
    """Return the object itself; None where it is gone, or allows no weak reference."""
    target = facts.ref()
    return None if target is facts.ref else target


def all_signals() -> list[Any]:
    """Return the signals that are known, and those that modules and their classes hold."""
    found = {
        id(signal): signal
        for signal in [facts.ref() for facts in list(known_signals.values())]
        if is_signal(signal)
    }
    for module, namespace in namespaces():
        for signal in signals_in(module, namespace.values()):
            found[id(signal)] = signal
    return list(found.values())


def signals_in(module: str, values: Iterable[Any]) -> Iterator[Any]:
    """Yield the signals among what a module holds, and those that its own classes hold."""
    for value in _likely(values):
        if is_signal(value):
            yield value
        elif issubclass(type(value), type):
            names = own_dict(value)
            if plain_text(names.get("__module__")) == module:
                yield from filter(is_signal, _likely(list(names.values())))


def _likely(values: Iterable[Any]) -> list[Any]:
    return [each for each in values if id(type(each)) not in _NO_SIGNALS]


def is_signal(value: object) -> bool:
    """Tell whether a value is a signal, without asking the value."""
    # Not isinstance: it would ask a lazy object for its class, and so wake it.
    return issubclass(type(value), Signal)


def own_names(holder: Any) -> Mapping[str, Any]:
    """Return the namespace of a class or module itself; an empty one for anything else."""
    kind = type(holder)
    return own_dict(holder) if issubclass(kind, (type, types.ModuleType)) else {}


class Senders:
    """Finds the sender that a connection is for."""

    def __init__(self, *, scan: bool = True) -> None:
        self._scan = scan
        self._scanned: dict[Any, SenderFacts | None] = {}

    @functools.cached_property
    def _models(self) -> dict[int, Any]:
        # Not get_models(): it needs all apps to be ready.
        return {
            id(model): model
            for models in list(apps.all_models.values())
            for model in list(models.values())
        }

    def of(self, entry: Entry, row: Row | None) -> SenderFacts | None:
        """Return the facts of the sender; None where it is not known."""
        key = entry.key[1]
        if key == ANY_SENDER:
            return sender_facts(None)
        if entry.sender_ref is not None:
            # Django's reference, from 6.0 on; strings and the like have none.
            target = target_of(entry.sender_ref)
            return None if target is None else sender_facts(target)
        if row is not None and row.sender is not None:
            target = living(row.sender)
            return row.sender if target is None else sender_facts(target)
        # Of two objects that live at one time, each has its own id.
        known = known_senders.get(key)
        if known is not None and known.ref() is not None:
            return known
        model = self._models.get(key)
        if model is not None:
            return sender_facts(model)
        if self._scan and key not in self._scanned:
            self._scanned[key] = _find_by_id(key)
        return self._scanned.get(key)


def _find_by_id(key: Any) -> SenderFacts | None:
    for _, namespace in namespaces():
        if key in map(id, namespace.values()):
            for value in namespace.values():
                if id(value) == key:
                    return sender_facts(value)
    return None
