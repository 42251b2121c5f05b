"""The panel in a real browser, on the real bookstore."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("debug_toolbar", reason="the extra “toolbar” is not installed")
pytest.importorskip("playwright", reason="the dependency group “browser” is not installed")

from django.dispatch import Signal
from playwright.sync_api import expect

import signalscope
from signalscope.integrations.debug_toolbar import html
from tests.browser.shop import open_panel, open_toolbar, post_review
from tests.browser.stored import as_stored, show

pytestmark = pytest.mark.browser

REVIEW_CHAIN = [
    "post_save bookstore.Review",
    "record_review_rating",
    "post_save bookstore.Rating",
    "update_book_rating_stats",
    "post_save bookstore.Book",
    "log_book_activity",
    "post_save bookstore.ActivityLog",
]


def shown_rows(page):
    """Return the rows that can be seen, as ``(level, name)``; a dispatch's name has its sender."""
    found = page.locator("#SignalscopePanel .ss-row:not([hidden])").evaluate_all(
        """rows => rows.map(row => {
            const parts = row.matches(".ss-dispatch") ? ".ss-name, .ss-qualifier" : ".ss-name";
            const name = [...row.querySelectorAll(parts)].map(part => part.textContent).join(" ");
            return [Number(row.getAttribute("aria-level")), name];
        })"""
    )
    return [tuple(row) for row in found]


def assert_nested(found, chain):
    """Assert that each name of `chain` stands in the tree, one level below the one before it."""
    path = []
    chains = []
    for level, name in found:
        path[level - 1 :] = [name]
        chains.append(list(path))
    assert chain in chains, found


def switch_to(page, url):
    """Switch the toolbar to the last request for `url`, by its history panel."""
    open_toolbar(page)
    page.locator("#djDebugPanelList a.HistoryPanel").click()
    rows = page.locator("#djdtHistoryRequests")
    rows.get_by_text(url, exact=True).first.wait_for()
    # Again until it has: the history shows its rows before its script is there, and then replaces
    # them once more, so that a click may move nothing.
    page.wait_for_function(
        """([rows, url]) => {
            const toolbar = rows.closest("#djDebug");
            const row = [...toolbar.querySelector("#djdtHistoryRequests").rows].find(row =>
                [...row.cells].some(cell => cell.textContent.trim() === url));
            if (row.dataset.requestId === toolbar.dataset.requestId) return true;
            row.querySelector(".switchHistory").click();
        }""",
        arg=[rows.element_handle(), url],
        polling=300,
    )


@pytest.fixture
def thousands():
    """10,000 dispatches, every second one inside of another."""
    outer, inner = Signal(), Signal()

    def ask(sender, **kwargs):
        inner.send(sender=None)

    def answer(sender, **kwargs):
        pass

    outer.connect(ask)
    inner.connect(answer)
    with signalscope.record() as recording:
        for _ in range(5000):
            outer.send(sender=None)
    return as_stored(recording)


def test_review_shows_all_that_it_set_off(page, shop):
    """Review saved, rating saved, book saved, log entry: each nested in the receiver behind it."""
    post_review(page, shop)
    open_toolbar(page)
    expect(page.locator("#djdt-SignalscopePanel small")).to_have_text(
        re.compile(r"^\d+ receivers, [\d.]+ (ms|s)$")
    )
    open_panel(page)
    assert_nested(shown_rows(page), REVIEW_CHAIN)


def test_json_request_shows_the_same_through_the_history(page, shop):
    page.goto(shop.url + shop.book)
    api = f"/api{shop.book}reviews/"
    status = page.evaluate(
        """async (url) => (await fetch(url, {
            method: "POST",
            headers: {"Content-Type": "application/json"},
            body: JSON.stringify({rating: 4, text: "Sent by a program."}),
        })).status""",
        api,
    )
    assert status in (200, 201)
    switch_to(page, api)
    open_panel(page)
    assert_nested(shown_rows(page), REVIEW_CHAIN)


def test_asynchronous_view_shows_its_receivers(page, shop):
    page.goto(shop.url + shop.book)
    api = f"/api{shop.book}"
    page.evaluate("async (url) => (await fetch(url)).status", api)
    switch_to(page, api)
    open_panel(page)
    assert_nested(shown_rows(page), ["book_viewed bookstore.Book", "prepare_suggestions"])
    expect(page.locator(".ss-dispatch .ss-fact", has_text="asend")).to_be_visible()
    awaited = page.locator(".ss-call", has_text="prepare_suggestions")
    expect(awaited.locator(".ss-fact").first).to_have_text("async")


def test_recursion_is_marked_with_its_cycle(page, shop):
    """A new book saves itself once more for its number; the admin's redirect is in the history."""
    page.goto(f"{shop.url}/admin/")
    page.locator("#id_username").fill("admin")
    page.locator("#id_password").fill("admin")
    page.locator("[type=submit]").click()
    page.goto(f"{shop.url}/admin/bookstore/book/add/")
    page.locator("#id_title").fill("Salt and Signal Fires")
    page.locator("#id_price").fill("18.50")
    page.locator("[name=_save]").click()
    page.goto(shop.url + shop.book)
    switch_to(page, "/admin/bookstore/book/add/")
    expect(page.locator("#djdt-SignalscopePanel small")).to_contain_text("1 recursion")
    open_panel(page)
    note = page.locator(".ss-row.ss-is-recursion .ss-note")
    expect(note).to_have_text(
        re.compile(
            r"Recursion\s+post_save bookstore\.Book → assign_catalogue_number → "
            r"post_save bookstore\.Book$"
        )
    )


def test_empty_request(page, shop):
    page.goto(f"{shop.url}/")
    open_panel(page)
    expect(page.locator("#SignalscopePanel")).to_contain_text("No receiver ran in this request")


