"""Signals: the names that modules and classes hold them by, or where they were created."""

from __future__ import annotations

import functools
import types
from typing import TYPE_CHECKING, Any
from weakref import ref as weak_reference  # by name: tests of Django's mock weakref.ref

from signalscope.naming.known import known_signals, look_up, remember, weakly
from signalscope.naming.searching import find_in_modules, find_many
from signalscope.places import line_of, short_path
from signalscope.reading import dotted_name

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SignalFacts", "name_signals", "note_origin", "short_name", "signal_facts"]


class SignalFacts:
    """The name of a signal, looked for when it is first read."""

    __slots__ = ("__weakref__", "_asked", "_name", "_origin", "ref", "type_name")

    def __init__(self, signal: object, forget: Callable[[Any], object] | None = None) -> None:
        self.ref: Callable[[], Any] = weakly(signal, forget)
        self.type_name: str = dotted_name(type(signal))
        self._name: str | None = None
        self._asked = 0
        self._origin: _Place | None = _origin_of(signal)

    @property
    def name(self) -> str:
        """The dotted name by which a module holds it: ``django.db.models.signals.post_save``.

        Where no module does: ``<Signal created at shop/signals.py:12>``, with the path as it is
        below an entry of ``sys.path``; ``<unnamed Signal>`` where that is not known either, as it
        was made while nothing was installed. A module that comes to hold it later gives it its
        name.
        """
        if self._name is not None:
            return self._name
        if not self._asked:
            name_signals()
            found: str | None = self._name  # which the search may have filled in
            if found is not None:
                return found
        self._asked += 1
        # A search goes through all that is loaded. Of n questions log n are worth one, so that a
        # recording of many unnamed sends can be read.
        if self._asked & (self._asked - 1) == 0:
            signal = self.ref()
            self._name = None if signal is None else find_in_modules(signal)
            if self._name is not None:
                return self._name
        kind = short_name(self.type_name)
        line = None if self._origin is None else line_of(*self._origin)
        if self._origin is None or line is None:
            return f"<unnamed {kind}>"
        return f"<{kind} created at {short_path(self._origin[0].co_filename)}:{line}>"

    def is_unasked(self) -> bool:
        """Tell whether nobody has asked for the name, so that it was not looked for."""
        return self._name is None and not self._asked

    def give_name(self, name: str) -> None:
        """Take the name that a search for many has found."""
        self._name = name


_Place = tuple[types.CodeType, int]
"""An instruction: its code, and its offset there as a frame's ``f_lasti``."""

_origins: dict[int, tuple[Callable[[], object], _Place]] = {}
"""Where signals were created, by their id; an entry goes the moment its signal dies."""


def _origin_of(signal: object) -> _Place | None:
    held = _origins.get(id(signal))
    # Up to Python 3.11 a full stack leaves no room for C code either, and what is dead may stay.
    return None if held is None or held[0]() is not signal else held[1]


def note_origin(signal: object, place: _Place) -> None:
    """Remember where `signal` was created: code and offset (``f_lasti``).

    The signal is left as it is, and not kept alive.
    """
    key = id(signal)
    if _origin_of(signal) is None:  # else its ``__init__`` was called once more
        _origins[key] = weak_reference(signal, functools.partial(_origins.pop, key)), place


def short_name(name: str) -> str:
    """Return the last part of a dotted name; the whole of one in angle brackets."""
    return name if name.startswith("<") else name.rpartition(".")[2]


def signal_facts(signal: object) -> SignalFacts:
    """Return the facts of `signal`."""
    return look_up(known_signals, signal) or remember(known_signals, SignalFacts, signal)


def name_signals() -> None:
    """Look for the names of the signals that are known and were not asked for theirs yet.

    A search goes through all that is loaded, so one for all of them costs as much as one for each.
    """
    wanted = {
        id(signal): (facts, signal)
        for facts in list(known_signals.values())
        if facts.is_unasked() and (signal := facts.ref()) is not None
    }
    for key, name in find_many({key: signal for key, (_, signal) in wanted.items()}).items():
        wanted[key][0].give_name(name)
