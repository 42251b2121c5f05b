"""The page on privacy says where data of the program ends up, and where it does not."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.dispatch import Signal

import signalscope
from signalscope.integrations.logging import LoggingSink
from signalscope.notes import facts_of
from signalscope.rendering.perfetto import trace
from signalscope.rendering.report import report
from signalscope.rendering.suite import facts_of_test
from tests.unit.programs import connections

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "privacy.md"
TEXT = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""

pytestmark = pytest.mark.skipif(not TEXT, reason="the documentation is not here")

KEY, MESSAGE, STATEMENT = "key-0451", "message-0451", "statement-0451"
checked = Signal()


def rows(title):
    """Return the cells of a section's tables, by the names in the first one."""
    section = TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]
    found = re.findall(r"^\| (.+) \|$", section, re.MULTILINE)
    return {cells[0]: cells[1:] for cells in (row.split(" | ") for row in found)}


def look(**_):
    """Write a value into the text of its SQL, and another one into an error."""
    for _ in range(5):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT '{STATEMENT}'")
    raise ValueError(MESSAGE)


@pytest.fixture
def outputs(db, tmp_path, monkeypatch):
    """What each way of looking at one recording tells, by the rows of the page."""
    lines = []
    logger = logging.getLogger(__name__)
    monkeypatch.setattr(logger, "propagate", False)
    monkeypatch.setattr(logger, "level", logging.DEBUG)
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(str(vars(record)))
    monkeypatch.setattr(logger, "handlers", [handler])
    sink = LoggingSink(logger=logger)
    file = tmp_path / "signals.json"
    with connections() as connect:
        connect(checked, look)
        signalscope.install()
        signalscope.add_sink(sink)
        try:
            with signalscope.record(checked) as recording:
                checked.send_robust(sender=None, instance=User(pk=KEY), action="see")
            call_command("signalscope", "snapshot", str(file), verbosity=0)
        finally:
            signalscope.remove_sink(sink)
            signalscope.uninstall()
    saved = recording.to_dict()
    return {
        "`to_dict()`, JSON, the HTML report": [json.dumps(saved), report(saved)],
        "`--format perfetto`": [json.dumps(trace(saved))],
        "`tree()`": [recording.tree()],
        "`outline()`, `shape()`": [recording.outline(), json.dumps(recording.shape())],
        "[lines of the log](../reference/events.md)": ["\n".join(lines)],
        "`pytest --signalscope-report`": [json.dumps(facts_of_test(recording))],
        "[`snapshot`](ci-lockfile.md)": [file.read_text(encoding="utf-8")],
    }


def test_what_goes_where(outputs):
    """A cell that begins with no means that it is nowhere in it, and any other that it is."""
    told = rows("What goes where")
    for name, texts in outputs.items():
        for cell, needle in zip(told[name], (KEY, MESSAGE, STATEMENT, __file__), strict=True):
            # What is shortened is not the path, though it is one.
            wanted = cell != "of findings, shortened" and not cell.startswith("no")
            for text in texts:
                assert (needle in text) is wanted, (name, cell, needle)


def test_the_arguments_that_are_kept():
    """Text of any other argument is left out."""
    (flags,) = (name for name in rows("What a record holds") if name.startswith("`created`"))
    sent = ["created", "raw", "using", "update_fields", "action", "reverse", "origin", "model"]
    sent += ["title", "email", "request", "user", "signal", "connection_name", "setting", "value"]
    assert set(facts_of(dict.fromkeys(sent, "text"))) == set(re.findall(r"`(\w+)`", flags))