def test_text_from_the_program_is_not_executed(page, shop):
    """Markup in names and messages stays text, in the first rows and in those that are loaded."""
    markup = "</script></template><img src=x onerror=window.executed=true>"
    signal = Signal()

    def fail(sender, **kwargs):
        raise ValueError(markup)

    fail.__qualname__ = markup
    sender = type("Sender", (), {})
    sender.__qualname__ = markup
    signal.connect(fail)
    with signalscope.record() as recording:
        for _ in range(html.PAGE_SIZE):
            signal.send_robust(sender=sender)
    show(page, shop, as_stored(recording))
    page.get_by_role("button", name="Show the next").click()
    expect(page.locator(".ss-row")).to_have_count(2 * html.PAGE_SIZE)
    expect(page.locator(".ss-note").last).to_contain_text(markup)
    expect(page.locator("#SignalscopePanel img")).to_have_count(0)
    assert page.evaluate("window.executed") is None


def test_thousands_of_rows_come_in_pages(page, shop, thousands):
    """10,000 dispatches open in under two seconds; further rows come when they are asked for."""
    show(page, shop, thousands)
    took = page.evaluate(
        """() => {
            const panel = document.querySelector("#djDebugRoot").shadowRoot
                .querySelector("#SignalscopePanel .djdt-scroll");
            const before = performance.now();
            panel.innerHTML = panel.innerHTML;
            panel.getBoundingClientRect();
            return performance.now() - before;
        }"""
    )
    assert took < 2000
    expect(page.locator(".ss-row")).to_have_count(html.PAGE_SIZE)
    expect(page.locator(".ss-remaining")).to_have_text("19,750 more rows")


def test_further_rows_fold_like_the_first(page, shop, thousands):
    show(page, shop, thousands)
    page.get_by_role("button", name="Collapse all").click()
    page.get_by_role("button", name="Show the next").click()
    expect(page.locator(".ss-row")).to_have_count(2 * html.PAGE_SIZE)
    expect(page.locator(".ss-remaining")).to_have_text("19,500 more rows")
    page.get_by_role("button", name="Collapse all").click()
    levels = {level for level, _ in shown_rows(page)}
    assert levels == {1}
    page.get_by_role("button", name="Expand all").click()
    assert len(shown_rows(page)) == 2 * html.PAGE_SIZE


def test_rows_that_cannot_be_loaded_say_so(page, shop, thousands):
    show(page, shop, thousands)
    page.route("**/signalscope/tab/**", lambda route: route.fulfill(status=204))
    page.get_by_role("button", name="Show the next").click()
    expect(page.locator(".ss-remaining")).to_contain_text("could not be loaded")


def test_rows_fold_one_by_one(page, shop):
    """A row folds by its arrow, and what was folded inside of it stays folded."""
    post_review(page, shop)
    open_panel(page)
    everything = shown_rows(page)
    inner = page.locator(".ss-row", has_text="update_book_rating_stats")
    inner.get_by_role("button").click()
    expect(inner).to_have_attribute("aria-expanded", "false")
    folded = shown_rows(page)
    assert len(folded) < len(everything)
    outer = page.locator(".ss-row").first
    outer.get_by_role("button").click()
    assert shown_rows(page) == [row for row in everything if row[0] == 1]
    outer.get_by_role("button").click()
    assert shown_rows(page) == folded


def test_rows_are_reached_by_the_keyboard(page, shop):
    """Arrows go from row to row, in and out; one row alone is a stop of the tab key."""
    post_review(page, shop)
    open_panel(page)
    found = page.locator(".ss-row")
    expect(page.locator('.ss-row[tabindex="0"]')).to_have_count(1)
    found.first.focus()
    page.keyboard.press("ArrowDown")
    expect(found.nth(1)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(found.nth(1)).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowLeft")
    expect(found.first).to_be_focused()
    page.keyboard.press("Enter")
    assert [level for level, _ in shown_rows(page)] == [1]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    expect(page.locator(".ss-row:focus")).to_contain_text("notify_author_of_review")
    expect(page.locator('.ss-row[tabindex="0"]')).to_have_count(1)


def test_time_line_zooms_to_the_signals(page, shop):
    post_review(page, shop)
    open_panel(page)
    bar = page.locator(".ss-dispatch .ss-span").first
    zoom = page.get_by_role("button", name="Zoom to the signals")
    narrow = bar.bounding_box()["width"]
    zoom.click()
    expect(zoom).to_have_attribute("aria-pressed", "true")
    assert bar.bounding_box()["width"] > narrow
    zoom.click()
    expect(zoom).to_have_attribute("aria-pressed", "false")
    assert bar.bounding_box()["width"] == pytest.approx(narrow)


@pytest.mark.parametrize("width", [380, 760, 1024, 1280, 2000])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_panel_fits(page, shop, width, scheme):
    """Nothing is cut off sideways, and names can be read, at any width, in light and dark."""
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    post_review(page, shop)
    open_panel(page)
    overflow = page.locator("#SignalscopePanel .djdt-scroll").evaluate(
        "element => element.scrollWidth - element.clientWidth"
    )
    assert overflow <= 0
    for name in page.locator("#SignalscopePanel .ss-name").all():
        assert name.bounding_box()["width"] > 40
    ink, paper = page.locator(".ss-call").first.evaluate(
        """row => [
            getComputedStyle(row.querySelector(".ss-name")).color,
            getComputedStyle(row.closest(".ss-tree")).backgroundColor,
        ].map(color => color.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + +part, 0))"""
    )
    assert (ink < paper) == (scheme == "light")
    assert abs(ink - paper) > 500
