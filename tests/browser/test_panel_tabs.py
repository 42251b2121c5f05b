"""The panel's tabs in a real browser: sorting, filtering, its state, keyboard, screen reader."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

pytest.importorskip("debug_toolbar", reason="the extra “toolbar” is not installed")
pytest.importorskip("playwright", reason="the dependency group “browser” is not installed")

from playwright.sync_api import expect

import signalscope
from tests import saved
from tests.browser.shop import ROOT, open_panel, post_review
from tests.browser.stored import show, stored
from tests.browser.test_panel import shown_rows

pytestmark = pytest.mark.browser

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TABS = ["tree", "receivers", "signals", "not-called", "findings", "wiring"]


def everything():
    """A recording in which each badge, each tone and each tab has something to show."""
    error = {"type": "builtins.ValueError", "message": "The price must not be below zero."}
    ms = 1_000_000
    return saved.recorded(
        saved.dispatch(
            0,
            30 * ms,
            id=1,
            signal_name="shop.signals.stock_changed",
            method="asend",
            deferred=True,
            calls=[
                saved.call("shop.cache.warm", 1 * ms, 20 * ms, is_async=True),
                saved.call("shop.search.tell", 1 * ms, 28 * ms, is_async=True),
                saved.call("shop.reports.count", 0, 1 * ms, queries=saved.queries(7, ms, SELECT=6)),
            ],
            not_called=[saved.missed("shop.mail.send", "muted")],
        ),
        saved.dispatch(
            32 * ms,
            9 * ms,
            id=2,
            kwargs={"created": True, "raw": True, "instance": "shop.Order pk=3"},
            error=error,
            calls=[
                saved.call("shop.signals.renumber", 32 * ms, 5 * ms, order=0),
                saved.call("shop.signals.check_price", 38 * ms, 2 * ms, order=1, error=error),
            ],
            not_called=[
                saved.missed("shop.signals.log_order", "error-before"),
                saved.missed("shop.signals.log_book", "other-sender"),
            ],
        ),
        saved.dispatch(
            33 * ms,
            2 * ms,
            id=3,
            parent=[1, 0],
            recursive=True,
            cycle=["post_save shop.Order", "shop.signals.renumber", "post_save shop.Order"],
            calls=[saved.call("shop.signals.renumber", 33 * ms, 1 * ms)],
        ),
        bypasses=[saved.bypass(parent=[0, 2], started_ns=ms // 5, duration_ns=ms // 2)],
        unheard=[
            ["django.db.models.signals.post_save", "shop.Page", 3],
            ["shop.signals.viewed", None, 1250],
        ],
        findings=[
            {
                "id": "W101",
                "name": "recursion",
                "severity": "warning",
                "message": "post_save shop.Order re-enters itself through renumber.",
                "why": "Each round runs every receiver once more.",
                "remedy": "Use QuerySet.update() for the number.",
                "url": "https://signalscope.example/rules/W101",
                "location": ["/srv/shop/signals.py", 7],
                "dispatch_id": 3,
            }
        ],
    )


def open_tab(page, name):
    tab = page.locator(f'[role=tab][data-tab="{name}"]')
    tab.click()
    expect(tab).to_have_attribute("aria-selected", "true")
    settled(page)


def settled(page):
    expect(page.locator(".ss-content")).to_have_attribute("aria-busy", "false")


def names(page):
    """Return the names in a table's first column."""
    return page.locator(".ss-lines tr td:first-child .ss-find").all_text_contents()


def test_each_tab_shows_what_it_is_for(page, shop):
    post_review(page, shop)
    open_panel(page)
    open_tab(page, "receivers")
    assert "record_review_rating" in names(page)
    open_tab(page, "signals")
    assert "post_save" in names(page)
    open_tab(page, "not-called")
    expect(page.locator(".ss-lines tr", has_text="create_user_profile")).to_contain_text(
        "connected for another sender"
    )
    expect(page.locator(".ss-lines tr", has_text="log_purchase")).to_contain_text(
        "its signal was not sent"
    )
    open_tab(page, "wiring")
    row = page.locator(".ss-lines tr", has_text="record_review_rating")
    expect(row.locator("a.ss-link").first).to_have_attribute(
        "href", re.compile(r"^vscode://file//.*/bookstore/signals\.py:\d+$")
    )
    open_tab(page, "tree")
    assert (1, "post_save bookstore.Review") in shown_rows(page)


