"""Beside others who patch Django's signals, or watch them, everybody sees what they would alone.

With the real libraries, each program in a process of its own (`tests.fidelity.beside`). Where one
is not installed its tests are skipped; `nox -s beside` installs them all.
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECEIVERS = {"plain": "plain", "method": "Listener.method", "asynchronous": "asynchronous"}
KINDS = ("plain", "decorated", "method", "object", "partial", "asynchronous")


def needs(module):
    try:
        there = find_spec(module) is not None
    except ModuleNotFoundError:  # nor is the package around it
        there = False
    return pytest.mark.skipif(not there, reason=f"{module} is not installed: nox -s beside")


@functools.cache  # of JSON, so that nothing is shared
def _output(program, *arguments):
    command = [sys.executable, "-W", "error", "-m", "tests.fidelity.beside", program]
    done = subprocess.run(
        [*command, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run(program, *arguments):
    """Return what a program of `tests.fidelity.beside` saw; warnings are errors there, too."""
    return json.loads(_output(program, *map(json.dumps, arguments)))


def expected(steps):
    """Say what Sentry, a recording and the sender see of one send after each step."""
    sentry = installed = held = recording = False
    for step in steps:
        if step in ("patch", "unpatch"):
            sentry = step == "patch"
        elif step == "install":
            installed = True
        elif step == "record":
            recording = held = True
        elif step == "end":
            recording = held = False
        else:
            # An open recording stays open, and no longer keeps us installed.
            installed = held = False
        hooked = installed or held
        yield {
            "step": step,
            # Sentry leaves asynchronous receivers out.
            "spans": ["__main__.plain", "__main__.Listener.method"] if sentry else [],
            "recorded": len(RECEIVERS) if hooked and recording else 0,
            "responses": [
                [qualname, not sentry or kind == "asynchronous", kind]
                for kind, qualname in RECEIVERS.items()
            ],
            "untouched": not sentry and not hooked,
        }


@needs("sentry_sdk")
class TestSentry:
    @pytest.mark.parametrize(
        "steps",
        [
            ["patch", "install", "record", "end", "uninstall"],
            ["install", "patch", "record", "end", "uninstall", "unpatch"],
            ["record", "patch", "end", "unpatch"],
            ["patch", "record", "uninstall elsewhere", "unpatch", "install", "end", "uninstall"],
            ["install", "record", "patch", "unpatch", "uninstall elsewhere", "end"],
        ],
        ids=" ".join,
    )
    def test_started_before_or_after_us(self, steps):
        """Its own start patches; spans, responses and records are right after each step."""
        assert run("steps_beside_sentry", steps) == list(expected(steps))

    def test_every_order(self):
        """Of patching, installing, recording and the end of each; the end is as the beginning."""
        orders = run("all_orders_beside_sentry")
        assert len(orders) == 90
        for order in orders:
            assert order["seen"] == list(expected(order["steps"])), order["steps"]
            assert order["seen"][-1]["untouched"], order["steps"]

    def test_uninstalled_under_way(self):
        """From inside a receiver and in another thread: that send ends as it began."""
        assert run("uninstall_under_way_beside_sentry") == {
            "spans": [2, 2],
            "recorded": 2,
            "untouched": True,
        }

    @pytest.mark.parametrize("kind", KINDS)
    def test_records_name_the_receiver_itself(self, kind):
        """And not the wrapper that Sentry makes of it for each send; nor does muting miss it."""
        seen = run("records_beside_sentry")
        assert (seen["spans"], seen["responses"]) == (len(KINDS) - 1, len(KINDS))
        assert seen["facts"][kind] == {
            "name": True,
            "place": True,
            "found by itself": [True],
            "left when muted": len(KINDS) - 1,
            "left as responses": len(KINDS) - 1,
            "calls when replaced": 1,
        }


@needs("opentelemetry.instrumentation.django")
@needs("opentelemetry.sdk")
def test_opentelemetry():
    """Its spans of a request are the same with us, and ours of the signals the same with it."""
    found = run("requests_beside_opentelemetry")
    seen = found["seen"]
    ours = [
        ["request_started django.test.client.ClientHandler", 0, 1],
        ["noted", 0, 1],
        ["request_finished", 0, 2],
    ]
    without = ["<body>A page</body>", []]
    theirs = ["<body>A page</body>", [["GET", "SERVER", True]]]
    assert seen == {
        "neither": without,
        "ours": [without, ours],
        "theirs": theirs,
        "theirs, then ours": [theirs, ours],
        "ours, then theirs": [theirs, ours],
        "ours gone": theirs,
        "theirs gone": [without, ours],
    }
    assert found["untouched"]


@needs("debug_toolbar")
def test_the_toolbars_own_panel():
    """Its list of receivers is the same without us, installed, recording and gone."""
    found = run("toolbar_panel")
    without = found["seen"].pop("without")
    assert ["noted", ["plain", "Listener.method"]] in without
    assert found["seen"] == dict.fromkeys(("installed", "recording", "gone"), without)
    assert found["recorded"] == 1
    assert found["untouched"]


@needs("kaleidoscope")
def test_kaleidoscope():
    """It sees the sends that it sees alone, names who responded first, and we see the receivers."""
    found = run("sends_beside_kaleidoscope")
    names = ["__main__.plain", "__main__.Listener.method"]
    alone = {"theirs": [[1, names]], "recorded": names, "responses": [True, True]}
    assert found["seen"] == {
        "ours": {**alone, "theirs": []},
        "theirs, then ours": alone,
        "both": alone,
        "theirs gone": {**alone, "theirs": []},
        "ours, then theirs": alone,
    }
    # As the page that compares it says.
    assert found["first raised"] == [2, []]
    assert found["untouched"]


@needs("orbit")
def test_orbit():
    """It keeps what it keeps alone; the receiver that it calls once more is in no record."""
    seen = run("sends_beside_orbit")
    names = ["weak", "strong", "particular"]
    # As the page that compares it says: the one that is held, and needs no argument, runs twice.
    alone = {"kept": 1, "ran": [*([each, True] for each in names), ["strong", False]]}
    assert seen == {
        "without": alone,
        "recording": {**alone, "recorded": names},
        "installed": {**alone, "recorded": names},
        "gone": alone,
        "robust": {"kept": 0, "ran": [[each, True] for each in names]},
        "kept of a save": 0,
        "raising": {"kept": 0, "ran": [[each, True] for each in names]},
    }
