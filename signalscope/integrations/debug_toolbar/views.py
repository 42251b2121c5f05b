"""What the open panel asks the server for: a tab, further rows, a download, a stylesheet, scripts.

All live among the toolbar's own URLs, so they are not recorded, and answer only those to whom the
toolbar is shown. The static files are served from here, since staticfiles looks for them in an
app's folder only, and this package is no app of its own.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from debug_toolbar.decorators import require_show_toolbar
from debug_toolbar.store import get_store
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import etag, require_safe

from signalscope.integrations.debug_toolbar import html, stats
from signalscope.integrations.debug_toolbar.tabs import Ask, NoSuchTabError
from signalscope.rendering import report

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["asset", "download", "tab"]

# Spelt out, since the system's table of types may call a script plain text, which no browser runs.
_CONTENT_TYPES = {
    "panel.css": "text/css; charset=utf-8",
    "panel.js": "text/javascript; charset=utf-8",
    "state.js": "text/javascript; charset=utf-8",
    "tabs.js": "text/javascript; charset=utf-8",
    "tree.js": "text/javascript; charset=utf-8",
}
_FOLDER = Path(__file__).parent / "static" / "signalscope"


@login_not_required
@require_show_toolbar  # type: ignore[untyped-decorator]
@require_safe
def tab(request: HttpRequest, panel_id: str) -> HttpResponse:
    """Return a tab of a stored request, or its rows from number ``first`` on.

    Asked for by ``tab``, ``q`` (the filter), ``sort``, ``row`` and ``first``; see `html.tab` and
    `html.further_rows`.
    """
    asked = request.GET
    try:
        first = int(asked.get("first", "0"))
        request_id = asked["request_id"]
    except (KeyError, ValueError):
        return HttpResponseBadRequest("Needed is request_id, and first has to be a number.")
    stored = _stored(request_id, panel_id)
    ask = Ask(
        tab=asked.get("tab", "tree"),
        text=asked.get("q", ""),
        sort=asked.get("sort", ""),
        first=first,
        row=asked.get("row", ""),
    )
    if first < 0:
        raise Http404("The panel has no such row.")
    try:
        shown = html.further_rows(stored, ask) if "first" in asked else html.tab(stored, ask)
    except NoSuchTabError as error:
        raise Http404("The panel has no such tab.") from error
    return JsonResponse(shown)


@login_not_required
@require_show_toolbar  # type: ignore[untyped-decorator]
@require_safe
def download(request: HttpRequest, panel_id: str) -> HttpResponse:
    """Return the recording of a stored request as a file: ``format`` is json or html."""
    request_id, form = request.GET.get("request_id"), request.GET.get("format")
    if not request_id or form not in ("json", "html"):
        return HttpResponseBadRequest("Needed are request_id and format, json or html.")
    stored = _stored(request_id, panel_id)
    recording = stats.unpack(stored["recording"])
    if form == "json":
        response = HttpResponse(json.dumps(recording, indent=1), content_type="application/json")
    else:
        begin, end = stored["window"]
        response = HttpResponse(report.report(recording, (begin, end)))
    # An id of the toolbar's; should it ever be more than that, the header stays in one piece.
    name = "".join(filter(str.isalnum, request_id))[:12]
    response.headers["Content-Disposition"] = f'attachment; filename="signals-{name}.{form}"'
    return response


def _stored(request_id: str, panel_id: str) -> dict[str, Any]:
    stored: dict[str, Any] = get_store().panel(request_id, panel_id)
    if not stored or stored["problem"]:
        raise Http404("The toolbar no longer has this request, or nothing was recorded.")
    return stored


@login_not_required
@require_show_toolbar  # type: ignore[untyped-decorator]
@require_safe
@cache_control(no_cache=True)  # keep it, but ask whether it changed
@etag(lambda _request, name: _tag(name))
def asset(request: HttpRequest, name: str) -> HttpResponse:  # noqa: ARG001
    """Return one of the panel's static files."""
    if name not in _CONTENT_TYPES:
        raise Http404
    return HttpResponse((_FOLDER / name).read_bytes(), content_type=_CONTENT_TYPES[name])


def _tag(name: str) -> str | None:
    if name not in _CONTENT_TYPES:
        return None
    return f'"{sha256((_FOLDER / name).read_bytes()).hexdigest()[:16]}"'
