"""The rules about receivers that are entered again: W101 recursion, W109 redundant-save.

Both know an instance by its identity while it is being sent, and by its key. Where neither is known
they are silent: a tree whose nodes save their parents sends one signal many times over, each time
for another node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signalscope.diagnosis.grouping import Key, finding_about, key_of, names_of, times
from signalscope.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signalscope.diagnosis.findings import Finding
    from signalscope.records import Dispatch, ReceiverCall

__all__ = ["any_again", "reentries"]

_POST_SAVE = "django.db.models.signals.post_save"


def any_again(dispatches: list[Dispatch]) -> bool:
    """Tell whether any signal was sent twice for one instance, which both rules take."""
    by_key: dict[Any, list[Dispatch]] = {}
    for dispatch in dispatches:
        instance = dispatch.sent.get("instance")
        if instance is not None:
            # First without names, which are dear where a signal has none.
            if type(instance) is tuple:
                _, key, identity = instance
                instance = identity if key is UNKNOWN or key is None else key
            by_key.setdefault(instance, []).append(dispatch)
    for some in by_key.values():
        if len(some) > 1:
            identities = [each for dispatch in some for each in _identities(dispatch)]
            if len(set(identities)) < len(identities):
                return True
    return False


def reentries(dispatches: list[Dispatch]) -> list[Finding]:
    """Return the findings of W101 and W109, in one walk down each tree."""
    again: dict[Key, list[tuple[ReceiverCall, ReceiverCall]]] = {}
    once: dict[Key, list[ReceiverCall]] = {}
    identities: dict[int, list[Any]] = {}
    for dispatch in dispatches:
        identities[id(dispatch)] = _identities(dispatch)
    for dispatch in dispatches:
        saver = _saver(dispatch, identities)
        if saver is not None:
            calls = once.setdefault(key_of(saver), [])
            if calls and calls[-1] is saver:
                # More than one save in one call is no longer a save too many.
                name = saver.receiver_name
                again.setdefault(key_of(saver), []).extend(
                    (call, saver) for call in dispatch.calls if call.receiver_name == name
                )
            calls.append(saver)
    for dispatch in dispatches:
        if _inside(dispatch) is None:
            for call, earlier in _walk(dispatch, identities):
                again.setdefault(key_of(call), []).append((call, earlier))
    found = [_recursion(pairs) for pairs in again.values() if pairs]
    found += [_redundant(calls) for key, calls in once.items() if not again.get(key)]
    return found


def _inside(dispatch: Dispatch) -> ReceiverCall | None:
    """Return the call that was running when it was sent, of which it so is a part."""
    # What a callback on commit sends is not inside, nor is what a task sends that outlived it.
    parent = dispatch.parent
    if parent is None or dispatch.continued:
        return None
    return None if parent.ended is not None and parent.ended <= dispatch.started else parent


def _identities(dispatch: Dispatch) -> list[Any]:
    """Return by what to know a dispatch of the same signal and instance: by any of these."""
    sent = dispatch.sent
    about = (
        dispatch.signal_name,
        dispatch.sender_name,
        sent.get("action"),
        sent.get("using"),
        sent.get("reverse"),
    )
    instance = sent.get("instance")
    if type(instance) is str:
        # Of a saved recording: a label, with the key if it is known.
        _, _, key = instance.partition(" pk=")
        return [] if key in ("", "None") or key.startswith("<") else [(*about, instance)]
    if type(instance) is not tuple:
        return []
    facts, key, identity = instance
    if key is not UNKNOWN and key is not None:
        # Not by the object: with its key taken away, it is saved as another row.
        return [(*about, facts.name, type(key).__name__, key)]
    return [(*about, identity)]


def _saver(dispatch: Dispatch, identities: dict[int, list[Any]]) -> ReceiverCall | None:
    """Return the ``post_save`` receiver that saved its own instance by what sent `dispatch`."""
    if dispatch.signal_name != _POST_SAVE:
        return None
    around = _inside(dispatch)
    if around is None:
        return None
    before = identities.get(id(around.dispatch), ())
    return around if any(each in before for each in identities[id(dispatch)]) else None


class _Open:
    """A call that is running at this point of the walk."""

    __slots__ = ("call", "held_back", "is_again")

    def __init__(self, call: ReceiverCall) -> None:
        self.call = call
        self.is_again = False
        """Whether it repeats one around it."""
        self.held_back: ReceiverCall | None = None
        """The call that it repeats, as long as it may be the one round that a guard allows."""

    def repeated_by(self, other: _Open) -> Iterator[tuple[ReceiverCall, ReceiverCall]]:
        """Yield the rounds that are known for such, now that another call repeats this one."""
        other.is_again = True
        if other.call.dispatch.parent is self.call and not self.is_again:
            other.held_back = self.call
            return
        if self.held_back is not None:
            yield self.call, self.held_back
            self.held_back = None
        yield other.call, self.call


def _walk(
    root: Dispatch, identities: dict[int, list[Any]]
) -> Iterator[tuple[ReceiverCall, ReceiverCall]]:
    """Yield each call of a recursion, and the call around it that it repeats.

    A single round straight from the receiver's own save is none: a guard has ended it.
    """
    # A stack of its own: recordings may be nested deeper than Python's recursion limit.
    open_calls: dict[Any, list[_Open]] = {}
    stack: list[tuple[ReceiverCall, list[Any] | None]] = []

    def push(dispatch: Dispatch) -> None:
        stack.extend((call, None) for call in reversed(list(dispatch.calls)))

    push(root)
    while stack:
        call, keys = stack.pop()
        if keys is not None:
            for key in keys:
                open_calls[key].pop()
            continue
        keys = [(call.receiver_name, each) for each in identities.get(id(call.dispatch), ())]
        earlier = next((open_calls[key][-1] for key in keys if open_calls.get(key)), None)
        entry = _Open(call)
        if earlier is not None:
            yield from earlier.repeated_by(entry)
        for key in keys:
            open_calls.setdefault(key, []).append(entry)
        stack.append((call, keys))
        for child in reversed(list(call.dispatches)):
            if _inside(child) is call:
                push(child)


def _cycle(call: ReceiverCall, earlier: ReceiverCall) -> list[str]:
    names = [call.receiver_name]
    at: ReceiverCall | None = call
    while at is not None:
        names.append(at.dispatch.label)
        at = at.dispatch.parent
        if at is not None:
            names.append(at.receiver_name)
        if at is earlier:
            break
    return names[::-1]


def _recursion(pairs: list[tuple[ReceiverCall, ReceiverCall]]) -> Finding:
    calls = [call for call, _ in pairs]
    cycle = _cycle(*pairs[0])
    receiver, signal = names_of(calls)
    return finding_about(
        "W101",
        calls,
        f"{receiver} was entered again for the same instance, {times(len(calls))}, "
        f"by {signal}: {' → '.join(cycle)}.",
        "Break the cycle: write with QuerySet.update(), or only if the value has changed.",
        cycle=cycle,
    )


def _redundant(calls: list[ReceiverCall]) -> Finding:
    receiver, signal = names_of(calls)
    return finding_about(
        "W109",
        calls,
        f"{receiver} saved the instance again that {signal} was sent for, "
        f"{times(len(calls))}, so that all of its save receivers ran again.",
        "Set the value in pre_save, or write it with QuerySet.update().",
    )
