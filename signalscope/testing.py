"""Assertions over connections, and `muted` and `replaced`; no framework is needed.

Each raises AssertionError where things are not as asserted, and says how they are. Those about what
ran are methods of a recording (`signalscope.Recording`). A receiver is given as the function or by
its dotted name, a signal and a sender as the object or by name (`signalscope.matching`). Nothing is
imported for a name.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from signalscope.errors import SignalscopeError
from signalscope.muting import muted
from signalscope.registry import connections, why
from signalscope.replacing import replaced
from signalscope.wording import section_of

if TYPE_CHECKING:
    from signalscope.registry import Why

__all__ = ["assert_connected", "assert_not_connected", "muted", "replaced"]

__unittest = True  # so that unittest, too, ends the traceback at the test's own line


def assert_connected(receiver: Any, signal: Any = None, sender: Any = None) -> None:
    """Assert that `receiver` is connected: to `signal`, and for `sender`, where these are given.

    It needs no recording. The failure says what `signalscope.why` says.
    """
    __tracebackhide__ = True
    answer = why(receiver, signal, sender)
    if not _is_connected(answer):
        raise AssertionError(_with_neighbours(answer, signal))


def assert_not_connected(receiver: Any, signal: Any = None, sender: Any = None) -> None:
    """Assert that `receiver` is not connected: not at all, or not to `signal` and for `sender`.

    Raises `SignalscopeError` for a name that no loaded module defines.
    """
    __tracebackhide__ = True
    answer = why(receiver, signal, sender)
    if _is_connected(answer):
        raise AssertionError(str(answer))
    if any(reason.id == "receiver-unknown" for reason in answer.reasons):
        # Under a name that nothing has, nothing is ever connected.
        raise SignalscopeError(str(answer))


def _is_connected(answer: Why) -> bool:
    # What is muted is connected all the same.
    return any(reason.id == "connected" for reason in answer.reasons)


def _with_neighbours(answer: Why, signal: Any) -> str:
    """Add to an answer what else is connected to the signal that was asked about."""
    if signal is None:
        return str(answer)
    names = [
        f"{each.receiver_name} for {each.sender_name}" if each.sender_name else each.receiver_name
        for each in connections(signal)
    ]
    return "\n".join([str(answer), *section_of("Connected to it:", Counter(names))])
