"""The management command: its verbs, what they print, and their exit status."""

from __future__ import annotations

import gc
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command, get_commands
from django.core.management.base import BaseCommand
from django.db.models.signals import m2m_changed, post_save
from django.dispatch import Signal

import signalscope
from signalscope.diagnosis.catalogue import RULES
from signalscope.management.commands.signalscope import Command
from signalscope.rendering.comparing import recordings, wirings
from signalscope.rendering.graphs import Graph, drawn
from signalscope.rendering.perfetto import trace
from tests.saved import call, dispatch, recorded
from tests.testapp.models import Note, Tag

HERE = __name__
paid = Signal()
shipped = Signal()
nobody_hears = Signal()


def bill(**_):
    """Send another signal."""
    shipped.send(sender=Note)


def tell(**_):
    """Do nothing."""


def index(**_):
    """Do nothing."""


@pytest.fixture(autouse=True)
def _wired():
    signalscope.install()
    paid.connect(bill)
    paid.connect(tell, sender=Note, dispatch_uid="tell/1")
    shipped.connect(tell, weak=False)
    post_save.connect(index, sender=Note)
    yield
    paid.receivers, shipped.receivers = [], []
    post_save.disconnect(index, sender=Note)
    signalscope.uninstall()


def ran(*arguments):
    """Run the command, and return what it prints and its status."""
    out = io.StringIO()
    try:
        call_command("signalscope", *map(str, arguments), stdout=out, no_color=True)
    except SystemExit as error:
        return out.getvalue(), error.code
    return out.getvalue(), 0


def printed(*arguments):
    text, status = ran(*arguments)
    assert status == 0, text
    return text


def as_data(*arguments):
    return json.loads(printed(*arguments, "--format", "json"))


def refused(*arguments):
    """Return the message of a wrong usage."""
    with pytest.raises(CommandError) as caught:
        ran(*arguments)
    assert caught.value.returncode == 2 or "argument" in str(caught.value), arguments
    return str(caught.value)


PAGE = Path(__file__).parents[2] / "docs" / "reference" / "command-line.md"


@pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not here")
class TestPage:
    def test_names_every_verb_and_option(self):
        text = PAGE.read_text("utf-8")
        parser = Command().create_parser("manage.py", "signalscope")
        (verbs,) = [each for each in parser._actions if each.dest == "verb"]
        wanted = set(verbs.choices)
        for verb in verbs.choices.values():
            wanted |= {name for each in verb._actions for name in each.option_strings}
        common = {"-h", "--help", "--force-color", "--traceback"}
        assert [each for each in wanted - common if not re.search(rf"`{each}\b", text)] == []

    def test_names_no_option_that_is_none(self):
        parser = Command().create_parser("manage.py", "signalscope")
        (verbs,) = [each for each in parser._actions if each.dest == "verb"]
        known = {
            name
            for verb in verbs.choices.values()
            for e in verb._actions
            for name in e.option_strings
        }
        named = set(re.findall(r"(?<![-\w])--[a-z][-a-z]*", PAGE.read_text("utf-8")))
        assert named - known == set()


class TestList:
    def test_in_the_order_of_sending(self):
        lines = printed("list", "test_command.paid").splitlines()
        assert lines[0] == f"{HERE}.paid"
        assert lines[1].startswith(f"   1 {HERE}.bill  for any sender")
        assert lines[2].startswith("     connected at ")
        assert lines[3].startswith(f"   2 {HERE}.tell  for testapp.Note  uid tell/1")

    def test_strong_ones_and_places(self):
        line = printed("list", f"{HERE}.shipped").splitlines()[1]
        assert "  strong  " in line
        assert f"test_command.py:{tell.__code__.co_firstlineno}" in line

    @pytest.mark.parametrize("part", ["test_command.bill", "COMMAND.BIL", f"{HERE}.bill"])
    def test_by_a_part_of_a_name(self, part):
        found = as_data("list", part)["connections"]
        assert [each["receiver"] for each in found] == [f"{HERE}.bill"]

    def test_by_sender(self):
        """What a send by it would call."""
        names = [
            (each["receiver"], each["sender"])
            for each in as_data("list", "test_command", "--sender", "Note")["connections"]
        ]
        assert names == [
            (f"{HERE}.index", "testapp.Note"),
            (f"{HERE}.bill", None),
            (f"{HERE}.tell", "testapp.Note"),
            (f"{HERE}.tell", None),
        ]

    def test_by_app(self):
        found = as_data("list", "test_command", "--app", "testapp")["connections"]
        assert {each["sender"] for each in found} == {"testapp.Note"}

    def test_as_data(self):
        data = as_data("list", "test_command.tell", "--sender", "testapp.Note")
        assert (data["schema"], data["kind"]) == (1, "connections")
        first = data["connections"][0]
        assert first["dispatch_uid"] == "tell/1"
        assert (first["order"], first["weak"], first["is_async"]) == (2, True, False)
        assert first["file"] == __file__
        assert first["connected_at"][0] == __file__

    def test_orphans(self):
        assert f"  {HERE}.nobody_hears\n" in printed("list", "--orphans")
        assert as_data("list", "nobody_hears", "--orphans")["signals"] == [f"{HERE}.nobody_hears"]

    def test_what_is_not_there(self):
        assert "Did you mean" in refused("list", "test_command.bil1")
        assert "No app has the label 'testap'. Did you mean testapp?" in refused(
            "list", "--app", "testap"
        )
        assert "No sender is called" in refused("list", "--sender", "Nothing")


