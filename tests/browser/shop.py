"""The bookstore in a process of its own, and a browser to visit it with."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60
"""Seconds after which a shop that has not opened will not."""

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


class Shop(NamedTuple):
    """An open shop: its address, and the path of the book that it suggests to review."""

    url: str
    book: str


class ShopClosedError(Exception):
    """The bookstore's process ended before it served; the message holds what it printed."""


def chromium() -> str | None:
    """Return the path of a Chromium, None if there is none."""
    return os.environ.get("SIGNALSCOPE_CHROMIUM") or shutil.which("chromium")


@contextmanager
def open_shop() -> Iterator[Shop]:
    """Run ``python -m demo_bookstore`` on a free port, from the moment that it serves."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "demo_bookstore.settings"}
    command = [sys.executable, "-m", "demo_bookstore", "--port", "0"]
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=complaints, text=True
        ) as process,
    ):
        overdue = threading.Timer(PATIENCE, process.kill)
        overdue.start()
        try:
            welcome = ""
            found = None
            for line in process.stdout or ():
                welcome += line
                found = re.search(r"(http://[^/\s]+)(/books/[\w-]+/)#review", line)
                if found:
                    break
            if not found:
                complaints.seek(0)
                raise ShopClosedError(welcome + complaints.read())
            overdue.cancel()
            yield Shop(*found.groups())
        finally:
            overdue.cancel()
            process.terminate()


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start Chromium without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


def post_review(page: Page, shop: Shop, text: str = "Read in one sitting.") -> None:
    """Post a review as a visitor does, and stay on the page that answers."""
    page.goto(shop.url + shop.book)
    form = page.locator("form#review")
    # By force, as the stars are drawn over the radio buttons.
    form.get_by_label("5 of 5 stars").check(force=True)
    form.get_by_label("Your review").fill(text)
    form.get_by_role("button", name="Post review").click()
    page.get_by_role("status").filter(has_text="review").first.wait_for()


def open_toolbar(page: Page) -> None:
    """Unfold the toolbar, where it is not."""
    handle = page.locator("#djShowToolBarButton")
    if handle.is_visible():
        handle.click()


def open_panel(page: Page) -> None:
    """Open the panel “Signals”, and wait for its content and its looks."""
    open_toolbar(page)
    page.locator("#djDebugPanelList a.SignalscopePanel").click()
    page.locator("#SignalscopePanel .ss[data-ready]").wait_for()
    page.wait_for_function(
        """() => document.querySelector("#djDebugRoot").shadowRoot
            .querySelector("#SignalscopePanel link").sheet"""
    )
