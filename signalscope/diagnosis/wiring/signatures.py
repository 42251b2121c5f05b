"""W005 strict-signature: a receiver that cannot accept further keyword arguments."""

from __future__ import annotations

import inspect
import types
from typing import TYPE_CHECKING, Any

from signalscope.diagnosis.source.names import attribute_of, plain_function
from signalscope.diagnosis.wiring.about import finding_of, is_djangos, label

if TYPE_CHECKING:
    from signalscope.diagnosis.findings import Finding
    from signalscope.registry.live import Wire

__all__ = ["strict_signatures"]


def strict_signatures(wires: list[Wire]) -> list[Finding]:
    """Find receivers without ``**kwargs``, each once.

    Django refuses them where DEBUG is on, and only there; and by what a wrapper says that it wraps.
    """
    found: dict[str, Finding] = {}
    for wire in wires:
        function = _called(wire.entry.receiver)
        if is_djangos(wire) or function is None:
            continue
        code = function.__code__
        if not code.co_flags & inspect.CO_VARKEYWORDS and wire.receiver.name not in found:
            found[wire.receiver.name] = finding_of(
                "W005",
                [wire],
                what=f"{wire.receiver.name}, connected to {label(wire.signal, wire.sender)}, has "
                "no **kwargs: it raises TypeError once something is sent that it does not know.",
                remedy="Add **kwargs to its parameters.",
            )
    return list(found.values())


def _called(receiver: Any) -> types.FunctionType | None:
    """Return the function that a call of the receiver enters; None for what tells none."""
    kind = type(receiver)
    if kind is types.FunctionType:
        return receiver  # type: ignore[no-any-return]
    if kind is types.MethodType:
        return receiver.__func__ if type(receiver.__func__) is types.FunctionType else None
    if issubclass(kind, type):
        return None
    return plain_function(attribute_of(kind, "__call__"))
