"""A running bookstore, and pages on which nothing may go wrong unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser import shop as shops

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Page


@pytest.fixture(scope="session")
def shop() -> Iterator[shops.Shop]:
    """The bookstore, served for all tests of the session."""
    with shops.open_shop() as opened:
        yield opened


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium."""
    pytest.importorskip("playwright", reason="the dependency group “browser” is not installed")
    if shops.chromium() is None:
        pytest.skip("no Chromium: set SIGNALSCOPE_CHROMIUM to its path")
    with shops.open_browser() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a fresh visitor; the test fails if the browser's console reports an error.

    That includes what the bookstore's content security policy has blocked.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    # Beside the console: what a content security policy has blocked, as the browser reports it.
    context.add_init_script(
        """globalThis.violations = [];
        document.addEventListener("securitypolicyviolation", event =>
            violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));"""
    )
    page = context.new_page()
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # Not every page of Django's admin names an icon, so the browser asks for the usual one.
        if message.type == "error" and not message.location["url"].endswith("/favicon.ico"):
            complaints.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    violations = page.evaluate("globalThis.violations ?? []")
    context.close()
    assert violations == []
    assert complaints == []
