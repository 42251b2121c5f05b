"""`muted`: skip receivers in the current context, and nowhere else."""

from __future__ import annotations

import functools
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, TypeVar

from signalscope import patching
from signalscope.errors import SignalscopeError
from signalscope.matching import receiver_matcher, sender_matcher, signal_matcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from signalscope.naming import ReceiverFacts, SenderFacts, SignalFacts

__all__ = ["muted"]

_Decorated = TypeVar("_Decorated", bound="Callable[..., Any]")


class muted:  # noqa: N801 - used as a function, like Django's override_settings
    """Skip receivers in the current context until the block, or the decorated function, ends.

    ``muted()`` skips all; `signals`, `receiver` and `sender`, given as objects or as dotted names,
    narrow it to those for which all that is given holds. Works as ``with`` and ``async with``, as
    decorator of functions and coroutine functions, and may be nested.

    ``Signal.receivers`` is not touched: order, dispatch uids, weak references and caches are as
    before, ``has_listeners`` included. A muted receiver is not among the responses. Other threads
    and tasks, unless they are started inside, hear everything.
    """

    def __init__(self, *signals: Any, receiver: Any = None, sender: Any = None) -> None:
        if any(callable(signal) for signal in signals):
            raise SignalscopeError(
                "muted() takes signals; name a receiver by receiver=, and decorate with @muted()."
            )
        self._signals = [signal_matcher(signal) for signal in signals]
        self._receiver = None if receiver is None else receiver_matcher(receiver)
        self._sender = None if sender is None else sender_matcher(sender)
        self._rules: list[Callable[[SignalFacts, SenderFacts, ReceiverFacts], bool]] = []

    def _covers(self, signal: SignalFacts, sender: SenderFacts, receiver: ReceiverFacts) -> bool:
        return (
            (not self._signals or any(matches(signal) for matches in self._signals))
            and (self._receiver is None or self._receiver(receiver))
            and (self._sender is None or self._sender(sender))
        )

    def __enter__(self) -> None:
        # One rule for each entry: the same object may be entered by several threads at once.
        rule = functools.partial(self._covers)
        patching.hold()
        patching.recorder.mute(rule)
        self._rules.append(rule)

    def __exit__(self, *_error: object) -> None:
        patching.recorder.unmute(self._rules.pop())
        patching.release()

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(self, *_error: object) -> None:
        self.__exit__()

    def __call__(self, function: _Decorated) -> _Decorated:
        """Decorate a function or a coroutine function."""
        if isinstance(function, type):
            raise SignalscopeError(
                f"muted() decorates functions, and {function.__qualname__} is a class. Decorate "
                "its methods, or use it as a context manager."
            )
        decorated: Any
        if iscoroutinefunction(function):

            @functools.wraps(function)
            async def decorated(*args: Any, **kwargs: Any) -> Any:
                async with self._again():
                    return await function(*args, **kwargs)

        else:

            @functools.wraps(function)
            def decorated(*args: Any, **kwargs: Any) -> Any:
                with self._again():
                    return function(*args, **kwargs)

        return decorated  # type: ignore[no-any-return]

    def _again(self) -> muted:
        twin = object.__new__(muted)
        twin.__dict__.update(self.__dict__, _rules=[])
        return twin
