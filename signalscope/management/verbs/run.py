"""Run a management command under a recording, and print what it set off to standard error.

The command's own output and exit status stay as they are. What follows -- is the command, as in
`run -- loaddata books.json`. With --output the recording is written even if the command fails.
"""

from __future__ import annotations

import argparse
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management import ManagementUtility, get_commands

import signalscope.recording
from signalscope.management.verbs.outcome import Outcome, WrongUsageError, write
from signalscope.management.verbs.report import FORMATS, rendered
from signalscope.registry.live import suggestion
from signalscope.rendering.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signalscope.recording import Recording

__all__ = ["add_arguments", "answer"]

_SUFFIXES = {".json": "json", ".html": "html", ".txt": "text"}
_SECONDS = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--output", metavar="FILE", help="write the recording there, too")
    parser.add_argument(
        "--format",
        choices=FORMATS,
        help="of FILE, where its name does not tell; of what is printed",
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND ...")


def answer(options: dict[str, Any], style: Any) -> Outcome:
    """Run the command."""
    command = options["command"][options["command"][:1] == ["--"] :]
    if not command:
        raise WrongUsageError("Name the command to run: signalscope run -- migrate --plan")
    if command[0] not in get_commands():
        raise WrongUsageError(_unknown(command[0]))
    how, output = options["format"], options["output"]
    if output is not None and how is None:
        how = _SUFFIXES.get(Path(output).suffix, "json")
    with signalscope.recording.record() as recording:
        try:
            with _live_line(recording):
                ManagementUtility([sys.argv[0], *command]).execute()
        finally:
            _tell(recording, how or "text", output, style)
    return Outcome("")


def _unknown(name: str) -> str:
    near = suggestion(name, get_commands())
    return f"No command is called {name!r}.{f' {near}' if near else ''}"


def _tell(recording: Recording, how: str, output: str | None, style: Any) -> None:
    sys.stdout.flush()
    try:
        if output is None:
            shown = rendered(recording, how)
        else:
            shown = write(output, rendered(recording, how)) or recording.tree()
    except WrongUsageError as error:
        shown = f"{recording.tree()}\n{style.ERROR(str(error))}"
    except Exception as error:  # noqa: BLE001 - the status is the command's, whatever is wrong here
        problem = f"The recording cannot be shown, by a fault of Signalscope: {error!r}."
        shown = style.ERROR(problem)
    encoding = sys.stderr.encoding or "utf-8"
    sys.stderr.write(shown.encode(encoding, "replace").decode(encoding) + "\n")


@contextmanager
def _live_line(recording: Recording) -> Iterator[None]:
    """Tell, while the command runs, how much was seen; only a person at a terminal sees it."""
    if not sys.stderr.isatty():
        yield
        return
    ended = threading.Event()

    def tell() -> None:
        while not ended.wait(_SECONDS):
            seen = list(recording.walk())
            calls = sum(len(each.calls) for each in seen)
            line = f"{count(len(seen), 'dispatch', 'dispatches')}, {count(calls, 'receiver call')}"
            sys.stderr.write(f"\r\x1b[2K{line}")
            sys.stderr.flush()

    thread = threading.Thread(target=tell, daemon=True, name="signalscope-live-line")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        sys.stderr.write("\r\x1b[2K")
