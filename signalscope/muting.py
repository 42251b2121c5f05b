"""`muted`: skip receivers in the current context, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from signalscope import patching
from signalscope.context import mutes
from signalscope.errors import SignalscopeError
from signalscope.matching import receiver_matcher, sender_matcher, signal_matcher
from signalscope.naming import owner_of
from signalscope.reading import dotted_name
from signalscope.registry.senders import is_signal
from signalscope.scoping import Rule, Scoped

if TYPE_CHECKING:
    from collections.abc import Callable

    from signalscope.naming import ReceiverFacts, SenderFacts, SignalFacts

    Excepts = Callable[[SignalFacts, ReceiverFacts], bool]

__all__ = ["muted"]


class muted(Scoped):  # noqa: N801 - used as a function, like Django's override_settings
    """Skip receivers in the current context until the block, or what is decorated, ends.

    ``muted()`` skips all; `signals`, `receiver` and `sender`, given as objects or as dotted names,
    narrow it to those for which all that is given holds. What `but` names, one signal or receiver
    or a list of them, still runs. Works as ``with`` and ``async with``, as decorator of functions,
    coroutine functions and classes of tests, and may be nested.

    ``Signal.receivers`` is not touched: order, dispatch uids, weak references and caches are as
    before, ``has_listeners`` included. A muted receiver is not among the responses. Other threads
    and tasks, unless they are started inside, hear everything.

    Raises `SignalscopeError` for what is neither a signal, a receiver nor a name.
    """

    def __init__(
        self, *signals: Any, receiver: Any = None, sender: Any = None, but: Any = None
    ) -> None:
        if any(callable(signal) for signal in signals):
            raise SignalscopeError(
                "muted() takes signals; name a receiver by receiver=, and decorate with @muted()."
            )
        for signal in signals:
            if not (is_signal(signal) or isinstance(signal, str)):
                raise SignalscopeError(_no_signal(signal))
        if not (receiver is None or isinstance(receiver, str) or callable(receiver)):
            raise SignalscopeError(
                "muted(receiver=...) takes a receiver or its name, and got a value of type "
                f"{dotted_name(type(receiver))}."
            )
        self._signals = [signal_matcher(signal) for signal in signals]
        self._receiver = None if receiver is None else receiver_matcher(receiver)
        # Facts are those of the method's function, which other objects have, too.
        self._owner = owner_of(receiver)
        self._sender = None if sender is None else sender_matcher(sender)
        several = but if isinstance(but, (list, tuple, set, frozenset)) else [but]
        self._but = [_exception(each) for each in several if each is not None]
        self._rules = []

    def _covers(
        self, signal: SignalFacts, sender: SenderFacts, receiver: ReceiverFacts, connected: Any
    ) -> bool:
        return (
            (not self._signals or any(matches(signal) for matches in self._signals))
            and (self._receiver is None or self._receiver(receiver))
            and (self._owner is None or owner_of(connected) is self._owner)
            and (self._sender is None or self._sender(sender))
            and not any(excepts(signal, receiver) for excepts in self._but)
        )

    def __enter__(self) -> None:
        # One rule for each entry: the same object may be entered by several threads at once.
        rule = Rule(self, self._covers)
        patching.hold()
        patching.recorder.mute(rule)
        self._rules.append(rule)

    def __exit__(self, *_error: object) -> None:
        patching.recorder.unmute(self._innermost(mutes.get()))
        patching.release()

    def _again(self) -> Self:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__, _rules=[])
        return twin


def _no_signal(value: object) -> str:
    return (
        f"muted() takes signals or their names, and got a value of type {dotted_name(type(value))}."
    )


def _exception(named: Any) -> Excepts:
    """Return a test for what is named: a signal, a receiver, or what has that name."""
    if is_signal(named):
        is_meant = signal_matcher(named)
        return lambda signal, _: is_meant(signal)
    if callable(named):
        is_it = receiver_matcher(named)
        return lambda _, receiver: is_it(receiver)
    if not isinstance(named, str):
        raise SignalscopeError(
            f"muted(but=...) takes signals, receivers and their names, and got a value of type "
            f"{dotted_name(type(named))}."
        )
    of_signals, of_receivers = signal_matcher(named), receiver_matcher(named)
    return lambda signal, receiver: of_signals(signal) or of_receivers(receiver)
