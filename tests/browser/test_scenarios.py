"""A walk through all scenarios in a real browser, each played by its button."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("debug_toolbar", reason="the extra “toolbar” is not installed")
pytest.importorskip("playwright", reason="the dependency group “browser” is not installed")
pytest.importorskip("celery", reason="the dependency group “demo” is not installed")

from playwright.sync_api import expect

from demo_bookstore.scenarios.base import Pair
from demo_bookstore.scenarios.catalogue import CHAPTERS

pytestmark = pytest.mark.browser

ENTRIES = [entry for chapter in CHAPTERS for entry in chapter.entries]
PATIENCE = 90_000
"""Milliseconds that a scenario may take to be played; one starts a worker."""


def picture(page, name):
    """Keep a picture of the page, where SIGNALSCOPE_PICTURES names a folder for them."""
    folder = os.environ.get("SIGNALSCOPE_PICTURES")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def fits(page):
    """Return whether the page is as wide as the window, and no wider."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda each: each.slug)
def test_each_is_played(page, shop, entry):
    """It leaves the trace that it must, and says what was found."""
    page.goto(f"{shop.url}/scenarios/{entry.slug}/")
    page.get_by_role("button", name="Play").click()
    sides = [entry.first, entry.second] if isinstance(entry, Pair) else [entry]
    for side in sides:
        played = page.locator(f"#{side.slug} .played")
        expect(played).to_contain_text("It left the trace that it must.", timeout=PATIENCE)
        found = set(played.locator(".finding i").all_text_contents()) - {"W103"}
        assert found == set(side.findings) - {"W103"}
        expect(played.get_by_text("What the spans say")).to_be_visible()
    assert fits(page)
    picture(page, entry.slug)


def test_from_the_list_to_the_report_on_a_phone(page, shop):
    """Without a line that has to be scrolled to the side."""
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{shop.url}/scenarios/")
    assert fits(page)
    picture(page, "scenarios")
    page.get_by_role("link", name="One query for each row").click()
    page.get_by_role("button", name="Play both").click()
    expect(page.locator("#queries-in-a-loop-bad .finding")).to_contain_text(
        "W104", timeout=PATIENCE
    )
    assert fits(page)
    page.locator("#queries-in-a-loop-bad").get_by_role("link", name="The whole report").click()
    expect(page.get_by_text("list_answers_one_by_one").first).to_be_visible()
    assert fits(page)
    picture(page, "report")


def test_the_button_is_pushed_once(page, shop):
    """While it plays it says so, and a second click is none."""
    page.goto(f"{shop.url}/scenarios/ready/")
    sent = []
    page.on(
        "request", lambda request: sent.append(request.url) if "/play/" in request.url else None
    )
    button = page.get_by_role("button", name="Play")
    button.evaluate("button => { button.click(); button.click(); button.click(); }")
    expect(page.locator("#ready .played")).to_be_visible(timeout=PATIENCE)
    assert len(sent) == 1
