"""What is said beside a row's name: what was sent along, how, errors, cycles."""

from __future__ import annotations

from typing import Any, NamedTuple

from signalscope.rendering.words import count, split_name

__all__ = [
    "Fact",
    "Note",
    "cycle_note",
    "error_note",
    "facts_of_sending",
    "origins",
    "passed_on",
    "queries_fact",
    "skipped_facts",
]

REASONS = {
    "other-sender": "connected for another sender",
    "muted": "muted at that moment",
    "dead": "garbage-collected: nothing but a weak reference was left of it",
    "error-before": "an earlier receiver raised",
    "cancelled": "the dispatch was cancelled before its turn",
}
"""The reasons of `NotCalled`, in words."""

_MOST_NAMES = 12


class Fact(NamedTuple):
    """Something small to know of a row: `tone` names its colour, `title` says it at length."""

    text: str
    tone: str = ""
    title: str = ""


class Note(NamedTuple):
    """A line of its own below a row: an error, or the cycle of a recursion."""

    tone: str
    lead: str
    text: str
    title: str
    more: str = ""
    """What came of it, on a line of its own."""


def facts_of_sending(dispatch: dict[str, Any], *, first_deferred: bool) -> list[Fact]:
    """Return what was sent along, in the order of interest, and how it was sent."""
    facts = _facts_of_kwargs(dict(dispatch["kwargs"]), dispatch["sender_name"])
    if dispatch["method"] != "send":
        facts.append(Fact(dispatch["method"], "method", f"Sent by {dispatch['method']}()"))
    if first_deferred:
        title = "Sent by a callback on commit, when the receiver that asked for it had returned."
        facts.append(Fact("on commit", "deferred", title))
    return facts


def _facts_of_kwargs(sent: dict[str, Any], sender: str | None) -> list[Fact]:
    facts: list[Fact] = []
    instance = sent.pop("instance", None)
    if instance is not None:
        facts.append(Fact(str(instance).removeprefix(f"{sender} "), "", str(instance)))
    created, raw = sent.pop("created", None), sent.pop("raw", None)
    if created is not None:
        text = "created" if created else "updated"
        facts.append(Fact(text, "created" if created else "", f"created={created}"))
    action = sent.pop("action", None)
    if action is not None:
        facts.append(Fact(str(action), "", f"action={action!r}"))
    if sent.pop("reverse", None):
        facts.append(Fact("reverse", "", "reverse=True"))
    if raw:
        facts.append(Fact("raw", "raw", "raw=True: a fixture is being loaded"))
    fields = sent.pop("update_fields", None)
    if fields is not None:
        names = ", ".join(map(str, fields)) or "none"
        facts.append(Fact(f"fields: {names}", "", f"update_fields: {names}"))
    pks = sent.pop("pk_count", None)
    if pks is not None:
        facts.append(Fact(count(pks, "pk"), "", f"pk_set holds {pks}"))
    using = sent.pop("using", None)
    if using not in (None, "default"):
        facts.append(Fact(f"using {using}", "", f"using={using!r}"))
    return facts + [Fact(f"{name}: {value}") for name, value in sent.items() if value is not None]


def queries_fact(queries: dict[str, Any] | None) -> Fact | None:
    """Say how often one statement was repeated, None where none was."""
    if not queries or not queries["repeated"]:
        return None
    statement, times = max(queries["repeated"].items(), key=lambda pair: pair[1])
    return Fact(f"{times:,} × one query", "repeated", statement)


def skipped_facts(dispatch: dict[str, Any]) -> list[Fact]:
    """Say which receivers a dispatch left out, for reasons that are not the usual one."""
    facts = []
    for reason in ("muted", "cancelled", "dead"):
        names = [
            each["receiver_name"] for each in dispatch["not_called"] if each["reason"] == reason
        ]
        if names:
            listed = ", ".join(names[:_MOST_NAMES])
            title = f"Not called, as {REASONS[reason]}: {listed}"
            facts.append(Fact(f"{len(names):,} {reason}", "skipped", title))
    return facts


def cycle_note(cycle: list[str]) -> Note:
    """Spell out the cycle of a recursion."""
    # Dispatches and receivers alternate; the receivers are the ones at odd places.
    short = [split_name(name)[0] if place % 2 else name for place, name in enumerate(cycle)]
    return Note("recursion", "Recursion", " → ".join(short), " → ".join(cycle))


def error_note(error: dict[str, str], dispatch: dict[str, Any], *, kept_by: str = "") -> Note:
    """Tell an error where it arose, and which receivers of `dispatch` it kept from running."""
    lead = error["type"].rpartition(".")[2]
    text = error["message"]
    if kept_by:
        text = f"{text} (kept by {kept_by})".strip()
    kept = [
        split_name(each["receiver_name"])[0]
        for each in dispatch["not_called"]
        if each["reason"] == "error-before"
    ]
    more = ""
    if kept:
        rest = len(kept) - _MOST_NAMES
        named = ", ".join(kept[:_MOST_NAMES]) + (f" and {rest:,} more" if rest > 0 else "")
        more = f"Kept {count(len(kept), 'receiver')} from running: {named}"
    return Note("error", lead, text, error["type"], more)


def passed_on(error: dict[str, str], *, kept_by: str = "") -> Fact:
    """Tell an error at a row through which it went."""
    lead = error["type"].rpartition(".")[2]
    if kept_by:
        return Fact(f"{lead} kept by {kept_by}", "error", "The error arose in a receiver below.")
    title = "The error arose in a receiver below and went on through here."
    return Fact(f"{lead} passed on", "error", title)


def origins(dispatches: list[dict[str, Any]]) -> set[tuple[int, int | None]]:
    """Return where errors arose: pairs of dispatch and call, the call None for the dispatch.

    An error goes up through the receivers around it. It arose in the innermost call that has it.
    """
    from_below: dict[tuple[int, int], list[dict[str, str]]] = {}
    for dispatch in dispatches:
        if dispatch["error"] and dispatch["parent"]:
            around, call = dispatch["parent"]
            from_below.setdefault((around, call), []).append(dispatch["error"])
    found: set[tuple[int, int | None]] = set()
    for index, dispatch in enumerate(dispatches):
        failed = False
        for number, call in enumerate(dispatch["calls"]):
            if call["error"]:
                failed = True
                if call["error"] not in from_below.get((index, number), ()):
                    found.add((index, number))
        if dispatch["error"] and not failed:
            found.add((index, None))
    return found
