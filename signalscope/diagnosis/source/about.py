"""What the findings of the source rules have in common."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from signalscope.diagnosis.catalogue import rule
from signalscope.diagnosis.findings import Finding
from signalscope.places import Location

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signalscope.diagnosis.source.receivers import Listener
    from signalscope.diagnosis.source.walking import Reached
    from signalscope.registry.live import Wire

__all__ = ["finding_of"]


def _names_of(wires: Sequence[Wire]) -> tuple[str | None, str | None]:
    """Return the signal and the sender that all these connections are of; None where several."""
    signals = {wire.signal.name for wire in wires}
    senders = {None if wire.sender is None else wire.sender.name for wire in wires}
    return (
        signals.pop() if len(signals) == 1 else None,
        senders.pop() if len(senders) == 1 else None,
    )


def finding_of(
    id: str,  # noqa: A002 - what a rule is known by
    listener: Listener,
    reached: Sequence[Reached],
    *,
    what: str,
    remedy: str,
    **evidence: Any,
) -> Finding:
    """Return the finding of a rule about a receiver's calls; its own line comes first."""
    signal, sender = _names_of(listener.wires)
    calls = [
        {"code": ast.unparse(each.call), "file": each.frame.file, "line": each.call.lineno}
        for each in reached
    ]
    code = listener.functions[-1].__code__
    lines = [Location(each.frame.file, each.call.lineno) for each in reached]
    return Finding.of(
        rule(id),
        what=what,
        remedy=remedy,
        receiver=listener.wires[0].receiver.name,
        signal=signal,
        sender=sender,
        places=tuple(dict.fromkeys([Location(code.co_filename, listener.line), *lines])),
        evidence={"calls": calls, **evidence},
    )
