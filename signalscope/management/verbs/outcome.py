"""What a verb answers, and what all verbs need: names that match by part, files, widths."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from signalscope.errors import SignalscopeError
from signalscope.matching import name_matches
from signalscope.recording import Recording
from signalscope.registry.live import suggestion

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Iterable

__all__ = [
    "Outcome",
    "WrongUsageError",
    "add_format",
    "as_json",
    "harmless",
    "matching",
    "printable",
    "read_json",
    "read_recording",
    "recording_of",
    "width",
    "write",
]

SCHEMA = 1
"""The version of the JSON that the verbs write; it changes when a reader would go wrong."""


class Outcome(NamedTuple):
    """The text for standard output, and the exit status."""

    text: str
    status: int = 0


class WrongUsageError(Exception):
    """What was asked for cannot be; the message says so, and what can."""


def add_format(parser: argparse.ArgumentParser, *formats: str) -> None:
    """Add ``--format``, whose first value is the default."""
    parser.add_argument(
        "--format", choices=formats, default=formats[0], help=f"{formats[0]} is the default"
    )


def as_json(kind: str, **data: Any) -> str:
    """Return data as JSON, with the version of its schema."""
    return json.dumps({"schema": SCHEMA, "kind": kind, **data}, indent=1, ensure_ascii=False)


def matching(wanted: str, names: Iterable[str], what: str) -> list[str]:
    """Return the names that are meant: whole ones or their ends first, else those that have it.

    Raises `WrongUsageError` with the nearest where none does.
    """
    names = list(dict.fromkeys(names))
    found = [name for name in names if name_matches(name, wanted)]
    found = found or [name for name in names if wanted.casefold() in name.casefold()]
    if not found:
        near = suggestion(wanted, names)
        raise WrongUsageError(f"No {what} is called {wanted!r}.{f' {near}' if near else ''}")
    return found


def width() -> int | None:
    """Return how wide the terminal is, None where the output goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def printable(text: str, stream: Any) -> str:
    """Return text that a stream can take, whatever its encoding."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


_STEERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Characters by which text steers a terminal, or turns its own order around."""


def harmless(text: str) -> str:
    """Return text that a file may have brought with its control characters written out."""
    return _STEERS.sub(lambda found: ascii(found[0])[1:-1], text)


def read_json(path: str, kinds: Collection[str]) -> dict[str, Any]:
    """Return a file that one of the verbs, or `Recording.to_dict`, wrote.

    Raises `WrongUsageError` for one that is no such file, or of a newer version.
    """
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no text in UTF-8"
        raise WrongUsageError(f"{path} cannot be read: {reason or error}.") from None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise WrongUsageError(f"{path} is no JSON, or was cut short.") from None
    schema = data.get("schema") if isinstance(data, dict) else None
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise WrongUsageError(f"{path} was not written by Signalscope.")
    # A recording is as old as its format, and says nothing of its kind.
    kind = data.get("kind", "recording" if "dispatches" in data else "unknown")
    if kind not in kinds:
        raise WrongUsageError(f"{path} holds a {kind}; what is wanted is {' or '.join(kinds)}.")
    if schema > SCHEMA:
        raise WrongUsageError(
            f"{path} has version {schema} of the format, and this Signalscope reads up to "
            f"{SCHEMA}: install a newer one."
        )
    return {**data, "kind": kind}


def read_recording(path: str) -> Recording:
    """Return a recording that was saved. Raises as `read_json` and `recording_of` do."""
    return recording_of(read_json(path, ("recording",)), path)


def recording_of(data: dict[str, Any], path: str) -> Recording:
    """Return the recording that `read_json` has read from `path`.

    Raises `WrongUsageError` where it is damaged.
    """
    try:
        return Recording.from_dict({key: data[key] for key in data if key != "kind"})
    except SignalscopeError as error:
        raise WrongUsageError(f"{path}: {error}") from None


def write(path: str, text: str) -> str:
    """Write a file, or return the text where the path is ``-``.

    Raises `WrongUsageError` where it cannot be written.
    """
    if path == "-":
        return text
    # JSON may name halves of characters, which no encoding has.
    content = f"{text}\n".encode("utf-8", "backslashreplace")
    try:
        # Of a link, what it leads to: links stay.
        file = Path(path).resolve()
        if Path(path).is_relative_to("/dev") or (file.exists() and not file.is_file()):
            # A terminal, a pipe, or what the shell made of stdout: nothing to put another in place.
            with Path(path).open("ab") as opened:
                opened.write(content)
        else:
            _replace(file, content)
    except OSError as error:
        raise WrongUsageError(f"{path} cannot be written: {error.strerror or error}.") from None
    return ""


def _replace(file: Path, content: bytes) -> None:
    """Write a file beside it first: whoever is interrupted, or runs out of disk, keeps the old."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(content)
        if file.exists():
            shutil.copymode(file, beside)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
