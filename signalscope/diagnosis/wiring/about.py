"""What the findings of the wiring rules have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signalscope.diagnosis import grouping
from signalscope.diagnosis.catalogue import rule
from signalscope.diagnosis.findings import Finding
from signalscope.places import Location, short_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signalscope.naming import SenderFacts, SignalFacts
    from signalscope.registry.live import Wire

__all__ = ["finding_of", "is_djangos", "label", "sites"]


def is_djangos(wire: Wire) -> bool:
    """Tell whether the receiver is one of Django's own, which nobody here can change."""
    return wire.receiver.name.startswith("django.")


def label(signal: SignalFacts, sender: SenderFacts | None) -> str:
    """Return ``post_save of bookstore.Book``."""
    return grouping.label(signal.name, None if sender is None else sender.name)


def sites(wires: Sequence[Wire]) -> str:
    """Say where the connections were made, as far as that is known."""
    places = list(
        dict.fromkeys(
            f"{short_path(wire.place.file)}:{wire.place.line}" for wire in wires if wire.place
        )
    )
    return f" (at {' and '.join(places)})" if places else ""


def finding_of(
    id: str,  # noqa: A002 - what a rule is known by
    wires: Sequence[Wire],
    *,
    what: str,
    remedy: str,
    **evidence: Any,
) -> Finding:
    """Return the finding of a rule about connections; the first one gives the names."""
    first = wires[0]
    places = []
    if first.receiver.file is not None and first.receiver.line is not None:
        places.append(Location(first.receiver.file, first.receiver.line))
    connected = list(dict.fromkeys(wire.place for wire in wires if wire.place is not None))
    return Finding.of(
        rule(id),
        what=what,
        remedy=remedy,
        receiver=first.receiver.name,
        signal=first.signal.name,
        sender=None if first.sender is None else first.sender.name,
        places=tuple(dict.fromkeys([*places, *connected])),
        evidence={"connected_at": [list(place) for place in connected], **evidence},
    )
