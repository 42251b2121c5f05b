"""The figures of a request or of any other recording: pure functions of its plain data."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from signalscope.rendering.facts import origins
from signalscope.rendering.spans import covered, interval
from signalscope.rendering.text import duration
from signalscope.rendering.words import count, share, word

if TYPE_CHECKING:
    from signalscope.rendering.spans import Window

__all__ = ["Figure", "Overview", "figures", "overview", "receivers", "subtitle"]


class Overview(TypedDict):
    """The figures of a recording. Times are nanoseconds."""

    dispatches: int
    calls: int
    signals_ns: int
    """Time in which at least one dispatch was open."""
    own_ns: int
    """Time in receivers' own code, added up: of those that ran at once, each counts."""
    request_ns: int
    queries: int | None
    """Queries that receivers ran; None where they were not counted."""
    queries_ns: int
    errors: int
    """Errors where they arose; one that goes up through outer receivers counts once."""
    recursions: int
    bypasses: int
    dropped: int
    findings: dict[str, int]
    """How many there are of each severity; empty, too, where no rule was asked."""


class Figure(NamedTuple):
    """One figure of the overview line: ``12.3 ms`` ``in signals``; `tone` is "" or a warning."""

    value: str
    label: str
    tone: str = ""
    title: str = ""


def overview(recording: dict[str, Any], window: Window) -> Overview:
    """Return the figures of `recording`."""
    dispatches = recording["dispatches"]
    begin, end = window
    calls = [call for dispatch in dispatches for call in dispatch["calls"]]
    counted = [call["queries"] for call in calls if call["queries"]]
    uncounted = any(call["queries"] is None for call in calls)
    findings = recording.get("findings", [])
    return {
        "dispatches": len(dispatches),
        "calls": len(calls),
        "signals_ns": covered(
            interval(dispatch, end) for dispatch in dispatches if not dispatch["parent"]
        ),
        "own_ns": sum(call["self_ns"] or 0 for call in calls),
        "request_ns": end - begin,
        "queries": None
        if uncounted and not counted
        else sum(queries["count"] for queries in counted),
        "queries_ns": sum(queries["duration_ns"] for queries in counted),
        "errors": len(origins(dispatches)),
        "recursions": sum(1 for dispatch in dispatches if dispatch["recursive"]),
        "bypasses": len(recording["bypasses"]),
        "dropped": recording["dropped"],
        "findings": dict(Counter(str(each.get("severity", "warning")) for each in findings)),
    }


def receivers(of: Overview) -> str:
    """Return ``31 receivers``."""
    return count(of["calls"], "receiver")


def subtitle(of: Overview) -> str:
    """Return the line for the side bar: ``31 receivers, 12.3 ms, 1 recursion``."""
    if not of["dispatches"] and not of["dropped"]:
        return (
            f"{count(of['bypasses'], 'bypass', 'bypasses')}"
            if of["bypasses"]
            else ("No receiver ran")
        )
    parts = [receivers(of), duration(of["signals_ns"])]
    if of["errors"]:
        parts.append(count(of["errors"], "error"))
    if of["recursions"]:
        parts.append(count(of["recursions"], "recursion"))
    if of["findings"] and not (of["errors"] or of["recursions"]):
        parts.append(count(sum(of["findings"].values()), "finding"))
    if of["dropped"]:
        parts.append(f"{of['dropped']:,} not kept")
    return ", ".join(parts)


_SEVERITIES = ("critical", "error", "warning")


def figures(of: Overview, whole: str = "request") -> list[Figure]:
    """Return the overview line; problems come last, and only where there are any.

    `whole` is what the times are a part of.
    """
    if not (of["dispatches"] or of["bypasses"] or of["dropped"]):
        return []
    shown = [
        Figure(f"{of['dispatches']:,}", word(of["dispatches"], "dispatch", "dispatches")),
        Figure(f"{of['calls']:,}", word(of["calls"], "receiver call")),
        Figure(
            duration(of["signals_ns"]),
            f"in signals, {share(of['signals_ns'], of['request_ns'])} of the {whole}",
            title=f"While a dispatch was open, of the {whole}'s {duration(of['request_ns'])}",
        ),
        Figure(
            duration(of["own_ns"]),
            "in receivers’ own code"
            + (", some at once" if of["own_ns"] > of["signals_ns"] else ""),
            title="Less the dispatches that receivers sent, and Django’s part in sending",
        ),
    ]
    if of["queries"] is not None:
        label = word(of["queries"], "query by receivers", "queries by receivers")
        time = f", {duration(of['queries_ns'])}" if of["queries"] else ""
        shown.append(Figure(f"{of['queries']:,}", f"{label}{time}"))
    # The worst first; what is worth knowing is no problem.
    ranked = {name: at for at, name in enumerate(_SEVERITIES)}
    for severity, number in sorted(
        of["findings"].items(), key=lambda item: (ranked.get(item[0].lower(), len(ranked)), item)
    ):
        tone = "error" if severity.lower() in ("error", "critical") else "recursion"
        tone = "" if severity.lower() == "info" else tone
        label = word(number, "finding")
        shown.append(Figure(f"{number:,}", f"{label}: {severity.lower()}", tone))
    if of["errors"]:
        shown.append(Figure(f"{of['errors']:,}", word(of["errors"], "error"), "error"))
    if of["recursions"]:
        label = word(of["recursions"], "recursion")
        shown.append(Figure(f"{of['recursions']:,}", label, "recursion"))
    if of["bypasses"]:
        label = word(of["bypasses"], "bypass", "bypasses")
        title = "Bulk operations, which send no signals and so skip receivers"
        shown.append(Figure(f"{of['bypasses']:,}", label, "recursion", title))
    if of["dropped"]:
        label = word(of["dropped"], "dispatch", "dispatches")
        shown.append(Figure(f"{of['dropped']:,}", f"{label} not kept (MAX_RECORDS)", "recursion"))
    return shown
