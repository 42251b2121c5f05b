"""The tutorial's commands print what the page shows, and its test passes and fails as it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorial.md"
TEXT = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
COMMANDS = [text.split("\n", 1) for kind, text in BLOCKS if kind == "console"]

pytest.importorskip("debug_toolbar", reason="the bookstore needs the toolbar")
pytestmark = pytest.mark.skipif(not TEXT, reason="the documentation is not here")


def run(command, folder):
    """Run a command of the page in `folder`; return all that it prints."""
    prompt, *arguments = command.split()[1:]
    assert prompt == "python"
    env = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    env |= {
        "DJANGO_SETTINGS_MODULE": "demo_bookstore.settings",
        "DEMO_BOOKSTORE_RUN": f"tutorial-{os.getpid()}",
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "NO_COLOR": "1",
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.stdout


def assert_shows(output, shown):
    """The lines of the page are there, in their order; times and lines of files may be others."""
    pattern = ".*"
    for line in filter(None, shown.splitlines()):
        wanted = ".*".join(map(re.escape, line.strip().split("...")))
        wanted = re.sub(r":\d+", r":\\d+", wanted)
        wanted = re.sub(r"[\d\\.]+\\ (ms|µs)", r"[\\d.]+\\ [mµn]s", wanted)
        pattern += wanted + ".*"
    assert re.search(pattern, output, re.DOTALL), f"{shown}\n--- is not in ---\n{output}"


def named(start):
    """Return the one block that begins so."""
    (text,) = (text for _, text in BLOCKS if text.startswith(start))
    return text


@pytest.mark.parametrize(
    ("command", "shown"), [each for each in COMMANDS if " test " not in each[0]]
)
def test_a_command_prints_what_the_page_shows(command, shown, tmp_path):
    """From any folder, given where the bookstore is."""
    assert_shows(run(command, tmp_path), shown)


def test_the_first_test(tmp_path):
    """It prints the tree; then it asserts, and passes; then it claims something wrong."""
    ((command, shown),) = (each for each in COMMANDS if " test " in each[0])
    file = tmp_path / "test_first.py"
    printing = named("import signalscope\n")
    file.write_text(printing, encoding="utf-8")
    assert_shows(run(command, tmp_path), shown)

    asserting = printing.replace(
        "        print(recording.tree())\n", named("        recording.assert_called")
    )
    file.write_text(asserting, encoding="utf-8")
    assert "\nOK" in run(command, tmp_path)

    file.write_text(asserting.replace("times=1", "times=2"), encoding="utf-8")
    assert_shows(run(command, tmp_path), named("AssertionError: "))
