"""Stats of requests that no bookstore sends, and the panel on them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from signalscope.integrations.debug_toolbar import html, stats
from signalscope.integrations.debug_toolbar.tabs import Ask
from signalscope.rendering.overview import overview
from tests.browser.shop import open_panel

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.browser.shop import Shop

__all__ = ["as_stored", "show", "stored"]


def as_stored(recording: Any) -> dict[str, Any]:
    """Return the stats of a request that was all of `recording`."""
    return stored(json.loads(json.dumps(recording.to_dict())))


def stored(data: dict[str, Any]) -> dict[str, Any]:
    """Return the stats of a request with this recording's plain data."""
    begin = data["dispatches"][0]["started_ns"] - 1_000_000
    end = begin + 2_000_000 + sum(item["duration_ns"] for item in data["dispatches"])
    return {
        "overview": overview(data, (begin, end)),
        "window": [begin, end],
        "recording": stats.pack(data),
        "problem": "",
    }


def show(page: Page, shop: Shop, stats_of: dict[str, Any], path: str = "") -> None:
    """Open the panel on the bookstore's page with what the renderer makes of `stats_of`."""

    def panel(route: Route) -> None:
        if asked(route)["panel_id"] != "SignalscopePanel":
            route.continue_()
            return
        content = html.panel(stats_of, request_id="test", nonce=None)
        route.fulfill(json={"content": content, "scripts": [html.asset_url("panel.js")]})

    def tab(route: Route) -> None:
        found = asked(route)
        ask = Ask(
            tab=found.get("tab", "tree"),
            text=found.get("q", ""),
            sort=found.get("sort", ""),
            first=int(found.get("first", 0)),
            row=found.get("row", ""),
        )
        further = "first" in found
        route.fulfill(json=(html.further_rows if further else html.tab)(stats_of, ask))

    page.route("**/render_panel/**", panel)
    page.route("**/signalscope/tab/**", tab)
    page.goto(shop.url + (path or shop.book))
    open_panel(page)


def asked(route: Route) -> dict[str, str]:
    """Return the parameters of a request."""
    return {key: value[0] for key, value in parse_qs(urlsplit(route.request.url).query).items()}