def test_tables_sort_both_ways(page, shop):
    """Numbers from the highest on at first, names from A on; and the focus stays."""
    show(page, shop, stored(everything()))
    open_tab(page, "receivers")
    assert names(page)[:2] == ["tell", "warm"]
    by_name = page.get_by_role("button", name="Receiver", exact=True)
    by_name.click()
    header = page.locator("th", has=by_name)
    expect(header).to_have_attribute("aria-sort", "ascending")
    assert names(page) == ["warm", "count", "tell", "check_price", "renumber"]
    expect(by_name).to_be_focused()
    page.keyboard.press("Enter")
    expect(header).to_have_attribute("aria-sort", "descending")
    assert names(page)[0] == "renumber"
    page.get_by_role("button", name="Queries").click()
    expect(page.locator("th[aria-sort=descending]")).to_have_text("Queries")
    assert names(page)[0] == "count"


def test_filter_narrows_every_tab(page, shop):
    show(page, shop, stored(everything()))
    page.get_by_role("searchbox").fill("receiver:renumber")
    expect(page.locator(".ss-status")).to_have_text("2 rows")
    assert [name for _, name in shown_rows(page)] == [
        *("post_save shop.Order", "renumber", "post_save shop.Order", "renumber"),
    ]
    open_tab(page, "receivers")
    assert names(page) == ["renumber"]
    page.get_by_role("searchbox").fill("no such thing")
    page.get_by_role("button", name="Clear the filter").click()
    expect(page.get_by_role("searchbox")).to_have_value("")
    expect(page.locator(".ss-lines tr")).to_have_count(5)


def test_name_in_a_table_leads_to_the_tree(page, shop):
    show(page, shop, stored(everything()))
    open_tab(page, "receivers")
    page.get_by_role("button", name="check_price: show in the tree").click()
    expect(page.locator(".ss-row:not(.ss-is-context)")).to_have_count(1)
    expect(page.locator(".ss-row:not(.ss-is-context)")).to_contain_text("check_price")
    expect(page.get_by_role("searchbox")).to_have_value('receiver:"shop.signals.check_price"')


def test_state_survives_a_reload_and_can_be_passed_on(page, shop, browser):
    """Tab, filter and order stand in the address; somebody else who opens it sees the same."""
    page.goto(shop.url + shop.book)
    open_panel(page)
    open_tab(page, "wiring")
    page.get_by_role("searchbox").fill("sender:review")
    page.get_by_role("button", name="Receiver", exact=True).click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Receiver")
    found = page.locator(".ss-lines tr").all_text_contents()
    assert "#signalscope:" in page.url

    def same(other):
        open_panel(other)
        expect(other.locator("th[aria-sort=ascending]")).to_have_text("Receiver")
        expect(other.get_by_role("searchbox")).to_have_value("sender:review")
        expect(other.locator("[role=tab][aria-selected=true]")).to_have_text("Wiring")
        assert other.locator(".ss-lines tr").all_text_contents() == found

    page.reload()
    same(page)
    other = browser.new_context().new_page()
    other.goto(page.url)
    same(other)
    other.context.close()


def test_fragment_of_the_page_is_left_alone(page, shop):
    """A page that has a fragment of its own keeps it; then the browser's tab remembers alone."""
    page.goto(f"{shop.url}{shop.book}#review")
    open_panel(page)
    open_tab(page, "wiring")
    assert page.url.endswith("#review")
    page.reload()
    open_panel(page)
    expect(page.locator("[role=tab][aria-selected=true]")).to_have_text("Wiring")


def test_finding_jumps_to_its_row(page, shop):
    show(page, shop, stored(everything()))
    open_tab(page, "findings")
    expect(page.locator(".ss-finding")).to_contain_text("Use QuerySet.update()")
    page.get_by_role("button", name="Show in the tree").click()
    row = page.locator('.ss-row[data-key="d2"]')
    expect(row).to_be_focused()
    expect(row).to_contain_text("Recursion")


def test_badges(page, shop):
    """Error with what it kept from running, cycle, raw, async, at once, on commit, bypass."""
    show(page, shop, stored(everything()))
    facts = page.locator(".ss-fact")
    for text in ("asend", "on commit", "1 muted", "6 × one query", "raw", "bypass"):
        expect(facts.filter(has_text=re.compile(f"^{text}$"))).to_have_count(1)
    expect(facts.filter(has_text="concurrent")).to_have_count(2)
    expect(page.locator(".ss-note.ss-is-error")).to_contain_text(
        "Kept 1 receiver from running: log_order"
    )
    expect(page.locator(".ss-note.ss-is-recursion")).to_contain_text(
        "post_save shop.Order → renumber → post_save shop.Order"
    )
    expect(page.locator(".ss-bypass")).to_contain_text("Skipped 1 receiver log_order")


