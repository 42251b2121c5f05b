"""What a rule finds: plain data, with evidence and a remedy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from signalscope.places import Location

if TYPE_CHECKING:
    from signalscope.diagnosis.catalogue import Rule

__all__ = ["Finding", "finding_from_dict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A problem that a rule sees in a recording."""

    id: str
    name: str
    severity: str
    what: str
    """What was found, in one sentence or two."""
    remedy: str
    receiver: str | None = None
    """The dotted name of the receiver that it is about; None where it is about several."""
    signal: str | None = None
    sender: str | None = None
    places: tuple[Location, ...] = ()
    """Lines to look at, the most telling one first."""
    evidence: dict[str, Any] = field(default_factory=dict)
    """Plain data, ready for JSON. ``count`` is how often it was seen, ``dispatches`` has the ids of
    the first dispatches in which it was."""

    @classmethod
    def of(cls, rule: Rule, **facts: Any) -> Finding:
        """Make a finding of `rule`."""
        return cls(id=rule.id, name=rule.name, severity=rule.severity, **facts)

    @property
    def message(self) -> str:
        """The finding, then the remedy."""
        return f"{self.what} {self.remedy}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, ready for JSON."""
        return {
            "id": self.id,
            "name": self.name,
            "severity": self.severity,
            "message": self.message,
            "what": self.what,
            "remedy": self.remedy,
            "receiver": self.receiver,
            "signal": self.signal,
            "sender": self.sender,
            "places": [list(place) for place in self.places],
            "evidence": self.evidence,
        }


def finding_from_dict(saved: Any) -> Finding:
    """Return what `Finding.to_dict` saved.

    Raises KeyError, TypeError or ValueError where `saved` is not that.
    """
    if not isinstance(saved["evidence"], dict):
        raise TypeError("evidence that is no dict")
    texts = {key: saved[key] for key in ("id", "name", "severity", "what", "remedy")}
    names = {key: saved[key] for key in ("receiver", "signal", "sender")}
    for key, value in (texts | names).items():
        if not isinstance(value, str) and (key in texts or value is not None):
            raise TypeError(f"{type(value).__name__} where the {key} of a finding should be")
    places = []
    for file, line in saved["places"]:
        if not isinstance(file, str) or not isinstance(line, int) or isinstance(line, bool):
            raise TypeError("a place of a finding that is no file and line")
        places.append(Location(file, line))
    return Finding(**texts, **names, places=tuple(places), evidence=saved["evidence"])
