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
    harmless,
    read_json,
    recording_of,
)
from signalscope.management.verbs.snapshot import checked, taken
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
    paths = options["old"], options["new"]
    old = read_json(paths[0], ("wiring", "recording"))
    kind = old["kind"]
    new = None if paths[1] is None else read_json(paths[1], (kind,))
    if kind == "wiring":
        changes = wirings(
            checked(old, paths[0]), taken() if new is None else checked(new, paths[1])
        )
    elif new is None:
        raise WrongUsageError("Name the recording to compare with: diff OLD NEW.")
    else:
        pair = zip((old, new), paths, strict=True)
        changes = recordings(*(recording_of(each, path).to_dict() for each, path in pair))
    if options["format"] == "json":
        shown = as_json("diff", of=kind, changes=[each._asdict() for each in changes])
    else:
        shown = "\n".join(_line(each, style) for each in changes) or "No difference."
    return Outcome(shown, 1 if changes else 0)


def _line(change: Change, style: Any) -> str:
    sign = _SIGNS.get(change.kind, "~")
    paint = {"+": style.SUCCESS, "-": style.ERROR, "~": style.WARNING}[sign]
    return str(paint(f"{sign} {change.kind}: {harmless(change.text)}"))