def test_receivers_that_ran_at_once_have_bars_above_each_other(page, shop):
    show(page, shop, stored(everything()))
    boxes = [
        page.locator(".ss-row", has_text=name).locator(".ss-span").bounding_box()
        for name in ("warm", "tell")
    ]
    assert boxes[0]["x"] == pytest.approx(boxes[1]["x"], abs=1)
    assert boxes[0]["y"] < boxes[1]["y"]
    expect(page.locator(".ss-is-together")).to_have_count(2)


@pytest.mark.parametrize(
    ("form", "name"),
    [("Download the recording as JSON", "json"), ("Download a report as HTML", "html")],
)
def test_downloads(page, shop, form, name):
    """The recording can be read back; the report opens from a disk, and needs nothing else."""
    post_review(page, shop)
    open_panel(page)
    with page.expect_download() as started:
        page.get_by_role("link", name=form).click()
    file = Path(started.value.path())
    assert started.value.suggested_filename.endswith(f".{name}")
    if name == "json":
        recording = signalscope.Recording.from_dict(json.loads(file.read_text("utf-8")))
        recording.assert_called("record_review_rating", times=1)
        return
    asked = []
    other = page.context.new_page()
    other.on("request", lambda request: asked.append(request.url))
    report = file.with_suffix(".html")
    file.rename(report)
    other.goto(report.as_uri())
    expect(other.get_by_role("heading", name="Tree")).to_be_visible()
    expect(other.locator("tr", has_text="record_review_rating").first).to_be_visible()
    assert asked == [report.as_uri()]


# --- Keyboard and screen reader -------------------------------------------------------------------


