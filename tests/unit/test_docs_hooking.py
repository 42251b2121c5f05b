"""docs/explanation/hooking.md lists the functions that are hooked, each and no other."""

from __future__ import annotations

import re
from pathlib import Path

import django
import pytest

from signalscope.patching import targets

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "hooking.md"
TEXT = PAGE.read_text("utf-8") if PAGE.exists() else ""

pytestmark = pytest.mark.skipif(not TEXT, reason="the documentation is not here")

ROW = re.compile(
    r"^\| `([\w.]+)`(?: \((\d\.\d)\))?(?:, ([\w ]+))? \| (`.+?`) \| [^|]+ \|$", re.MULTILINE
)


def listed(*when):
    """Return what the page says is hooked in this Django, on these occasions."""
    found = set()
    for module, since, occasion, functions in ROW.findall(TEXT):
        if occasion in when and (not since or tuple(map(int, since.split("."))) <= django.VERSION):
            found |= {(module, name) for name in re.findall(r"`([\w.]+)`", functions)}
    return found


def hooked(*groups):
    return {
        (module, each.name if each.owner is None else f"{each.owner}.{each.name}")
        for group in groups
        for module, weaves in group.items()
        for each in weaves
    }


def test_always():
    assert listed("") == hooked(targets.ESSENTIAL, targets.FURTHER)


def test_if_loaded():
    assert listed("if loaded") == hooked(*targets.IF_LOADED.values())


def test_for_recordings():
    found = hooked(*targets.FOR_RECORDINGS.values()) - hooked(*targets.IF_LOADED.values())
    if django.VERSION < (6, 0):
        # It is looked for in every Django, and hooked where it is loaded.
        found = {each for each in found if each[0] != "django.tasks.base"}
    assert listed("for recordings") == found


def test_each_line_is_read():
    table = TEXT.split("| in | functions |")[1].split("\n\n")[0]
    assert len(ROW.findall(table)) == len(table.splitlines()) - 2


def test_the_first_two_lines_are_what_nothing_can_be_seen_without():
    first = ROW.findall(TEXT)[:2]
    names = {(each[0], name) for each in first for name in re.findall(r"`([\w.]+)`", each[3])}
    assert names >= hooked(targets.ESSENTIAL)
    assert len(names) == 5
