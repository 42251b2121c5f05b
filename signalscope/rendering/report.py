"""A recording as a page of HTML that needs nothing else: no other file, no network."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.template import Context, Engine

from signalscope.rendering import absences, tables
from signalscope.rendering.findings import findings
from signalscope.rendering.nesting import is_timed
from signalscope.rendering.overview import figures, overview
from signalscope.rendering.spans import interval
from signalscope.rendering.waterfall import Tree

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

    from signalscope.rendering.spans import Window

__all__ = ["MOST_ROWS", "page_from", "report"]

_TEMPLATES = Path(__file__).parent / "templates"

MOST_ROWS = 5000
"""Rows of the tree that a page shows. It says how many it leaves out."""


def report(
    recording: dict[str, Any],
    window: Window | None = None,
    *,
    title: str = "Signals",
    filters: bool = False,
) -> SafeString:
    """Return the report on a recording, given as `Recording.to_dict` makes it.

    `window` is the time that a request took, in nanoseconds of the recorder's clock, which the axis
    spans; None: from the first dispatch to the end of the last. With `filters` rows can be
    filtered, by a script on the page, which is the only one that its policy lets run.
    """
    whole = "recording" if window is None else "request"
    window = window or _span(recording)
    tree = Tree(recording, window)
    page = tree.page(0, MOST_ROWS)
    shown = [
        tables.receivers(recording),
        tables.signals(recording),
        absences.not_called(recording),
        absences.unheard(recording),
    ]
    context = {
        "title": title,
        "started": _started(recording),
        "findings": findings(recording),
        "figures": figures(overview(recording, window), whole),
        "ticks": tree.timeline.request,
        "page": page,
    }
    if filters and page.rows:
        context |= _script()
    return page_from("report.html", context, shown)


def page_from(template: str, context: dict[str, Any], shown: list[tables.Table]) -> SafeString:
    """Return the page that `template` makes of `context`, with the tables that have rows below."""
    filled = [
        (table, [zip(table.columns, line.cells, strict=True) for line in lines])
        for table in shown
        if (lines := table.lines[:MOST_ROWS])
    ]
    return _engine().get_template(template).render(Context({**context, "tables": filled}))


@cache
def _script() -> dict[str, str]:
    """Return the script, and the hash by which a browser knows it from any other."""
    script = (_TEMPLATES / "report.js").read_text(encoding="utf-8")
    digest = hashlib.sha256(script.encode()).digest()
    return {"script": script, "script_hash": base64.b64encode(digest).decode()}


def _started(recording: dict[str, Any]) -> str:
    if not recording["dispatches"]:
        return ""
    moment = datetime.fromisoformat(recording["dispatches"][0]["started_at"])
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _span(recording: dict[str, Any]) -> Window:
    # What still runs has no end, so the last thing that is known stands for it.
    spans = [
        interval(each, 0)
        for dispatch in recording["dispatches"]
        for each in (dispatch, *dispatch["calls"])
    ]
    spans += [interval(each, 0) for each in recording["bypasses"] if is_timed(each)]
    return (min(span[0] for span in spans), max(span[1] for span in spans)) if spans else (0, 0)


@cache
def _engine() -> Engine:
    # Its own, so that it escapes whatever a project's settings say.
    return Engine(dirs=[str(_TEMPLATES)])
