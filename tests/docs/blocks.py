"""The blocks of the pages."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
# In a list, a block is indented.
_BLOCK = re.compile(r"^( *)(`{3,})\{?([\w:-]*)\}?[^\n]*\n(.*?)^\1\2$", re.MULTILINE | re.DOTALL)
SETTINGS = re.compile(
    r"^(SIGNALSCOPE|INSTALLED_APPS|LOGGING|DEBUG_TOOLBAR_\w+|TEST_RUNNER) = ", re.MULTILINE
)
"""What a fragment of a settings file has."""


class Block(NamedTuple):
    """A fenced block: where it is, which language it says it has, and its lines."""

    page: str
    number: int
    kind: str
    text: str

    def __str__(self):
        return f"{self.page}#{self.number}"


def pages():
    """Return the pages, relative to the checkout."""
    found = [*ROOT.joinpath("docs").rglob("*.md"), *ROOT.glob("*.md")]
    names = (each.relative_to(ROOT).as_posix() for each in found)
    return sorted(each for each in names if "_build" not in each and each != "CHANGELOG.md")


def blocks():
    """Return all blocks, page by page."""
    return [
        Block(page, number, found[3], dedent(found[4]))
        for page in pages()
        for number, found in enumerate(_BLOCK.finditer((ROOT / page).read_text("utf-8")))
    ]