class TestColour:
    def test_where_it_is_wanted(self):
        out = io.StringIO()
        call_command("signalscope", "list", "test_command.paid", stdout=out, force_color=True)
        assert "\x1b[" in out.getvalue()

    def test_where_it_is_not(self, monkeypatch):
        """By an option, by the variable that all programs know, or in a pipe."""
        monkeypatch.setattr("django.core.management.color.supports_color", lambda: True)
        out = io.StringIO()
        call_command("signalscope", "list", "test_command.paid", stdout=out)
        assert "\x1b[" in out.getvalue()
        monkeypatch.setenv("NO_COLOR", "1")
        out = io.StringIO()
        call_command("signalscope", "list", "test_command.paid", stdout=out)
        assert "\x1b[" not in out.getvalue()
        assert "\x1b[" not in printed("list", "test_command.paid")


class TestWhy:
    def test_it_runs(self):
        text = printed("why", f"{HERE}.bill", "--signal", f"{HERE}.paid")
        assert text.startswith(f"{HERE}.bill runs when ")
        assert "It is connected to " in text

    def test_it_does_not_run(self):
        text = printed("why", f"{HERE}.index", "--signal", "post_save", "--sender", "testapp.Tag")
        assert f"{HERE}.index does not run when post_save is sent by testapp.Tag" in text

    def test_each_that_has_the_part(self):
        told = as_data("why", "test_command.")["answers"]
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

    def test_held_in_another_way(self):
        one = {"receiver": "a", "sender": None, "dispatch_uid": None, "weak": True}
        before, after = {**one, "is_async": False}, {**one, "weak": False, "is_async": True}
        kinds = [each.text for each in wirings({"s": [before]}, {"s": [after]})]
        assert kinds == [
            "a on s: weak was True, and is False",
            "a on s: is_async was False, and is True",
        ]

    def test_several_that_look_alike(self):
        """Are not compared with each other."""
        one = {"receiver": "a", "sender": None, "dispatch_uid": None, "is_async": False}
        alike = [{**one, "weak": True}, {**one, "weak": False}]
        assert wirings({"s": alike}, {"s": alike[::-1]}) == []
        assert [each.kind for each in wirings({"s": alike}, {"s": alike[:1]})] == ["removed"]

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

    def test_an_order_that_no_send_sees(self):
        one = {"receiver": "a", "sender": "x", "dispatch_uid": None, "weak": 1, "is_async": 1}
        other = {**one, "receiver": "b", "sender": "y"}
        assert wirings({"s": [one, other]}, {"s": [other, one]}) == []

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

    def test_recordings_that_ran_more(self):
        more = {"count": 4, "duration_ns": 1, "repeated": {}}
        one, other = call("a", 0, 1), call("b", 1, 2)
        old = recorded(dispatch(calls=[one, other]))
        new = recorded(
            dispatch(calls=[call("b", 0, 1), call("a", 1, 2) | {"queries": more}]),
            dispatch(id=3, calls=[call("b", 0, 1)]),
        )
        assert [each.kind for each in recordings(old, new)] == ["queries", "calls", "moved"]

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
    @pytest.fixture
    def seen(self, tmp_path):
        """A recording in which a receiver sent a signal."""
        with signalscope.record() as recording:
            paid.send(sender=Note)
        file = tmp_path / "recording.json"
        file.write_text(json.dumps(recording.to_dict()))
        return file

    def test_of_a_signal(self):
        assert printed("graph", "--of", f"{HERE}.paid").splitlines() == [
            "paid",
            f"└─ {HERE}.bill",
            "paid testapp.Note",
            f"├─ {HERE}.tell",
            f"└─ {HERE}.bill",
        ]

    def test_with_what_was_recorded(self, seen):
        """What a receiver sent in turn hangs under it."""
        text = printed("graph", "--of", f"{HERE}.paid", "--from", seen)
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

    def test_of_what_a_receiver_sends_again(self):
        """It is what was asked for all the same."""
        graph = Graph()
        graph.connect(("post_save", "shop.Book"), "number")
        graph.trigger("number", ("post_save", "shop.Book"))
        graph.connect(("post_delete", "shop.Book"), "tidy")
        part = graph.below([("post_save", "shop.Book"), ("post_delete", "shop.Book")])
        assert drawn(part, "text").splitlines() == [
            "post_save shop.Book",
            "└─ number",
            "   └─ post_save shop.Book (see above)",
            "post_delete shop.Book",
            "└─ tidy",
        ]

    def test_of_a_model_that_nothing_names(self):
        """What is connected for any sender hears it, too."""
        m2m_changed.connect(tell)
        try:
            text = printed("graph", "--of", "testapp.Tag")
        finally:
            m2m_changed.disconnect(tell)
        assert f"m2m_changed testapp.Tag\n└─ {HERE}.tell" in text

    @pytest.mark.parametrize(
        ("how", "lines"),
        [
            ("mermaid", ["flowchart LR", '  n0(["post_save #lt;b#gt;"])', "  n0 --> n1"]),
            ("dot", ["digraph signals {", '  n1 [label="a\\"b"];', "  n0 -> n1;", "}"]),
        ],
    )
    def test_names_are_escaped(self, how, lines):
        graph = Graph()
        graph.connect(("post_save", "<b>"), 'a"b')
        drawing = drawn(graph, how).splitlines()
        assert [line for line in lines if line not in drawing] == []

    def test_as_data(self, seen):
        data = json.loads(printed("graph", "--from", seen, "--format", "json"))
        assert {
            "receiver": f"{HERE}.bill",
            "sends": [{"signal": f"{HERE}.shipped", "sender": "testapp.Note"}],
        } in data["receivers"]

    def test_a_cycle_ends(self):
        """And a chain may be longer than the stack."""
        graph = Graph()
        for at in range(3000):
            graph.connect((f"s{at}", None), f"r{at}")
            graph.trigger(f"r{at}", (f"s{(at + 1) % 3000}", None))
        lines = drawn(graph, "text").splitlines()
        assert lines[0] == "s0"
        assert lines[6000].strip() == "└─ s0 (see above)"

    def test_what_is_not_there(self):
        assert "No sender or signal is called 'Nothing'" in refused("graph", "--of", "Nothing")


