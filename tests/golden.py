"""Texts as they were approved; `SIGNALSCOPE_GOLDEN=write` approves what is there now."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "golden"

_VARYING = (
    (re.compile(r"\b\d+(?:\.\d)? (?:ns|µs|ms|s)\b"), "TIME"),
    (re.compile(r"(?<=\.py:)\d+\b"), "LINE"),
    (re.compile(r"(?<=\bpk=)\d+\b"), "PK"),
)


def normalised(text):
    """Return a text without times, line numbers and primary keys, which differ from run to run."""
    for pattern, name in _VARYING:
        text = pattern.sub(name, text)
    return text.replace(f"{Path(__file__).parents[1]}{os.sep}", "")


def assert_approved(name, text):
    """Assert that a text, normalised, is what the file of that name holds."""
    file = FOLDER / name
    shown = normalised(text).rstrip("\n") + "\n"
    if os.environ.get("SIGNALSCOPE_GOLDEN") == "write":
        FOLDER.mkdir(exist_ok=True)
        file.write_text(shown, encoding="utf-8")
    held = file.read_text(encoding="utf-8") if file.exists() else ""
    if shown != held:
        lines = difflib.unified_diff(
            held.splitlines(), shown.splitlines(), f"golden/{name}", "what is printed", lineterm=""
        )
        pytest.fail(
            "\n".join(
                [*lines, "", "If that is meant, approve it: SIGNALSCOPE_GOLDEN=write pytest …"]
            ),
            pytrace=False,
        )
