"""Which receivers are skipped or replaced in a context, as a send asks before it calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signalscope.context import mutes, swaps
from signalscope.naming import receiver_facts, sender_facts, signal_facts
from signalscope.recorder.listening import Listening

if TYPE_CHECKING:
    from collections.abc import Callable

    from signalscope.context import Mute, Swap

__all__ = ["Audible", "MutingHooks"]


class Audible(list[Any]):
    """The receivers that may be called; it remembers those that are muted."""

    muted: list[Any]


class MutingHooks(Listening):
    """The part of the recorder that leaves receivers out, or puts others in their place."""

    def mute(self, rule: Mute) -> None:
        """Skip the receivers that `rule` names, in this context, until `unmute`."""
        self.muting.append(rule)
        mutes.set((*(each for each in mutes.get() if not each.over), rule))

    def unmute(self, rule: Mute) -> None:
        """End what `mute` began."""
        rule.over = True
        self.muting.remove(rule)
        mutes.set(tuple(each for each in mutes.get() if each is not rule))

    def replace(self, swap: Swap) -> None:
        """Call what `swap` gives for a receiver, in this context, until `unreplace`."""
        self.muting.append(swap)
        swaps.set((*(each for each in swaps.get() if not each.over), swap))

    def unreplace(self, swap: Swap) -> None:
        """End what `replace` began."""
        swap.over = True
        self.muting.remove(swap)
        swaps.set(tuple(each for each in swaps.get() if each is not swap))

    def audible(
        self, signal: object, sender: object, sync_receivers: list[Any], async_receivers: list[Any]
    ) -> tuple[list[Any], list[Any]]:
        """Leave out the live receivers that are muted here, and replace those that are replaced."""
        try:
            # What a task inherited, and outlived, holds no more.
            rules = [rule.apply for rule in mutes.get() if not rule.over]
            here = [swap.apply for swap in swaps.get() if not swap.over]
            if not rules and not here:
                return sync_receivers, async_receivers
            muted = (
                self._muted(rules, signal, sender, (*sync_receivers, *async_receivers))
                if rules
                else []
            )
            # By identity: receivers may have an equality of their own.
            ids = set(map(id, muted))
            audible = Audible(each for each in sync_receivers if id(each) not in ids)
            audible.muted = muted
            awaited = [each for each in async_receivers if id(each) not in ids]
            # Of nested ones the innermost counts, and it knows receivers rather than stand-ins.
            for swap in reversed(here):
                audible[:] = [swap(each, receiver_facts(each)) for each in audible]
                awaited = [swap(each, receiver_facts(each)) for each in awaited]
        except RecursionError:
            return sync_receivers, async_receivers
        except Exception:  # noqa: BLE001 - no fault of ours may reach the program
            self.report()
            return sync_receivers, async_receivers
        return audible, awaited

    @staticmethod
    def _muted(
        rules: list[Callable[..., bool]],
        signal: object,
        sender: object,
        receivers: tuple[Any, ...],
    ) -> list[Any]:
        of_signal, of_sender = signal_facts(signal), sender_facts(sender)
        return [
            receiver
            for receiver in receivers
            if any(rule(of_signal, of_sender, receiver_facts(receiver), receiver) for rule in rules)
        ]
