"""From what a panel stored to HTML. Everything that is decided is decided in `rendering`.

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

from signalscope.integrations.debug_toolbar import editors, stats, wiring
from signalscope.integrations.debug_toolbar.tabs import Ask, NoSuchTabError, has_tab, tabs
from signalscope.rendering import absences, tables
from signalscope.rendering.findings import findings
from signalscope.rendering.overview import figures
from signalscope.rendering.rows import Page
from signalscope.rendering.waterfall import Tree
from signalscope.rendering.words import count

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

__all__ = ["PAGE_SIZE", "asset_url", "further_rows", "panel", "tab"]

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
        "tab_url": reverse(f"{APP_NAME}:signalscope_tab"),
        "download_url": reverse(f"{APP_NAME}:signalscope_download"),
        "problem": stored["problem"] if stored else "This request was not recorded.",
    }
    if stored and not stored["problem"]:
        recording = stats.unpack(stored["recording"])
        context |= {
            "figures": figures(stored["overview"]),
            "tabs": tabs(recording),
            **_tab(stored, recording, Ask()),
        }
    return _render("panel.html", context)


def tab(stored: dict[str, Any], ask: Ask) -> dict[str, str]:
    """Return a tab as ``{"content", "status"}``; the status says how much the filter has found."""
    context = _tab(stored, stats.unpack(stored["recording"]), ask)
    return {"content": _render("tab.html", context), "status": context["status"]}


def further_rows(stored: dict[str, Any], ask: Ask) -> dict[str, str]:
    """Return the rows from ``ask.first`` on, and the buttons: ``{"rows", "more", "earlier"}``."""
    context = _tab(stored, stats.unpack(stored["recording"]), ask)
    template = "rows.html" if context["kind"] == "tree" else "lines.html"
    return {
        "rows": _render(template, context),
        "more": _render("more.html", context),
        "earlier": _render("earlier.html", context),
    }


def _tab(stored: dict[str, Any], recording: dict[str, Any], ask: Ask) -> dict[str, Any]:
    """Return what the templates of a tab need. Raises `NoSuchTabError`."""
    if not has_tab(recording, ask.tab):
        raise NoSuchTabError(ask.tab)
    context: dict[str, Any] = {
        "ask": ask,
        "kind": "table",
        "editor": editors.chosen(),
        "filtered": bool(ask.wanted),
        "status": "",
    }
    if ask.tab == "findings":
        found = findings(recording, ask.wanted)
        return context | {
            "kind": "findings",
            "findings": found,
            "status": count(len(found), "finding"),
        }
    if ask.tab == "tree":
        return context | _tree(stored, recording, ask)
    table = _table(recording, ask)
    lines = table.lines[ask.first : ask.first + PAGE_SIZE]
    end = ask.first + len(lines)
    left = len(table.lines) - end
    context |= {
        "table": table,
        "lines": lines,
        "page": Page(
            rows=[],
            total=len(table.lines),
            next=str(end) if left else "",
            remaining=f"{left:,}",
            coming=f"{min(left, PAGE_SIZE):,}",
        ),
        "status": count(len(table.lines), "row"),
    }
    if ask.tab == "wiring":
        context["findings"] = wiring.faults(ask.wanted)
    if ask.tab == "not-called":
        own, others = wiring.orphans(recording, ask.wanted)
        unheard = absences.unheard(recording, ask.wanted)
        context |= {
            "orphans": own,
            "other_orphans": others,
            "unheard": unheard,
            "unheard_lines": unheard.lines[:PAGE_SIZE],
            "unheard_left": f"{len(unheard.lines) - PAGE_SIZE:,}"
            if len(unheard.lines) > PAGE_SIZE
            else "",
        }
    return context


def _table(recording: dict[str, Any], ask: Ask) -> tables.Table:
    if ask.tab == "receivers":
        table = tables.receivers(recording, ask.wanted)
    elif ask.tab == "signals":
        table = tables.signals(recording, ask.wanted)
    elif ask.tab == "not-called":
        table = absences.not_called(
            recording, ask.wanted, others=wiring.untouched(recording), place=wiring.Places()
        )
    else:
        table = wiring.table(ask.wanted)
    return table.sorted_by(ask.sort) if ask.sort else table


def _tree(stored: dict[str, Any], recording: dict[str, Any], ask: Ask) -> dict[str, Any]:
    begin, end = stored["window"]
    tree = Tree(recording, (begin, end), ask.wanted)
    first = tree.begin_of_page(ask.row, PAGE_SIZE) if ask.row else ask.first
    return {
        "kind": "tree",
        "timeline": tree.timeline,
        "page": tree.page(first, PAGE_SIZE),
        "anything": bool(recording["dispatches"] or recording["bypasses"]),
        "bypasses": bool(recording["bypasses"]),
        "unheard": bool(recording.get("unheard")),
        "status": count(tree.matches, "row"),
    }


@cache
def _engine() -> Engine:
    return Engine(
        dirs=[str(Path(__file__).parent / "templates")],
        builtins=["signalscope.integrations.debug_toolbar.tags"],
    )


def _render(template: str, context: dict[str, Any]) -> SafeString:
    return _engine().get_template(f"signalscope/{template}").render(Context(context))
