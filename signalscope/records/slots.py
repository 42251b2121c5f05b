"""What records have in common: slots that stay empty where all is as usual."""

from __future__ import annotations

import itertools
import threading
import time
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from signalscope.records.dispatch import Dispatch

__all__ = ["Record"]

_numbers = itertools.count(1)
# A finaliser, or a handler of a process signal, may log inside of `_number` and so call it again.
_numbering = threading.RLock()


class Record:
    """A record is filled in while the program waits, so what is as usual is not written at all."""

    __slots__ = ()

    starts_with_a_call: ClassVar[bool] = False

    def __getattr__(self, name: str) -> Any:
        # Asked for a slot that is empty.
        try:
            usual = _USUAL[name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}") from None
        return usual(self) if callable(usual) else usual


def _no_dispatches(record: Any) -> list[Dispatch]:
    empty: list[Dispatch] = []
    record.dispatches = empty
    return empty


def _number(dispatch: Any) -> int:
    with _numbering:
        new = next(_numbers)
        try:
            # The slot itself, which is empty where no other thread was quicker.
            number: int = object.__getattribute__(dispatch, "id")
        except AttributeError:
            number = dispatch.id = new
    return number


def _start(record: Any) -> int:
    """One with synchronous receivers starts with the first of its calls."""
    if not record.starts_with_a_call:
        raise AttributeError("It has not started")
    return record.calls[0].started if record.calls else time.perf_counter_ns()


_USUAL: dict[str, Any] = {
    "broken": False,
    "continued": False,
    "depth": 0,
    "dispatches": _no_dispatches,
    "ended": None,
    "error": None,
    "expected": None,
    "gathered": None,
    "id": _number,
    "is_async": False,
    "left_open": False,
    "parent": None,
    "saved_cycle": None,
    "silent": False,
    "skipped": (),
    "span": None,
    "started": _start,
    "statements": None,
    "tree": None,
}
"""What an empty slot stands for, or a function of the record that tells."""
