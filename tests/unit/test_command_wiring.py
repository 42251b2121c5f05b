"""The verbs that tell what is connected: list, why, snapshot, diff and graph."""

from __future__ import annotations

import gc
import json
from pathlib import Path

import pytest
from django.db.models.signals import m2m_changed
from django.dispatch import Signal

from tests.saved import call, dispatch, recorded
from tests.testapp.models import Tag
from tests.unit import commands
from tests.unit.commands import (
    HERE,
    as_data,
    bill,
    index,
    paid,
    printed,
    ran,
    refused,
    tell,
)

pytestmark = pytest.mark.usefixtures("wired")


class TestList:
    def test_in_the_order_of_sending(self):
        lines = printed("list", "unit.commands.paid").splitlines()
        assert lines[0] == f"{HERE}.paid"
        assert lines[1].startswith(f"   1 {HERE}.bill  for any sender")
        assert lines[2].startswith("     connected at ")
        assert lines[3].startswith(f"   2 {HERE}.tell  for testapp.Note  uid tell/1")

    def test_strong_ones_and_places(self):
        line = printed("list", f"{HERE}.shipped").splitlines()[1]
        assert "  strong  " in line
        assert f"commands.py:{tell.__code__.co_firstlineno}" in line

    @pytest.mark.parametrize("part", ["unit.commands.bill", "COMMANDS.BIL", f"{HERE}.bill"])
    def test_by_a_part_of_a_name(self, part):
        found = as_data("list", part)["connections"]
        assert [each["receiver"] for each in found] == [f"{HERE}.bill"]

    def test_by_sender(self):
        """What a send by it would call."""
        names = [
            (each["receiver"], each["sender"])
            for each in as_data("list", "unit.commands", "--sender", "Note")["connections"]
        ]
        assert names == [
            (f"{HERE}.index", "testapp.Note"),
            (f"{HERE}.bill", None),
            (f"{HERE}.tell", "testapp.Note"),
            (f"{HERE}.tell", None),
        ]

    def test_by_app(self):
        found = as_data("list", "unit.commands", "--app", "testapp")["connections"]
        assert {each["sender"] for each in found} == {"testapp.Note"}

    def test_as_data(self):
        data = as_data("list", "unit.commands.tell", "--sender", "testapp.Note")
        assert (data["schema"], data["kind"]) == (1, "connections")
        first = data["connections"][0]
        assert first["dispatch_uid"] == "tell/1"
        assert (first["order"], first["weak"], first["is_async"]) == (2, True, False)
        assert first["file"] == commands.__file__
        assert first["connected_at"][0] == commands.__file__

    def test_orphans(self):
        assert f"  {HERE}.nobody_hears\n" in printed("list", "--orphans")
        assert as_data("list", "nobody_hears", "--orphans")["signals"] == [f"{HERE}.nobody_hears"]

    def test_what_is_not_there(self):
        assert "Did you mean" in refused("list", "unit.commands.bil1")
        assert "No app has the label 'testap'. Did you mean testapp?" in refused(
            "list", "--app", "testap"
        )
        assert "No sender is called" in refused("list", "--sender", "Nothing")


class TestWhy:
    def test_it_runs(self):
        text = printed("why", f"{HERE}.bill", "--signal", f"{HERE}.paid")
        assert text.startswith(f"{HERE}.bill runs when ")
        assert "It is connected to " in text

    def test_it_does_not_run(self):
        text = printed("why", f"{HERE}.index", "--signal", "post_save", "--sender", "testapp.Tag")
        assert f"{HERE}.index does not run when post_save is sent by testapp.Tag" in text

    def test_each_that_has_the_part(self):
        told = as_data("why", "unit.commands.")["answers"]
        assert sorted(each["receiver"] for each in told) == [
            f"{HERE}.bill",
            f"{HERE}.index",
            f"{HERE}.tell",
        ]
        assert all(each["runs"] and each["reasons"][0]["id"] == "connected" for each in told)

    def test_one_that_nobody_knows(self):
        """The nearest are named."""
        assert "Did you mean" in refused("why", f"{HERE}.bil1")
        assert "No signal is called 'post_sav" in refused("why", "bill", "--signal", "post_sav3")


