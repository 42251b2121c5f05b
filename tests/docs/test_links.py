"""Links of the pages that Sphinx does not build lead somewhere; those of the others it checks."""

from __future__ import annotations

import re

import pytest

from tests.docs.blocks import ROOT, pages

PAGES = [each for each in pages() if not each.startswith("docs/")]

pytestmark = pytest.mark.skipif(
    not (ROOT / "docs").exists() or not (ROOT / "README.md").exists(), reason="this is no checkout"
)


def anchors(text):
    """Return what the headings of a page are called in links, as GitHub and the docs do it."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text("utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in link or link.startswith("mailto:"):
            continue
        file, _, anchor = link.partition("#")
        target = (ROOT / page).parent / file if file else ROOT / page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text("utf-8")), link


def test_the_readme_is_among_them():
    """With its picture, and links to more than a few pages."""
    links = re.findall(r"\]\((docs/[^)\s]+)\)", (ROOT / "README.md").read_text("utf-8"))
    assert "README.md" in PAGES
    assert len(links) > 10
    assert any(each.endswith(".png") for each in links)
