"""Whether a record is of the receiver, signal or sender that somebody names.

Each may be named by the object itself or by a string: its dotted name, or the end of it
(``signals.update_stats``); for signals and senders ``*`` matches anything. A string is compared
with names only. Nothing is imported for it, since importing could connect the very receiver that
is asked about.
"""

from __future__ import annotations

import functools
import sys
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from signalscope.naming import receiver_facts, sender_facts, signal_facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from signalscope.naming import SenderFacts, SignalFacts

__all__ = ["SignalFilter", "name_matches", "receiver_matcher", "sender_matcher", "signal_matcher"]


def name_matches(name: str | None, wanted: str) -> bool:
    """Tell whether `wanted` is `name`, the end of it after a dot, or a pattern that covers it."""
    if name is None:
        return False
    if "*" in wanted:
        return fnmatchcase(name, wanted)
    return name == wanted or name.endswith(f".{wanted}")


def receiver_matcher(receiver: Any) -> Callable[[Any], bool]:
    """Return a test for facts of receivers."""
    if isinstance(receiver, str):
        return lambda facts: name_matches(facts.name, receiver)
    wanted = receiver_facts(receiver)

    def matches(facts: Any) -> bool:
        # One that was replaced is still the one that is asked for.
        facts = getattr(facts, "stands_for", facts)
        return facts is wanted or (_same(facts, wanted) and facts.name == wanted.name)

    return matches


def signal_matcher(signal: Any) -> Callable[[Any], bool]:
    """Return a test for facts of signals."""
    if isinstance(signal, str):
        return functools.partial(_is_signal_named, signal)
    wanted = signal_facts(signal)
    return lambda facts: facts is wanted or (_same(facts, wanted) and facts.name == wanted.name)


def _is_signal_named(wanted: str, facts: Any) -> bool:
    target = facts.ref()
    module, _, name = wanted.rpartition(".")
    if target is not None and module in sys.modules:
        # To find the name of a signal, all modules are searched: not inside of a send, if a look
        # at one of them tells as well.
        named = object.__getattribute__(sys.modules[module], "__dict__").get(name)
        if named is not None:
            return named is target
    return name_matches(facts.name, wanted)


def sender_matcher(sender: Any) -> Callable[[Any], bool]:
    """Return a test for facts of senders."""
    if isinstance(sender, str):
        return lambda facts: name_matches(facts.name, sender)
    wanted = sender_facts(sender)
    return lambda facts: facts is wanted or (_same(facts, wanted) and facts.name == wanted.name)


def _same(facts: Any, wanted: Any) -> bool:
    """Tell whether both can be of one object: not where each has one, and they differ."""
    here, there = facts.ref(), wanted.ref()
    return here is None or there is None or here is there


_MOST_VERDICTS = 200
"""How many verdicts a filter remembers of signals, and of senders: it may outlive them by far."""


class SignalFilter:
    """Which dispatches a recording wants: a function of the facts of signal and sender.

    `signals` and `senders` are what the recording names; None or nothing means all. Signals that
    it names are wanted even where `deny` has them.
    """

    def __init__(
        self,
        signals: Iterable[Any] = (),
        senders: Iterable[Any] | None = None,
        *,
        allow: Iterable[Any] = (),
        deny: Iterable[Any] = (),
    ) -> None:
        self._signals = [signal_matcher(signal) for signal in signals]
        self._senders = None if senders is None else [sender_matcher(each) for each in senders]
        self._allow = [signal_matcher(signal) for signal in allow]
        self._deny = [signal_matcher(signal) for signal in deny]
        self.verdicts: dict[SignalFacts, bool] = {}
        """What is known already, where it does not depend on the sender."""
        self._signal_verdicts = self.verdicts if senders is None else {}
        self._sender_verdicts: dict[SenderFacts, bool] = {}

    def __call__(self, signal: SignalFacts, sender: SenderFacts) -> bool:
        """Tell whether a dispatch of `signal` by `sender` is wanted."""
        verdict = self._signal_verdicts.get(signal)
        if verdict is None:
            if len(self._signal_verdicts) >= _MOST_VERDICTS:
                self._signal_verdicts.clear()
            verdict = self._signal_verdicts[signal] = self._wants_signal(signal)
        if not verdict or self._senders is None:
            return verdict
        verdict = self._sender_verdicts.get(sender)
        if verdict is None:
            verdict = any(matches(sender) for matches in self._senders)
            if len(self._sender_verdicts) >= _MOST_VERDICTS:
                self._sender_verdicts.clear()
            self._sender_verdicts[sender] = verdict
        return verdict

    def may_want(self, signal: SignalFacts) -> bool:
        """Tell whether a dispatch of `signal` is wanted from some sender."""
        return self._wants_signal(signal)

    def _wants_signal(self, signal: SignalFacts) -> bool:
        if self._signals:
            return any(matches(signal) for matches in self._signals)
        if self._allow and not any(matches(signal) for matches in self._allow):
            return False
        return not any(matches(signal) for matches in self._deny)