class TestReport:
    @pytest.fixture
    def file(self, tmp_path):
        """A recording with concurrent calls, an error, and one that has not ended."""
        with signalscope.record() as recording:
            paid.send(sender=Note)
        file = tmp_path / "recording.json"
        file.write_text(json.dumps(recording.to_dict()))
        return file

    def test_as_text(self, file):
        text = printed("report", file)
        assert text.startswith("paid testapp.Note")
        assert f"{HERE}.bill" in text

    def test_as_html(self, file, tmp_path):
        page = tmp_path / "page.html"
        assert "Written to" in printed("report", file, "--format", "html", "--output", page)
        assert page.read_text().startswith("<!doctype html>")
        assert f"{HERE}.bill" in page.read_text()

    def test_as_data(self, file):
        assert as_data("report", file) == json.loads(file.read_text())

    def test_as_a_trace(self, file):
        events = json.loads(printed("report", file, "--format", "perfetto"))["traceEvents"]
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


def nests(events):
    """Tell whether the spans of each track nest, as the format demands."""
    for track in {each["tid"] for each in events}:
        ends = []
        for each in sorted(
            (each for each in events if each["tid"] == track),
            key=lambda each: (each["ts"], -each["dur"]),
        ):
            while ends and ends[-1] <= each["ts"]:
                ends.pop()
            if ends and each["ts"] + each["dur"] > ends[-1]:
                return False
            ends.append(each["ts"] + each["dur"])
    return True


class TestPerfetto:
    def test_what_runs_at_once_has_tracks_of_its_own(self):
        data = recorded(
            dispatch(0, 100_000, calls=[call("a", 0, 60_000), call("b", 10_000, 90_000)]),
            dispatch(50_000, 300_000, id=2),
        )
        spans = [each for each in trace(data)["traceEvents"] if each["ph"] == "X"]
        assert len({each["tid"] for each in spans}) == 3
        assert nests(spans)

    def test_what_has_not_ended(self):
        data = recorded(dispatch(0, 100_000, calls=[call("a", 0, None)]))
        (_, span) = [each for each in trace(data)["traceEvents"] if each["ph"] == "X"]
        assert span["args"]["not ended"] is True

    def test_an_empty_one(self):
        assert [each["ph"] for each in trace(recorded())["traceEvents"]] == ["M", "M"]


class TestRules:
    def test_all(self):
        lines = printed("rules").splitlines()
        assert [line.split()[0] for line in lines] == list(RULES)

    @pytest.mark.parametrize("name", ["W101", "w101", "recursion"])
    def test_one(self, name):
        assert printed("rules", name).startswith("# W101 recursion\n")

    def test_as_data(self):
        (rule,) = as_data("rules", "W006")["rules"]
        assert (rule["name"], rule["of"]) == ("short-lived-receiver", "wiring")
        assert "weak=False" in rule["page"]

    def test_none(self):
        assert "'W999' is no id of a rule." in refused("rules", "W999")


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


def status_of(*arguments):
    """Run the command as people do; return its status, and what it says of an error."""
    done = subprocess.run(
        [sys.executable, "-m", "django", "signalscope", *arguments],
        cwd=Path(__file__).parents[2],
        env={"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": ".", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stderr


def test_wrong_usage_is_status_2_and_no_traceback():
    """As the shell sees it: an unknown verb, option, name, file and command."""
    for arguments in (
        [],
        ["lst"],
        ["list", "--formt"],
        ["why", "nothing_is_called_so"],
        ["report", "none.json"],
        ["run", "--", "migrat"],
    ):
        status, err = status_of(*arguments)
        assert status == 2, arguments
        assert err
        assert "Traceback" not in err


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
