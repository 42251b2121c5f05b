"""docs/llms.txt, by which a language model finds its way, names each page."""

from __future__ import annotations

import re

import pytest

from tests.docs.blocks import ROOT, pages

FILE = ROOT / "docs" / "llms.txt"

pytestmark = pytest.mark.skipif(not FILE.exists(), reason="the documentation is not here")


def test_it_names_each_page_and_no_other():
    named = re.findall(r"^- \[[^\]]+\]\(([^)]+)\)", FILE.read_text("utf-8"), re.MULTILINE)
    # Where Sphinx puts the pages' Markdown, beside this file.
    there = {
        f"_sources/{each.removeprefix('docs/')}.txt" for each in pages() if each.startswith("docs/")
    }
    assert len(named) == len(set(named))
    assert set(named) == there


def test_it_has_the_form():
    """A title, a summary, text, and lists under headings."""
    lines = FILE.read_text("utf-8").splitlines()
    assert lines[0] == "# Signalscope"
    assert lines[2].startswith("> ")
    assert [line for line in lines if line.startswith("#")][1:] == [
        "## Begin",
        "## How-to",
        "## Reference",
        "## Explanation",
    ]