class TestSnapshotAndDiff:
    @pytest.fixture(autouse=True)
    def _settled(self):
        """Let what other tests left behind die before, rather than meanwhile."""
        gc.collect()

    def test_no_difference(self, tmp_path):
        file = tmp_path / "sub" / "wiring.json"
        assert "connections of" in printed("snapshot", file)
        assert ran("diff", file) == ("No difference.\n", 0)
        assert ran("diff", file, file) == ("No difference.\n", 0)

    def test_it_can_be_reviewed(self, tmp_path):
        """Sorted, and without anything that is of this machine or of this run."""
        file = tmp_path / "wiring.json"
        printed("snapshot", file)
        first = file.read_text()
        printed("snapshot", file)
        assert file.read_text() == first
        assert str(Path(__file__).parents[2]) not in first
        data = json.loads(first)
        assert list(data["signals"]) == sorted(data["signals"])
        assert data["signals"][f"{HERE}.paid"][1] == {
            "receiver": f"{HERE}.tell",
            "sender": "testapp.Note",
            "dispatch_uid": "tell/1",
            "weak": True,
            "is_async": False,
        }
        assert list(tmp_path.iterdir()) == [file]

    def test_to_standard_output(self):
        assert json.loads(printed("snapshot", "-"))["kind"] == "wiring"

    def test_what_is_connected_now(self, tmp_path):
        file = tmp_path / "wiring.json"
        printed("snapshot", file)
        paid.disconnect(bill)
        paid.connect(index, sender=Tag)
        text, status = ran("diff", file)
        assert status == 1
        assert [line for line in text.splitlines() if HERE in line] == [
            f"- removed: {HERE}.bill on paid",
            f"+ added: {HERE}.index on paid of testapp.Tag",
        ]

    def test_another_order(self, tmp_path):
        file = tmp_path / "wiring.json"
        printed("snapshot", file)
        paid.disconnect(bill)
        paid.connect(bill)
        text, status = ran("diff", file, "--format", "json")
        (change,) = [each for each in json.loads(text)["changes"] if HERE in each["text"]]
        assert (status, change["kind"]) == (1, "reordered")
        assert f"was {HERE}.bill → {HERE}.tell, and is {HERE}.tell → {HERE}.bill" in change["text"]

    def test_a_signal_without_a_name(self):
        """It could not be known again."""
        signal = Signal()
        signal.connect(tell)
        try:
            names = list(json.loads(printed("snapshot", "-"))["signals"])
        finally:
            signal.disconnect(tell)
        assert names
        assert not any(name.startswith("<") for name in names)

    def test_recordings(self, tmp_path):
        old = recorded(
            dispatch(0, 9_000_000, calls=[call("a", 0, 1_000_000), call("b", 1_000_000, 3_000_000)])
        )
        new = recorded(
            dispatch(0, 9_000_000, calls=[call("b", 0, 5_000_000), call("c", 5_000_000, 6_000_000)])
        )
        files = [tmp_path / "old.json", tmp_path / "new.json"]
        for file, data in zip(files, (old, new), strict=True):
            file.write_text(json.dumps(data))
        text, status = ran("diff", *files)
        kinds = [line.split(":")[0] for line in text.splitlines()]
        assert (status, kinds) == (1, ["- vanished", "+ appeared", "~ slower"])
        assert "3.0 ms a call, now 5.0 ms" in text
        assert ran("diff", files[0], files[0])[1] == 0
        assert "Name the recording to compare with" in refused("diff", files[0])
        snapshot = tmp_path / "wiring.json"
        printed("snapshot", snapshot)
        assert "holds a wiring; what is wanted is recording" in refused("diff", files[0], snapshot)

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "is no JSON, or was cut short"),
            ('{"schema": 1, "kind": "wi', "is no JSON, or was cut short"),
            ("[" * 100_000, "is no JSON, or was cut short"),
            ("[1]", "was not written by Signalscope"),
            ("{}", "was not written by Signalscope"),
            ('{"schema": 1, "kind": "rules"}', "holds a rules; what is wanted is wiring or"),
            ('{"schema": 2, "kind": "wiring", "signals": {}}', "install a newer one"),
            ('{"schema": 1, "kind": "wiring", "signals": {"a": [{}]}}', "is damaged"),
            ('{"schema": 1, "kind": "wiring", "signals": {"a": {"b": 1}}}', "is damaged"),
            ('{"schema": 1, "kind": "wiring", "signals": [1]}', "is damaged"),
            ('{"schema": 1, "kind": "wiring"}', "is damaged"),
        ],
    )
    def test_a_file_that_is_none(self, tmp_path, text, says):
        """One line, and the status 2."""
        file = tmp_path / "x.json"
        file.write_text(text)
        message = refused("diff", file)
        assert says in message
        assert "\n" not in message

    def test_a_file_that_cannot_be_read_or_written(self, tmp_path):
        assert "cannot be read: No such file" in refused("diff", tmp_path / "none.json")
        assert "cannot be read" in refused("diff", tmp_path)
        (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
        assert "no text in UTF-8" in refused("diff", tmp_path / "bytes")
        assert "cannot be written" in refused("snapshot", tmp_path)


class TestGraph:
    def test_of_a_signal(self):
        assert printed("graph", "--of", f"{HERE}.paid").splitlines() == [
            "paid",
            f"└─ {HERE}.bill",
            "paid testapp.Note",
            f"├─ {HERE}.tell",
            f"└─ {HERE}.bill",
        ]

    def test_with_what_was_recorded(self, recording_file):
        """What a receiver sent in turn hangs under it."""
        text = printed("graph", "--of", f"{HERE}.paid", "--from", recording_file)
        assert text.splitlines()[:4] == [
            "paid",
            f"└─ {HERE}.bill",
            "   └─ shipped testapp.Note",
            f"      └─ {HERE}.tell",
        ]
        assert "shipped testapp.Note (see above)" in text

    def test_of_a_model(self):
        lines = printed("graph", "--of", "testapp.Note").splitlines()
        assert {"post_save testapp.Note", "paid testapp.Note"} <= set(lines)
        assert f"{HERE}.index" in printed("graph", "--of", "Note")

    def test_of_a_model_that_nothing_names(self):
        """What is connected for any sender hears it, too."""
        m2m_changed.connect(tell)
        try:
            text = printed("graph", "--of", "testapp.Tag")
        finally:
            m2m_changed.disconnect(tell)
        assert f"m2m_changed testapp.Tag\n└─ {HERE}.tell" in text

    def test_as_data(self, recording_file):
        data = json.loads(printed("graph", "--from", recording_file, "--format", "json"))
        assert {
            "receiver": f"{HERE}.bill",
            "sends": [{"signal": f"{HERE}.shipped", "sender": "testapp.Note"}],
        } in data["receivers"]

    def test_what_is_not_there(self):
        assert "No sender or signal is called 'Nothing'" in refused("graph", "--of", "Nothing")
