"""The page on the settings says what `signalscope.conf` does."""

from __future__ import annotations

import ast
import dataclasses
import re
from pathlib import Path

import pytest

from signalscope import conf
from signalscope.checks import check_settings

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"
TEXT = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""

pytestmark = pytest.mark.skipif(not TEXT, reason="the documentation is not here")

ROWS = re.findall(r"^\| \[`([A-Z_]+)`\]\(#(.+?)\) \| .+? \| `(.+?)` \| ", TEXT, re.MULTILINE)
ERRORS = re.findall(r"^\| `(\{.+?\})` \| `(.+?)` \| `(.+?)` \|$", TEXT, re.MULTILINE)


def test_the_page_lists_each_key_in_order():
    """As the dataclass has them."""
    assert tuple(key for key, _, _ in ROWS) == conf.KEYS


def test_the_page_has_the_defaults():
    """But for the one that another setting decides."""
    shown = {key: default for key, _, default in ROWS}
    assert shown.pop("ENABLED") == "DEBUG"
    defaults = dataclasses.asdict(conf.Settings(enabled=False))
    listed = {
        key: list(default) if isinstance(default, tuple) else default
        for key, default in ((key, defaults[key.lower()]) for key in shown)
    }
    assert {key: ast.literal_eval(default) for key, default in shown.items()} == listed


def test_each_key_has_a_section():
    """The table leads there, and nothing else is a section with the name of a key."""
    headings = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    assert {anchor for _, anchor, _ in ROWS} <= anchors
    named = {word for heading in headings for word in re.findall(r"[A-Z_]{5,}|DENY", heading)}
    assert named == set(conf.KEYS)


@pytest.mark.parametrize(("setting", "message", "hint"), ERRORS)
def test_the_check_says_what_the_page_says(settings, setting, message, hint):
    """Word by word."""
    settings.SIGNALSCOPE = ast.literal_eval(setting)
    (error,) = check_settings()
    assert (error.id, error.msg, error.hint) == ("signalscope.E001", message, hint)


def test_the_page_shows_errors():
    """So that the test above does not pass for want of any."""
    assert ERRORS
