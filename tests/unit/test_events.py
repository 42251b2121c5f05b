"""The page on events and keys says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from signalscope.rendering.events import CYCLE, DISPATCH, FINDING, FINDING_KEYS, KEYS, RECEIVER
from signalscope.surroundings import CONTEXT_KEYS, TRACE_KEYS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "events.md"


@pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not here")
@pytest.mark.parametrize(
    ("section", "names"),
    [
        ("Events", {DISPATCH, RECEIVER, FINDING}),
        ("Keys of an event", {*KEYS, CYCLE, *FINDING_KEYS}),
        ("Keys of your own lines", set(CONTEXT_KEYS)),
        ("Trace", set(TRACE_KEYS)),
    ],
)
def test_the_page_lists_each_name_once(section, names):
    text = PAGE.read_text(encoding="utf-8").split(f"\n## {section}\n")[1].split("\n## ")[0]
    listed = re.findall(r"^\| `(.+?)` \|", text, re.MULTILINE)
    assert sorted(listed) == sorted(names)
