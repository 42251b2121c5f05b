"""The verbs that make recordings and show them: run and report."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.core.management import get_commands
from django.core.management.base import BaseCommand
from django.db.models.signals import post_save

from tests.testapp.models import Note
from tests.unit.commands import HERE, as_data, paid, printed, ran, refused, tell

pytestmark = pytest.mark.usefixtures("wired")


class TestReport:
    def test_as_text(self, recording_file):
        text = printed("report", recording_file)
        assert text.startswith("paid testapp.Note")
        assert f"{HERE}.bill" in text

    def test_as_html(self, recording_file, tmp_path):
        page = tmp_path / "page.html"
        assert "Written to" in printed(
            "report", recording_file, "--format", "html", "--output", page
        )
        assert page.read_text().startswith("<!doctype html>")
        assert f"{HERE}.bill" in page.read_text()

    def test_as_data(self, recording_file):
        assert as_data("report", recording_file) == json.loads(recording_file.read_text())

    def test_as_a_trace(self, recording_file):
        events = json.loads(printed("report", recording_file, "--format", "perfetto"))[
            "traceEvents"
        ]
        spans = [each for each in events if each["ph"] == "X"]
        assert [each["name"] for each in spans][:3] == [
            "paid testapp.Note",
            f"{HERE}.bill",
            "shipped testapp.Note",
        ]
        assert {each["tid"] for each in spans} == {0}
        outer, inner = spans[0], spans[1]
        assert outer["ts"] <= inner["ts"]
        assert inner["ts"] + inner["dur"] <= outer["ts"] + outer["dur"]

    def test_a_damaged_one(self, tmp_path):
        file = tmp_path / "x.json"
        file.write_text('{"schema": 1, "dispatches": [3]}')
        assert "\n" not in refused("report", file)
        file.write_text('{"schema": 99, "dispatches": []}')
        assert "install a newer one" in refused("report", file)


class Sends(BaseCommand):
    """Send, print, and end as it is told."""

    def add_arguments(self, parser):
        parser.add_argument("--fail", type=int)
        parser.add_argument("--die", action="store_true")

    def handle(self, **options):
        paid.send(sender=Note)
        sys.stdout.write("its own output\n")
        if options["die"]:
            raise KeyboardInterrupt
        if options["fail"]:
            sys.exit(options["fail"])


@pytest.mark.usefixtures("_sends")
class TestRun:
    @pytest.fixture
    def _sends(self, monkeypatch):
        found = {**get_commands(), "sends": Sends()}
        monkeypatch.setattr("signalscope.management.verbs.run.get_commands", lambda: found)
        monkeypatch.setattr("django.core.management.get_commands", lambda: found)

    def test_the_tree_goes_to_standard_error(self, capsys):
        assert ran("run", "--", "sends") == ("", 0)
        out, err = capsys.readouterr()
        assert out == "its own output\n"
        assert err.startswith("paid testapp.Note")
        assert f"1 {HERE}.bill" in err

    def test_its_status_is_passed_on(self, capsys):
        assert ran("run", "--", "sends", "--fail", 7)[1] == 7
        assert f"{HERE}.bill" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("name", "begins"),
        [("x.json", '{"schema"'), ("x.html", "<!doctype html>"), ("x.txt", "paid "), ("x", "{")],
    )
    def test_into_a_file(self, tmp_path, capsys, name, begins):
        file = tmp_path / name
        assert ran("run", "--output", file, "--", "sends") == ("", 0)
        assert file.read_text().startswith(begins)
        assert f"{HERE}.bill" in capsys.readouterr().err

    def test_written_though_it_dies(self, tmp_path):
        file = tmp_path / "x.json"
        with pytest.raises(KeyboardInterrupt):
            ran("run", "--output", file, "--", "sends", "--die")
        assert "bill" in printed("report", file)

    def test_in_another_format(self, capsys):
        ran("run", "--format", "json", "--", "sends")
        assert json.loads(capsys.readouterr().err)["dispatches"]

    def test_a_file_that_cannot_be_written(self, tmp_path, capsys):
        """The recording is shown all the same, and the command's status counts."""
        assert ran("run", "--output", tmp_path, "--", "sends", "--fail", 3)[1] == 3
        err = capsys.readouterr().err
        assert "cannot be written" in err
        assert f"{HERE}.bill" in err

    def test_what_is_no_command(self):
        assert "Did you mean sends?" in refused("run", "--", "send")
        assert "Name the command to run" in refused("run")
        assert "Name the command to run" in refused("run", "--")


@pytest.mark.django_db
def test_a_real_command(capsys):
    """With what it set off below a transaction of its own."""
    Group.objects.create(name="a")
    post_save.connect(tell, sender=Group)
    try:
        out, status = ran("run", "--", "check", "--tag", "models")
    finally:
        post_save.disconnect(tell, sender=Group)
    assert (out, status) == ("", 0)
    assert "(no dispatches)" in capsys.readouterr().err


WAITS = """
from django.dispatch import Signal
signal = Signal()
def hear(**_): pass
signal.connect(hear)
signal.send(sender=None)
signal.send(sender=None)
print("its own output")
input()
"""


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no pseudo-terminals here")
@pytest.mark.parametrize("is_terminal", [True, False])
def test_the_live_line(is_terminal):
    """It counts at a terminal, and leaves nothing there; elsewhere there is none."""
    ours, theirs = os.openpty() if is_terminal else os.pipe()
    running = subprocess.Popen(
        [sys.executable, "-m", "django", "signalscope", "run", "--", "shell", "-c", WAITS],
        cwd=Path(__file__).parents[2],
        env={"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": ".", "PATH": ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    with running, os.fdopen(ours, "rb", buffering=0) as terminal:
        # The command ends when it is told to: once the line is there.
        while is_terminal and b"\r\x1b[2K2 dispatches, 2 receiver calls" not in shown:
            if not select.select([terminal], [], [], 30)[0]:
                running.kill()
                pytest.fail(f"no live line, but {shown!r}")
            shown += terminal.read(1024)
        out, _ = running.communicate(b"\n", timeout=60)
        # At its end, a terminal whose other side is closed raises.
        with contextlib.suppress(OSError):
            while more := terminal.read(1024):
                shown += more
    assert running.returncode == 0
    assert out.endswith(b"its own output\n")
    text = shown.decode().replace("\r\n", "\n")
    assert ("\x1b[2K" in text) is is_terminal
    assert "hear" in text.rpartition("\x1b[2K")[2]
    assert "dispatches" not in text.rpartition("\x1b[2K")[2]
