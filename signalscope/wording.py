"""The words and lines of a failure message."""

from __future__ import annotations

import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Any

from signalscope.naming import receiver_facts, sender_facts, short_name, signal_facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from signalscope.assertions import Recorded
    from signalscope.records import Dispatch


__all__ = [
    "MOST_LINES",
    "apart",
    "at_place",
    "dropped_lines",
    "facts_text",
    "grouped_lines",
    "label_of",
    "message_of",
    "name_of_receiver",
    "name_of_sender",
    "name_of_signal",
    "number_of",
    "section_of",
    "spell",
    "times_text",
    "unknown_outcome",
]


_MOST_TREE_LINES = 60


MOST_LINES = 8


def message_of(head: str, lines: Iterable[str], recording: Recorded) -> str:
    """Return a failure message: what was asked, details, and the tree."""
    tree = recording.tree().splitlines()
    more = len(tree) - _MOST_TREE_LINES
    if more > 0:
        tree[_MOST_TREE_LINES:] = [f"… and {number_of(more, 'more line')} of recording.tree()"]
    return "\n".join([head, *_indented([*lines, "Recorded:", *_indented(tree)])])


def unknown_outcome(what: str, lines: Iterable[str], recording: Recorded) -> str:
    """Return the message for what cannot be known, as records were dropped."""
    head = f"It cannot be known whether {what}"
    return message_of(head, [*lines, *dropped_lines(recording)], recording)


def dropped_lines(recording: Recorded) -> list[str]:
    """Say how many records found no room."""
    if not recording.dropped:
        return []
    found = (
        f"{number_of(recording.dropped, 'record')} found no room, so that absence proves nothing."
    )
    return [f'{found} Raise SIGNALSCOPE["MAX_RECORDS"], or record only the signals that matter.']


def section_of(title: str, lines: Mapping[str, int]) -> list[str]:
    """Return the lines under `title`, each with its number; nothing where there are none."""
    shown = grouped_lines(lines)
    return [title, *_indented(shown)] if shown else []


def grouped_lines(lines: Iterable[str] | Mapping[str, int]) -> list[str]:
    """Join equal lines into one with their number, and leave out what is too much."""
    numbers = Counter(lines)
    shown = [f"{number} × {line}" if number > 1 else line for line, number in numbers.items()]
    more = len(shown) - MOST_LINES
    return shown if more <= 0 else [*shown[:MOST_LINES], f"… and {more} more"]


def _indented(lines: Iterable[str]) -> list[str]:
    return [textwrap.indent(line, "  ") for line in lines]


def at_place(dispatch: Dispatch) -> str:
    """Say where a dispatch was sent."""
    location = dispatch.location
    return "" if location is None else f"  at {location}"


def facts_text(dispatch: Dispatch) -> str:
    """Spell the kept arguments of a send."""
    facts = ", ".join(f"{name}={spell(value)}" for name, value in dispatch.kwargs.items())
    return f"  {facts}" if facts else ""


def label_of(signal_name: str, sender_name: str | None) -> str:
    """Return signal and sender in short."""
    return short_name(signal_name) + ("" if sender_name is None else f" {sender_name}")


def apart(one: str, other: str) -> tuple[str, str]:
    """Shorten two names as far as they can still be told apart."""
    short = short_name(one), short_name(other)
    return (one, other) if short[0] == short[1] else short


def name_of_receiver(receiver: Any) -> str:
    """Return the name of a receiver that was given, or found."""
    return receiver if isinstance(receiver, str) else receiver_facts(receiver).name


def name_of_signal(signal: Any) -> str:
    """Return the name of a signal that was given."""
    return signal if isinstance(signal, str) else signal_facts(signal).name


def name_of_sender(sender: Any) -> str | None:
    """Return the name of a sender that was given."""
    return sender if isinstance(sender, str) else sender_facts(sender).name


def times_text(number: int) -> str:
    """Say how often."""
    return "once" if number == 1 else f"{number} times"


def number_of(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def spell(value: Any) -> str:
    """Spell out plain values; of others show the type, as their ``repr`` may do anything."""
    kind = type(value)
    if isinstance(value, str) and " pk=" in value:
        return value  # a label, without quotes as in the tree
    if kind in (str, int, float, bool, type(None)):
        return repr(value)
    if kind in (set, frozenset):
        return "{" + ", ".join(sorted(map(spell, value))) + "}"
    return f"<{kind.__name__}>"
