"""Compare two snapshots, one with what is connected now, or two recordings.

The exit status is 1 if they differ, so that a snapshot in the repository is a lockfile for CI.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signalscope.management.verbs.outcome import (
    Outcome,
    WrongUsageError,
    add_format,
    as_json,
    read_json,
    recording_of,
)
from signalscope.management.verbs.snapshot import taken
from signalscope.rendering.comparing import recordings, wirings

if TYPE_CHECKING:
    import argparse

    from signalscope.rendering.comparing import Change

__all__ = ["add_arguments", "answer"]

_SIGNS = {"added": "+", "appeared": "+", "removed": "-", "vanished": "-"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("old", metavar="OLD", help="a snapshot, or a recording")
    parser.add_argument("new", metavar="NEW", nargs="?", help="what is connected now, if not given")
    add_format(parser, "text", "json")


def answer(options: dict[str, Any], style: Any) -> Outcome:
    """Return what differs."""
    old = read_json(options["old"], ("wiring", "recording"))
    if options["new"] is not None:
        new = read_json(options["new"], (old["kind"],))
    elif old["kind"] == "wiring":
        new = {"signals": taken()}
    else:
        raise WrongUsageError("Name the recording to compare with: diff OLD NEW.")
    changes = _changes(old, new)
    if options["format"] == "json":
        shown = as_json("diff", of=old["kind"], changes=[each._asdict() for each in changes])
    else:
        shown = "\n".join(_line(each, style) for each in changes) or "No difference."
    return Outcome(shown, 1 if changes else 0)


def _changes(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    if old["kind"] == "wiring":
        try:
            return wirings(old["signals"], new["signals"])
        except (KeyError, TypeError, AttributeError):
            raise WrongUsageError("One of the two is damaged: no snapshot looks so.") from None
    return recordings(recording_of(old).to_dict(), recording_of(new).to_dict())


def _line(change: Change, style: Any) -> str:
    sign = _SIGNS.get(change.kind, "~")
    paint = {"+": style.SUCCESS, "-": style.ERROR, "~": style.WARNING}[sign]
    return str(paint(f"{sign} {change.kind}: {change.text}"))
