"""Show a recording that was saved: as text, JSON, a page of HTML or a trace for Perfetto."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from signalscope.management.verbs.outcome import (
    Outcome,
    add_format,
    harmless,
    read_recording,
    write,
)
from signalscope.rendering.perfetto import trace
from signalscope.rendering.report import report

if TYPE_CHECKING:
    import argparse

    from signalscope.recording import Recording

__all__ = ["FORMATS", "add_arguments", "answer", "rendered"]

FORMATS = ("text", "json", "html", "perfetto")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", metavar="FILE", help="what Recording.to_dict() or run wrote")
    parser.add_argument("--output", metavar="FILE", default="-", help="where it goes")
    add_format(parser, *FORMATS)


def answer(options: dict[str, Any], style: Any) -> Outcome:
    """Return the report, or write it."""
    recording = read_recording(options["file"])
    shown = write(options["output"], rendered(recording, options["format"]))
    return Outcome(shown or style.SUCCESS(f"Written to {options['output']}"))


def rendered(recording: Recording, how: str) -> str:
    """Return a recording in one of the `FORMATS`."""
    if how == "text":
        return harmless(recording.tree())
    data = recording.to_dict()
    if how == "html":
        return str(report(data, filters=True))
    return json.dumps(trace(data) if how == "perfetto" else data, ensure_ascii=False)