def test_everything_is_reached_by_the_keyboard(page, shop):
    """From the tabs over downloads and filter to the tree; arrows switch tabs."""
    show(page, shop, stored(everything()))
    page.locator("#ss-tab-tree").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#ss-tab-receivers")).to_be_focused()
    expect(page.locator("#ss-tab-receivers")).to_have_attribute("aria-selected", "true")
    settled(page)
    page.keyboard.press("End")
    expect(page.locator("#ss-tab-wiring")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#ss-tab-tree")).to_be_focused()
    settled(page)
    stops = []
    for _ in range(7):
        page.keyboard.press("Tab")
        stops.append(
            page.evaluate(
                """() => {
                    const at = document.querySelector("#djDebugRoot").shadowRoot.activeElement;
                    const outline = getComputedStyle(at).outlineStyle;
                    return [at.ariaLabel ?? at.textContent.trim().slice(0, 12), outline];
                }"""
            )
        )
    assert [name for name, _ in stops] == [
        "Filter by signal, sender or receiver",
        "Download the recording as JSON",
        "Download a report as HTML",
        "Collapse all",
        "Expand all",
        stops[5][0],
        "shop/views.p",
    ]
    assert stops[5][0].startswith("1")  # the first row of the tree, and then the link in it
    assert "none" not in {outline for _, outline in stops}


def test_escape_empties_the_filter_before_it_closes_the_panel(page, shop):
    show(page, shop, stored(everything()))
    box = page.get_by_role("searchbox")
    box.fill("renumber")
    page.keyboard.press("Escape")
    expect(box).to_have_value("")
    expect(page.locator("#SignalscopePanel")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#SignalscopePanel")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [380, 1280])
def test_no_barrier_that_axe_can_see(browser, shop, scheme, width):
    """Names, roles, states, contrast and focus of all tabs, by axe-core's rules."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm install --no-package-lock")
    # To measure, axe puts styles into the page, which the bookstore's policy does not let it.
    context = browser.new_context(
        bypass_csp=True, color_scheme=scheme, viewport={"width": width, "height": 900}
    )
    page = context.new_page()
    show(page, shop, stored(everything()))
    page.evaluate(AXE.read_text("utf-8"))
    for tab in TABS:
        open_tab(page, tab)
        found = page.evaluate(
            """async () => {
                const root = {fromShadowDom: ["#djDebugRoot", "#SignalscopePanel .ss"]};
                const {violations, passes} = await axe.run({include: root});
                return {
                    rules: passes.length,
                    bad: violations.flatMap(({id, nodes}) => nodes.map(
                        node => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary}`)),
                };
            }"""
        )
        assert found["bad"] == [], tab
        assert found["rules"] > 10, tab
    context.close()


@pytest.mark.parametrize("width", [380, 760, 1280, 2000])
def test_no_tab_overflows(page, shop, width):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, shop, stored(everything()))
    for tab in TABS:
        open_tab(page, tab)
        overflow = page.locator("#SignalscopePanel .djdt-scroll").evaluate(
            "element => element.scrollWidth - element.clientWidth"
        )
        assert overflow <= 0, tab


def test_rows_of_a_table_are_cards_on_a_phone(page, shop):
    """Nothing is out of sight to the side, each cell says its column, and the columns sort."""
    page.set_viewport_size({"width": 380, "height": 800})
    show(page, shop, stored(everything()))
    for tab in ("receivers", "signals", "not-called", "wiring"):
        open_tab(page, tab)
        for table in page.locator(".ss-scroll").all():
            hidden = table.evaluate("element => element.scrollWidth - element.clientWidth")
            assert hidden <= 0, tab
    open_tab(page, "receivers")
    label = (
        page.locator(".ss-lines td")
        .nth(1)
        .evaluate("cell => getComputedStyle(cell, '::before').content")
    )
    assert "Calls" in label
    page.locator('[data-sort="receiver"]').click()
    expect(page.locator("th", has_text="Receiver")).to_have_attribute("aria-sort", "ascending")
    assert names(page)[0] == "warm"  # by its full name, shop.cache.warm


def test_sends_to_nobody_are_told_as_information(page, shop):
    """Below what was not called, in no colour of a warning; signals of others are folded up."""
    show(page, shop, stored(everything()))
    open_tab(page, "not-called")
    rows = page.locator(".ss-table-unheard tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("1,250")
    expect(page.locator(".ss-aside [class*='ss-is-']")).to_have_count(0)
    others = page.locator(".ss-others .ss-names")
    expect(others).to_be_hidden()
    page.locator(".ss-others summary").press("Enter")
    expect(others).to_be_visible()


def test_bypass_has_its_bar_below_the_receiver_that_did_it(page, shop):
    show(page, shop, stored(everything()))
    bypass = page.locator('.ss-row[data-key="b0"]')
    receiver = page.locator('.ss-row[data-key="c0.2"]')
    assert bypass.get_attribute("aria-level") == "3"
    bar, around = (row.locator("rect.ss-span").bounding_box() for row in (bypass, receiver))
    assert around["x"] <= bar["x"]
    assert bar["x"] + bar["width"] <= around["x"] + around["width"] + 1
    receiver.locator("button.ss-toggle").click()
    expect(bypass).to_be_hidden()
    expect(page.locator('.ss-row[data-key="d1"]')).to_be_visible()


# --- Thousands ------------------------------------------------------------------------------------


def test_ten_thousand_dispatches_answer_at_once(page, shop):
    """Each tab of them comes in under two seconds, with the server's part in it."""
    show(page, shop, stored(saved.big_recording(10_000)))
    expect(page.locator(".ss-remaining").last).to_have_text("19,750 more rows")
    took = page.evaluate(
        """async () => {
            const root = document.querySelector("#djDebugRoot").shadowRoot
                .querySelector("#SignalscopePanel");
            const content = root.querySelector(".ss-content");
            const idle = () => new Promise(resolve => {
                const observer = new MutationObserver(() => {
                    if (content.ariaBusy === "false") {
                        observer.disconnect();
                        requestAnimationFrame(resolve);
                    }
                });
                observer.observe(content, {attributes: true, attributeFilter: ["aria-busy"]});
            });
            const times = {};
            // The better of two, as the machine may be at something else.
            for (const tab of ["receivers", "signals", "tree", "receivers", "signals", "tree"]) {
                const begin = performance.now();
                const done = idle();
                root.querySelector(`[data-tab="${tab}"]`).click();
                await done;
                times[tab] = Math.min(times[tab] ?? Infinity, performance.now() - begin);
            }
            return times;
        }"""
    )
    assert max(took.values()) < 2000, took
    page.get_by_role("searchbox").fill("log_order")
    expect(page.locator(".ss-status")).to_have_text("10,000 rows")
