"""Wherever a program sends from, it does the same with us as without.

What each says is compared to the letter. Those that are struck by an exception say where it got
lost, which it must nowhere.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.circumstances import CIRCUMSTANCES, COUNTED

ROOT = Path(__file__).parents[2]
NOT_COUNTED = {
    # They come after the count, or before anything listens.
    "at_exit": {"recorded", "told"},
    "in_finalisers_at_exit": {"recorded", "told"},
    "in_ready": {"recorded", "told"},
    # Each worker counts for itself.
    "in_forked_workers": {"recorded", "told"},
    "in_spawned_workers": {"recorded", "told"},
    # A recording is one of a context, and a thread begins with an empty one.
    "in_a_daemon_thread_at_exit": {"recorded"},
    "in_children_forked_beside_threads": {"recorded"},
    "in_threads_of_c": {"recorded"},
}


def run(name, how, folder):
    """Run one; return what it said and how it ended, and how many dispatches were counted."""
    file = folder / f"{name}-{how}"
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.circumstances", name, how],
        cwd=ROOT,
        env={**os.environ, COUNTED: str(file), "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return (done.returncode, done.stdout, done.stderr), int(
        file.read_text() if file.exists() else -1
    )


@pytest.mark.parametrize("name", CIRCUMSTANCES)
def test_a_program_does_the_same(name, tmp_path):
    plain, _ = run(name, "plain", tmp_path)
    assert plain[0] == 0, plain
    assert plain[1], "it says something"
    for how in ("recorded", "told"):
        said, counted = run(name, how, tmp_path)
        assert said == plain, how
        assert (counted > 0) == (how not in NOT_COUNTED.get(name, ())), how
