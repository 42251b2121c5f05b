"""The shop itself, from the shelf to the receipt."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("debug_toolbar", reason="the extra “toolbar” is not installed")
pytest.importorskip("playwright", reason="the dependency group “browser” is not installed")

from playwright.sync_api import expect

from tests.browser.shop import ROOT, open_panel

pytestmark = pytest.mark.browser

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


def fill_cart(page, shop, copies="2"):
    """Search for a book, put copies of it into the cart, and return its title."""
    page.goto(shop.url)
    # All tests buy in one shop, so it is the book of which there are most.
    title = page.evaluate(
        """async () => {
            const {books} = await (await fetch("/api/books/")).json();
            return books.reduce((most, each) => each.stock > most.stock ? each : most).title;
        }"""
    )
    page.get_by_label("Search").fill(title.lower())
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name=title, exact=True).click()
    form = page.locator("form#buy")
    form.get_by_label("Copies").fill(copies)
    form.get_by_role("button", name="Add to cart").click()
    expect(page).to_have_url(f"{shop.url}/cart/")
    return title


def test_from_the_shelf_to_the_receipt(page, shop):
    """Search, book, cart, checkout, receipt; and the panel shows the sale on that very page."""
    title = fill_cart(page, shop)
    expect(page.locator(".notice")).to_have_text(f"In your cart: 2 × {title}.")
    page.get_by_label(f"Copies of {title}").fill("1")
    page.get_by_role("button", name="Change").click()
    expect(page.locator(".to-cart")).to_have_text(re.compile(r"Cart\s*1"))
    page.get_by_role("link", name="To the checkout").click()
    page.get_by_label("Send them by post").check()
    page.get_by_role("button", name="Buy for").click()
    expect(page.get_by_text("Where shall the parcel go?")).to_be_visible()
    page.get_by_label("Address").fill("3 Pier Road")
    page.get_by_role("button", name="Buy for").click()
    expect(page.locator(".notice")).to_contain_text("the books are yours")
    expect(page.get_by_text("3 Pier Road")).to_be_visible()
    open_panel(page)
    panel = page.locator("#SignalscopePanel")
    expect(panel.get_by_text("update_inventory").first).to_be_attached()
    page.goto(f"{shop.url}/orders/")
    expect(page.get_by_role("link", name=title).first).to_be_visible()
    expect(page.locator(".to-cart")).to_have_text("Cart")


def test_enter_puts_into_the_cart(page, shop):
    """Of two buttons, the one that can be undone is what a keyboard reaches first."""
    page.goto(shop.url + shop.book)
    page.locator("form#buy").get_by_label("Copies").press("Enter")
    expect(page).to_have_url(f"{shop.url}/cart/")


def test_going_back_and_sending_again_sells_once(page, shop):
    """The receipt comes once more, and it says so."""
    fill_cart(page, shop, "1")
    page.get_by_role("link", name="To the checkout").click()
    page.get_by_role("button", name="Buy for").click()
    number = page.get_by_role("heading", level=1).inner_text()
    page.reload()
    expect(page.locator(".notice")).to_contain_text("It was sold once")
    expect(page.get_by_role("heading", level=1)).to_have_text(number)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_fits_and_has_no_barrier_that_axe_can_see(browser, shop, scheme, width):
    """By day and by night, on a phone and on a desk: with a full cart, an empty one and errors."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm install --no-package-lock")
    # To measure, axe puts styles into the page, which the bookstore's policy does not let it.
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    faults = []

    def look(name):
        page.wait_for_load_state()
        if page.evaluate("document.documentElement.scrollWidth") > width:
            faults.append(f"{name}: wider than the window")
        page.add_script_tag(path=AXE)
        found = page.evaluate(
            """async () => {
                const {violations, passes} = await axe.run({exclude: ["#djDebugRoot"]});
                if (!passes.length) throw new Error("axe has looked at nothing");
                return violations.flatMap(each =>
                    each.nodes.map(node => `${each.id}: ${node.html}`));
            }"""
        )
        faults.extend(f"{name}: {each}" for each in found)

    for path in ("/", "/?q=%00", shop.book, "/cart/", "/orders/", "/activity/"):
        page.goto(shop.url + path)
        look(path)
    page.goto(shop.url + shop.book)
    page.locator("form#buy").get_by_label("Copies").fill("99")
    page.get_by_role("button", name="Add to cart").click()
    look("book, refused")
    title = fill_cart(page, shop)
    look("cart")
    page.get_by_label(f"Copies of {title}").fill("99")
    page.get_by_role("button", name="Change").click()
    look("cart, refused")
    page.goto(f"{shop.url}/checkout/")
    look("checkout")
    page.get_by_label("Send them by post").check()
    page.get_by_role("button", name="Buy for").click()
    look("checkout, refused")
    context.close()
    assert faults == []
