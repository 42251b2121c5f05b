"""Faults of our own: whatever breaks where a request or a command is shown, they go on."""

from __future__ import annotations

import logging
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.dispatch import Signal

import signalscope
from signalscope.integrations.logging import LoggingSink
from tests.testapp.models import Note

ROOT = Path(__file__).parents[2]
RECORDING = ROOT / "tests" / "files" / "recording-1.json"


def out_of_order(*_, **__):
    """Stand for a part of ours that has a bug."""
    raise KeyError("of ours")


class TestThePanel:
    """The page is worth more than the panel."""

    @pytest.mark.parametrize(
        "part",
        [
            "signalscope.recording.diagnose",
            "signalscope.rendering.data.recording_to_dict",
            "signalscope.integrations.debug_toolbar.stats.without_receivers_of",
        ],
    )
    def test_the_page_comes_all_the_same(self, part, settings, monkeypatch, caplog):
        pytest.importorskip("debug_toolbar", reason="the extra “toolbar” is not installed")
        from django.test import Client

        from tests.integrations import toolbar

        settings.DEBUG = True
        settings.ROOT_URLCONF = "tests.integrations.toolbar"
        settings.MIDDLEWARE = ["debug_toolbar.middleware.DebugToolbarMiddleware"]
        settings.INTERNAL_IPS = ["127.0.0.1"]
        settings.DEBUG_TOOLBAR_CONFIG = {"SHOW_TOOLBAR_CALLBACK": lambda _: True}
        settings.DEBUG_TOOLBAR_PANELS = [toolbar.PANEL]
        calls = []

        def once(*arguments, **named):
            calls.append(1)
            if len(calls) == 1:
                out_of_order()
            return original(*arguments, **named)

        module, _, name = part.rpartition(".")
        original = getattr(sys.modules[module], name)
        monkeypatch.setattr(part, once)
        response = Client().get("/page/")
        assert response.status_code == 200
        assert b"<p>Text</p>" in response.content
        assert b"Not recorded" in response.content
        assert calls
        assert "cannot be shown in the toolbar" in caplog.text


class TestTheCommand:
    """What runs under it has its own status; what is written is whole, or is not there."""

    def test_a_recording_that_cannot_be_shown(self, monkeypatch, capsys):
        monkeypatch.setattr("signalscope.management.verbs.run.rendered", out_of_order)
        with pytest.raises(SystemExit) as ended:
            call_command("signalscope", "run", "--", "check", "--fail-level=NOPE")
        assert ended.value.code == 2  # of `check`, which knows no such level
        assert "by a fault of Signalscope: KeyError('of ours')" in capsys.readouterr().err

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no device that is full")
    @pytest.mark.parametrize("words", [["snapshot"], ["report", RECORDING, "--output"]])
    def test_a_full_disk(self, words):
        """Devices are written to, and not replaced."""
        with pytest.raises(CommandError, match="cannot be written: No space left") as caught:
            call_command("signalscope", *map(str, words), "/dev/full")
        assert caught.value.returncode == 2
        assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)

    def test_the_old_file_stays_where_there_is_no_room(self, tmp_path):
        """By a limit on what this process may write, which is what a quota does."""
        file = tmp_path / "wiring.json"
        file.write_text("old\n")
        program = (
            "import resource, signal, django; django.setup()\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))\n"
            "from signalscope.management.verbs.outcome import WrongUsageError, write\n"
            f"try: write({str(file)!r}, 'new ' * 1000)\n"
            "except WrongUsageError as error: raise SystemExit(str(error)) from None\n"
        )
        done = subprocess.run(
            [sys.executable, "-B", "-c", program],  # no bytecode that is cut short
            env={"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": str(ROOT), "PATH": ""},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.stderr == f"{file} cannot be written: File too large.\n"
        assert file.read_text() == "old\n"
        assert list(tmp_path.iterdir()) == [file]

    def test_links_and_modes_stay(self, tmp_path):
        file, link = tmp_path / "real.json", tmp_path / "link.json"
        file.write_text("old")
        file.chmod(0o600)
        link.symlink_to(file)
        call_command("signalscope", "snapshot", str(link))
        assert link.is_symlink()
        assert file.read_text().startswith("{")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_a_pipe_is_written_to(self, tmp_path):
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        read = []
        reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
        reader.start()
        call_command("signalscope", "report", str(RECORDING), "--output", str(pipe))
        reader.join(30)
        assert "paid" in read[0]
        assert stat.S_ISFIFO(pipe.stat().st_mode)


class TestSinks:
    """What they raise stays theirs; what they take, the program waits for."""

    def test_a_handler_that_raises_is_dropped_and_told_of(self, caplog):

        class Full(logging.Handler):
            def emit(self, record):
                raise OSError(28, "No space left on device")

        logger = logging.getLogger("tests.faults.full")
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logger.addHandler(Full())
        sink = LoggingSink(logger=logger)
        sent = Signal()
        sent.connect(lambda **_: "fine", weak=False)
        signalscope.install()
        signalscope.add_sink(sink)
        try:
            answers = [sent.send(sender=None)[0][1] for _ in range(30)]
        finally:
            signalscope.remove_sink(sink)
            signalscope.uninstall()
        assert answers == ["fine"] * 30
        assert "No space left on device" in caplog.text
        assert "was dropped" in caplog.text

    def test_one_that_hangs_holds_the_sender_up(self):
        """A documented limit: sinks are called where the signal is sent, and not in a thread."""
        hangs, goes_on = threading.Event(), threading.Event()

        class Hanging:
            def dispatch_started(self, dispatch):
                hangs.set()
                goes_on.wait(30)

            def dispatch_finished(self, dispatch):
                pass

            receiver_started = receiver_finished = dispatch_finished

        sent, answers = Signal(), []
        sent.connect(lambda **_: "fine", weak=False)
        sink = Hanging()
        signalscope.install()
        signalscope.add_sink(sink)
        try:
            sender = threading.Thread(target=lambda: answers.extend(sent.send(sender=None)))
            sender.start()
            assert hangs.wait(30)
            assert not answers
            goes_on.set()
            sender.join(30)
        finally:
            signalscope.remove_sink(sink)
            signalscope.uninstall()
        assert [answer for _, answer in answers] == ["fine"]


@pytest.mark.django_db
def test_assertions_do_not_pass_because_a_rule_is_broken(monkeypatch):
    """Who asks for findings is told that there is no answer."""
    with signalscope.record() as recording:
        Note.objects.create(title="a")
    monkeypatch.setattr("signalscope.recording.diagnose", out_of_order)
    with pytest.raises(KeyError):
        recording.assert_no_findings()


def test_output_goes_to_what_the_shell_made_of_it(tmp_path):
    """/dev/stderr is a file there, which holds more than the report."""
    err = tmp_path / "err"
    with err.open("w") as opened:
        opened.write("before\n")
        opened.flush()
        subprocess.run(
            [
                *(sys.executable, "-m", "django", "signalscope"),
                *("report", RECORDING, "--output", "/dev/stderr"),
            ],
            env={"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": str(ROOT), "PATH": ""},
            stderr=opened,
            timeout=120,
            check=True,
        )
    assert err.read_text().startswith("before\n")
    assert "paid" in err.read_text()
