"""The text forms of the command, as a whole: each is what was approved, on each Django."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import get_commands
from django.core.management.base import BaseCommand

from tests import golden
from tests.golden import assert_approved
from tests.testapp.models import Note, Tag
from tests.unit.commands import paid, printed, ran

FILES = Path(__file__).parents[1] / "files"
NAMED = "unit.commands"
"""What this file's own signals have in their names: other tests may have left theirs."""

pytestmark = pytest.mark.usefixtures("wired")


class Sells(BaseCommand):
    """Save, send, and say so."""

    # What other tests left connected, and the bookstore's pitfalls, are findings of the checks.
    requires_system_checks = ()

    def handle(self, **_):
        """Do it."""
        Tag.objects.create(name="a")
        Note.objects.create(title="a")
        Note.objects.bulk_create([Note(title="b"), Note(title="c")])
        paid.send_robust(sender=Note, instance=Note(pk=7), created=True)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("list", ["list", f"{NAMED}.paid"]),
        ("list-strong", ["list", f"{NAMED}.shipped"]),
        ("list-sender", ["list", f"{NAMED}.paid", "--sender", "testapp.Tag"]),
        ("list-orphans", ["list", f"{NAMED}.nobody_hears", "--orphans"]),
        ("why", ["why", f"{NAMED}.tell"]),
        ("why-not", ["why", f"{NAMED}.index", "--signal", "post_save", "--sender", "testapp.Tag"]),
        ("graph", ["graph", "--of", f"{NAMED}.paid", "--from", "RECORDING"]),
        ("graph-mermaid", ["graph", "--of", f"{NAMED}.paid", "--format", "mermaid"]),
        ("graph-dot", ["graph", "--of", f"{NAMED}.paid", "--format", "dot"]),
        ("report", ["report", FILES / "recording-1.json"]),
        ("report-early", ["report", FILES / "recording-1-early.json"]),
        ("rules", ["rules"]),
    ],
)
def test_text(recording_file, name, words):
    words = [recording_file if each == "RECORDING" else each for each in words]
    assert_approved(f"{name}.txt", printed(*words))


def test_differences_of_snapshots(tmp_path):
    file = tmp_path / "new.json"
    text = (FILES / "wiring-1.json").read_text()
    file.write_text(text.replace("signals.index", "signals.search").replace("false", "true"))
    text, status = ran("diff", FILES / "wiring-1.json", file)
    assert status == 1
    assert_approved("diff-snapshots.txt", text)


def test_differences_of_recordings(tmp_path):
    file = tmp_path / "new.json"
    text = (FILES / "recording-1.json").read_text()
    text = text.replace("signals.pack", "signals.wrap").replace('"count": 2', '"count": 9')
    file.write_text(text.replace('"duration_ns": 2750000', '"duration_ns": 9750000'))
    text, status = ran("diff", FILES / "recording-1.json", file)
    assert status == 1
    assert_approved("diff-recordings.txt", text)


@pytest.mark.django_db
def test_a_run(monkeypatch, capsys):
    """What is recorded now, rather than what a file holds."""
    found = {**get_commands(), "sells": Sells()}
    monkeypatch.setattr("signalscope.management.verbs.run.get_commands", lambda: found)
    monkeypatch.setattr("django.core.management.get_commands", lambda: found)
    ran("run", "--", "sells")
    assert_approved("run.txt", capsys.readouterr().err)


class TestApproving:
    """How these tests fail, and are mended."""

    @pytest.fixture(autouse=True)
    def _elsewhere(self, monkeypatch, tmp_path):
        monkeypatch.setattr(golden, "FOLDER", tmp_path)
        monkeypatch.delenv("SIGNALSCOPE_GOLDEN", raising=False)

    def test_what_differs_fails(self, tmp_path):
        (tmp_path / "x.txt").write_text("one\n")
        with pytest.raises(pytest.fail.Exception) as caught:
            assert_approved("x.txt", "two")
        assert "-one\n+two" in str(caught.value)
        assert "SIGNALSCOPE_GOLDEN=write" in str(caught.value)

    def test_what_nobody_approved_fails(self):
        with pytest.raises(pytest.fail.Exception):
            assert_approved("x.txt", "one")

    def test_writing_approves(self, monkeypatch):
        monkeypatch.setenv("SIGNALSCOPE_GOLDEN", "write")
        assert_approved("x.txt", "pk=3  1.2 ms  a/b.py:44")
        monkeypatch.delenv("SIGNALSCOPE_GOLDEN")
        assert_approved("x.txt", "pk=4  370 µs  a/b.py:5")


def test_each_file_belongs_to_a_test():
    text = Path(__file__).read_text("utf-8")
    names = [each.stem for each in golden.FOLDER.glob("*.txt")]
    assert "run" in names
    assert [each for each in names if f'"{each}' not in text] == []
