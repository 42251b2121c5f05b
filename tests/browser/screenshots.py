"""Makes the pictures of the panel: ``python tests/browser/screenshots.py [FOLDER]``.

The folder is docs/images, unless another one is named. `nox -s screenshots` runs this.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.browser.shop import (
    ROOT,
    open_browser,
    open_panel,
    open_shop,
    post_review,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.shop import Shop


def warm_up(page: Page, shop: Shop) -> None:
    """Let the server do once what the picture shows, on another book."""
    page.goto(shop.url + shop.book)
    page.evaluate(
        """async (shown) => {
            const {books} = await (await fetch("/api/books/")).json();
            const other = books.find(book => !shown.includes(`/${book.slug}/`));
            await fetch(`/api/books/${other.slug}/reviews/`, {
                method: "POST",
                headers: {"Content-Type": "application/json"},
                body: JSON.stringify({rating: 4, text: "Just right."}),
            });
        }""",
        shop.book,
    )


def main(folder: Path) -> None:
    """Post a review, and take pictures of what it set off."""
    folder.mkdir(parents=True, exist_ok=True)
    with open_shop() as shop, open_browser() as browser:
        # Twice the pixels, for screens that have them.
        page = browser.new_page(
            viewport={"width": 1440, "height": 680}, device_scale_factor=2, color_scheme="light"
        )
        warm_up(page, shop)
        post_review(page, shop)
        open_panel(page)
        page.get_by_role("button", name="Zoom to the signals").click()
        take(page, folder / "panel.png")
        page.get_by_role("tab", name="Receivers").click()
        page.locator(".ss-table-receivers").wait_for()
        take(page, folder / "panel-receivers.png")
        page.get_by_role("tab", name="Not called").click()
        heading = page.get_by_role("heading", name="Sent, nobody connected")
        heading.wait_for()
        heading.evaluate("element => element.scrollIntoView({block: 'center'})")
        take(page, folder / "panel-not-called.png")


def take(page: Page, file: Path) -> None:
    """Take a picture of the window, with the panel's name among the others in sight."""
    page.mouse.move(0, 0)
    page.locator("#djdt-SignalscopePanel").scroll_into_view_if_needed()
    page.screenshot(path=file)
    sys.stdout.write(f"{file}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images")
