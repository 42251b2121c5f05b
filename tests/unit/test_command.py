"""The management command as a whole: its page, colours, wrong usage, and the verb rules."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import ManagementUtility, call_command

from signalscope.diagnosis.catalogue import RULES
from signalscope.management.commands.signalscope import Command
from tests.unit.commands import as_data, printed, refused

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
        common = {"-h", "--help"}
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


@pytest.mark.usefixtures("wired")
class TestColour:
    def test_where_it_is_wanted(self):
        out = io.StringIO()
        call_command("signalscope", "list", "unit.commands.paid", stdout=out, force_color=True)
        assert "\x1b[" in out.getvalue()

    def test_where_it_is_not(self, monkeypatch):
        """By an option, by the variable that all programs know, or in a pipe."""
        monkeypatch.setattr("django.core.management.color.supports_color", lambda: True)
        out = io.StringIO()
        call_command("signalscope", "list", "unit.commands.paid", stdout=out)
        assert "\x1b[" in out.getvalue()
        monkeypatch.setenv("NO_COLOR", "1")
        out = io.StringIO()
        call_command("signalscope", "list", "unit.commands.paid", stdout=out)
        assert "\x1b[" not in out.getvalue()
        assert "\x1b[" not in printed("list", "unit.commands.paid")


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


def test_djangos_own_options_after_the_verb():
    """Where other commands have them; the settings count, wherever they stand."""
    own = ["--no-color", "--traceback", "-v", "2", "--pythonpath", "."]
    assert status_of("rules", "W101", *own) == (0, "")
    status, err = status_of("rules", "--settings", "nobody.has_these")
    assert status == 1
    assert "No module named 'nobody'" in err


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("signalscope ", {"list", "run", "rules", "--no-color"}),
        ("signalscope r", {"report", "rules", "run"}),
        ("signalscope --no", {"--no-color"}),
        ("signalscope list --", {"--app=", "--format=", "--orphans", "--sender=", "--no-color"}),
        ("signalscope list --format=json --f", {"--force-color"}),
        ("signalscope graph --of Note --fro", {"--from="}),
        ("signalscope --no-color diff --form", {"--format="}),
        ("signalscope run -- migra", {"migrate"}),
        ("signalscope run -- migrate --pl", set()),
        ("migrate --pl", {"--plan"}),
    ],
)
def test_completion(line, offered, monkeypatch, capsys):
    """As Django completes for bash: verbs, then the options of the verb."""
    monkeypatch.setenv("DJANGO_AUTO_COMPLETE", "1")
    monkeypatch.setenv("COMP_WORDS", f"manage.py {line}")
    monkeypatch.setenv("COMP_CWORD", str(len(line.split()) + line.endswith(" ")))
    with pytest.raises(SystemExit):
        ManagementUtility(["manage.py"]).autocomplete()
    shown = set(capsys.readouterr().out.split())
    is_prefix = not line.endswith((" ", "--"))
    assert (shown == offered) if is_prefix else (shown >= offered)
    assert [each for each in shown if not each.startswith(line.rpartition(" ")[2])] == []
