"""The findings of a recording, as they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from signalscope.rendering.facts import Fact
from signalscope.rendering.filters import Filter
from signalscope.rendering.words import place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signalscope.rendering.words import Place

__all__ = ["Finding", "findings"]


class Finding(NamedTuple):
    """What a rule found, as it is shown; empty where the rule does not say."""

    id: str
    name: str
    severity: str
    what: str
    why: str
    remedy: str
    url: str
    place: Place | None
    row: str
    """The key of the row of the tree that it is about."""
    fact: Fact


def findings(recording: dict[str, Any], wanted: Filter | None = None) -> list[Finding]:
    """Return the findings that are wanted, as they are shown."""
    wanted = wanted or Filter()
    return [
        finding for finding, names in _findings(recording) if not wanted or wanted.accepts(*names)
    ]


def _findings(recording: dict[str, Any]) -> Iterator[tuple[Finding, Any]]:
    dispatches = recording["dispatches"]
    by_id = {dispatch["id"]: index for index, dispatch in enumerate(dispatches)}
    for each in recording.get("findings", ()):
        index = by_id.get(_dispatch_of(each))
        names: Any = ("", "", [])
        if index is not None:
            dispatch = dispatches[index]
            called = [call["receiver_name"] for call in dispatch["calls"]]
            names = dispatch["signal_name"], dispatch["sender_name"], called
        receiver = _text(each, "receiver", "receiver_name")
        severity = _text(each, "severity", "level") or "warning"
        tone = "error" if severity.lower() in ("error", "critical") else "recursion"
        url = _text(each, "url", "docs")
        places = each.get("places") or [each["location"]] if _has_place(each) else []
        yield (
            Finding(
                id=_text(each, "id"),
                name=_text(each, "name", "rule"),
                severity=severity,
                what=_text(each, "what", "message", "text"),
                why=_text(each, "why", "reason"),
                remedy=_text(each, "remedy", "hint"),
                url=url if url.startswith(("https://", "http://")) else "",
                place=place_of("Found at", *places[0][:2]) if places else None,
                row=_bypass_row(each, recording) or ("" if index is None else f"d{index}"),
                fact=Fact(severity, tone),
            ),
            (
                _text(each, "signal") or names[0],
                _text(each, "sender") or names[1],
                [*names[2], *([receiver] if receiver else []), *_skipped(each)],
            ),
        )


def _evidence(of: dict[str, Any]) -> dict[str, Any]:
    evidence = of.get("evidence")
    return evidence if isinstance(evidence, dict) else {}


def _skipped(of: dict[str, Any]) -> list[str]:
    """Return the receivers that an operation skipped."""
    return list(map(str, _evidence(of).get("receivers", ())))


def _bypass_row(of: dict[str, Any], recording: dict[str, Any]) -> str:
    """Return the key of the row of the first operation that it is about; "" if about none."""
    operation = _evidence(of).get("operation")
    if operation is None:
        return ""
    place = list(of["places"][0]) if of.get("places") else None
    about = operation, of.get("sender"), place
    return next(
        (
            f"b{index}"
            for index, each in enumerate(recording["bypasses"])
            if (each["operation"], each["model_name"], each["location"] and list(each["location"]))
            == about
        ),
        "",
    )


def _text(of: dict[str, Any], *keys: str) -> str:
    return next((str(of[key]) for key in keys if of.get(key)), "")


def _has_place(of: dict[str, Any]) -> bool:
    return bool(of.get("places") or of.get("location"))


def _dispatch_of(of: dict[str, Any]) -> Any:
    """Return the id of the first dispatch that it is about."""
    return _first({**_evidence(of), **of}, *_IDS)


_IDS = ("dispatch_id", "dispatch", "dispatches")


def _first(of: dict[str, Any], *keys: str) -> Any:
    value = next((of[key] for key in keys if of.get(key) is not None), None)
    value = value[0] if isinstance(value, list) and value else value
    return value if isinstance(value, int) else None
