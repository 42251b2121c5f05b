"""The commands on the page of the command line print what stands below them, in the bookstore."""

from __future__ import annotations

import json
import re

import pytest

from tests.docs.blocks import ROOT, blocks
from tests.docs.project import WITH_TABLES, output_of

PAGES = ("docs/reference/command-line.md", "docs/how-to/ci-lockfile.md")
SHOWN = [each for each in blocks() if each.page in PAGES and each.kind == "console"]
COMMANDS = [
    (line.removeprefix("$ manage.py ").removeprefix("$ python manage.py "), below)
    for each in SHOWN
    for line, below in re.findall(r"^(\$ .+)\n((?:[^$].*\n)*)", each.text, re.MULTILINE)
]
_PAGE = ROOT / PAGES[1]
TABLE = _PAGE.read_text("utf-8") if _PAGE.exists() else ""
DIFFERENCES = re.findall(r"^\| `([-+~] .+?)` \|", TABLE, re.MULTILINE)

pytestmark = pytest.mark.skipif(not SHOWN, reason="the documentation is not here")

SETTINGS = """
from pathlib import Path

from demo_bookstore.settings import *

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
FIXTURE_DIRS = [Path(__file__).parent / "fixtures"]
"""
BOOK = {"model": "auth.group", "pk": 1, "fields": {"name": "readers", "permissions": []}}
PROGRAM = """
import contextlib
import io
import json
import shlex
import sys
from pathlib import Path

import signalscope
from demo_bookstore.bookstore.models import Book
from demo_bookstore.bookstore.services import post_review
from django.contrib.auth.models import User
from django.core.management import execute_from_command_line

book = Book.objects.create(title="Tides", price=10, published="2026-01-01")
reader = User.objects.create(username="robin")
with signalscope.record() as recording:
    post_review(book=book, user=reader, rating=4, text="Just right.")
Path("recording.json").write_text(json.dumps(recording.to_dict()))

told = []
for command in json.loads(sys.argv[1]):
    printed, status = io.StringIO(), 0
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            execute_from_command_line(["manage.py", *shlex.split(command, comments=True)])
        except SystemExit as error:
            status = error.code
    told.append([status or 0, printed.getvalue()])
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Give status and output of each command, one after the other in one folder."""
    pytest.importorskip("debug_toolbar", reason="the bookstore needs the toolbar")
    folder = tmp_path_factory.mktemp("console")
    said = output_of(
        folder,
        "",
        settings=SETTINGS,
        files={"commands.py": WITH_TABLES + PROGRAM, "fixtures/books.json": json.dumps([BOOK])},
        arguments=["commands.py", json.dumps([command for command, _ in COMMANDS])],
    )
    return folder, json.loads(said.splitlines()[-1])


def as_on_the_page(printed):
    """Return output with the bookstore as a project of its own, and without what differs."""
    short = printed.replace("demo_bookstore.bookstore", "bookstore")
    short = re.sub(r"(?:\S*/)?bookstore/signals", "bookstore/signals", short)
    return re.sub(r"\d+ connections of \d+", "_ connections of _", short).splitlines()


@pytest.mark.parametrize("number", range(len(COMMANDS)), ids=[each for each, _ in COMMANDS])
def test_a_command_prints_what_stands_below_it(number, told):
    """And ends well."""
    command, shown = COMMANDS[number]
    status, printed = told[1][number]
    assert status == 0, printed
    if " diff " in command:
        # Whose connections differ is made up; see below.
        assert printed == "No difference.\n"
    elif shown:
        assert as_on_the_page(printed) == as_on_the_page(shown), command


def test_files_are_written(told):
    """Those that the commands name."""
    named = {
        name
        for command, _ in COMMANDS
        for name in re.findall(r"(?:snapshot|--output) (\S+)", command)
    }
    assert named
    assert {name for name in named if not (told[0] / name).stat().st_size} == set()


def entry(receiver, sender=None, *, weak=True):
    """Return a connection as a snapshot has it."""
    return {
        "receiver": receiver,
        "sender": sender,
        "dispatch_uid": None,
        "weak": weak,
        "is_async": False,
    }


POST_SAVE = "django.db.models.signals.post_save"
BOOK_PURCHASED = "bookstore.signals.book_purchased"
AB = [entry("shop.a"), entry("shop.b")]
GREET = entry("shop.signals.greet", "auth.User")
PAIRS = [
    ({POST_SAVE: []}, {POST_SAVE: [GREET]}),
    ({POST_SAVE: [GREET]}, {POST_SAVE: []}),
    ({POST_SAVE: [GREET]}, {POST_SAVE: [{**GREET, "weak": False}]}),
    ({POST_SAVE: AB}, {POST_SAVE: AB[::-1]}),
    ({BOOK_PURCHASED: [entry("bookstore.signals.log_purchase")]}, {BOOK_PURCHASED: []}),
]


def test_the_differences_are_told_as_shown(tmp_path):
    """Each line of the two pages, for snapshots that differ so."""
    shown = {
        *(
            line
            for command, below in COMMANDS
            if " diff " in command
            for line in below.splitlines()
        ),
        *DIFFERENCES,
    } - {"No difference."}
    files = {}
    for number, pair in enumerate(PAIRS):
        for side, signals in zip("ab", pair, strict=True):
            snapshot = {"schema": 1, "kind": "wiring", "signals": signals}
            files[f"{number}{side}.json"] = json.dumps(snapshot)
    program = (
        "import django\nfrom django.core.management import call_command\n\ndjango.setup()\n"
        f"for number in range({len(PAIRS)}):\n"
        "    try:\n"
        '        call_command("signalscope", "diff", f"{number}a.json", f"{number}b.json")\n'
        "    except SystemExit as error:\n"
        "        assert error.code == 1\n"
    )
    said = output_of(tmp_path, program, settings='INSTALLED_APPS += ["signalscope"]\n', files=files)
    assert set(said.splitlines()) == shown
