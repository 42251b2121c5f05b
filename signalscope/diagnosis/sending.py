"""The rule about mails and tasks in a transaction: W107 effect-before-commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signalscope.diagnosis.grouping import Key, finding_about, key_of, names_of, times

if TYPE_CHECKING:
    from signalscope.diagnosis.findings import Finding
    from signalscope.records import ReceiverCall
    from signalscope.values import Effect

__all__ = ["counts_of", "sent_before_commit", "word_of"]

_WORDS = {"mail": "mail", "celery": "a Celery task", "task": "a task"}


def sent_before_commit(effects: list[Effect]) -> list[Finding]:
    """W107: a receiver sent a mail or a task while a transaction was open, by kind of it.

    Not in a callback on commit, and not where the transaction is a test case's own.
    """
    groups: dict[tuple[Key, str], list[tuple[ReceiverCall, Effect]]] = {}
    for effect in effects:
        if effect.parent is not None and effect.before_commit and not effect.deferred:
            key = key_of(effect.parent), effect.kind
            groups.setdefault(key, []).append((effect.parent, effect))
    return [_finding(kind, equal) for (_, kind), equal in groups.items()]


def _finding(kind: str, equal: list[tuple[ReceiverCall, Effect]]) -> Finding:
    calls = [call for call, _ in equal]
    names = counts_of([effect for _, effect in equal])
    receiver, signal = names_of(calls)
    return finding_about(
        "W107",
        calls,
        f"{receiver} sent {word_of(kind)} inside an open transaction ({signal}), "
        f"{times(len(equal))}: {', '.join(names)}.",
        "Send it by transaction.on_commit(): until the commit nobody else sees the rows, and after "
        "a rollback there are none.",
        lines=[effect.location for _, effect in equal],
        kind=kind,
        names=names,
    )


def word_of(kind: str) -> str:
    """Return what a kind of effect is called in a sentence."""
    return _WORDS.get(kind, kind)


def counts_of(effects: list[Effect]) -> dict[str, int]:
    """Return the names of effects, and how often each was sent."""
    counts: dict[str, int] = {}
    for effect in effects:
        counts[effect.name] = counts.get(effect.name, 0) + 1
    return counts
