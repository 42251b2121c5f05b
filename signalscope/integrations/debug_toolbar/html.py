"""From what a panel stored to HTML. Everything that is decided is decided in `rows`.

The templates are rendered by an engine of our own: it escapes whatever the project's settings say,
it finds the templates without the app being installed, and it needs no Django engine in a project
that uses another one. They get text only: a number would be localised, and so be none to SVG.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from debug_toolbar import APP_NAME
from django.template import Context, Engine
from django.urls import reverse

from signalscope.integrations.debug_toolbar import rows, stats

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

__all__ = ["PAGE_SIZE", "asset_url", "further_rows", "panel"]

PAGE_SIZE = 250
"""Rows at a time. A browser lays these out at once; the rest comes when it is asked for."""


def asset_url(name: str) -> str:
    """Return the address of a static file of the panel."""
    return reverse(f"{APP_NAME}:signalscope_asset", args=[name])


def panel(stored: dict[str, Any], *, request_id: str | None, nonce: str | None) -> SafeString:
    """Return the panel's content from its stats, which may be empty."""
    context: dict[str, Any] = {
        "stylesheet": asset_url("panel.css"),
        "nonce": nonce,
        "request_id": request_id,
        "rows_url": reverse(f"{APP_NAME}:signalscope_rows"),
        "problem": stored["problem"] if stored else "This request was not recorded.",
    }
    if stored and not stored["problem"]:
        tree = _tree(stored)
        context |= {
            "figures": rows.figures(stored["overview"]),
            "timeline": tree.timeline,
            "page": tree.page(0, PAGE_SIZE),
        }
    return _render("panel.html", context)


def further_rows(stored: dict[str, Any], first: int) -> dict[str, str]:
    """Return the rows from `first` on, and the button for those after: ``{"rows", "more"}``."""
    context = {"page": _tree(stored).page(first, PAGE_SIZE)}
    return {"rows": _render("rows.html", context), "more": _render("more.html", context)}


def _tree(stored: dict[str, Any]) -> rows.Tree:
    begin, end = stored["window"]
    return rows.Tree(stats.unpack(stored["recording"]), (begin, end))


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(Path(__file__).parent / "templates")])


def _render(template: str, context: dict[str, Any]) -> SafeString:
    return _engine().get_template(f"signalscope/{template}").render(Context(context))
