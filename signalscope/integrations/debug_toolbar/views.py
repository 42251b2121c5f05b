"""What the open panel asks the server for: further rows, a stylesheet, scripts.

Both live among the toolbar's own URLs, so they are not recorded, and answer only those to whom the
toolbar is shown. The static files are served from here, since staticfiles looks for them in an
app's folder only, and this package is no app of its own.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from debug_toolbar.decorators import require_show_toolbar
from debug_toolbar.store import get_store
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import etag, require_safe

from signalscope.integrations.debug_toolbar import html

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["asset", "further_rows"]

# Spelt out, since the system's table of types may call a script plain text, which no browser runs.
_CONTENT_TYPES = {
    "panel.css": "text/css; charset=utf-8",
    "panel.js": "text/javascript; charset=utf-8",
    "tree.js": "text/javascript; charset=utf-8",
}
_FOLDER = Path(__file__).parent / "static" / "signalscope"


@login_not_required
@require_show_toolbar  # type: ignore[untyped-decorator]
@require_safe
def further_rows(request: HttpRequest, panel_id: str) -> HttpResponse:
    """Return the rows of a stored request from number ``first`` on, as `html.further_rows` does."""
    try:
        first = int(request.GET["first"])
        request_id = request.GET["request_id"]
    except (KeyError, ValueError):
        return HttpResponseBadRequest("Needed are request_id and first, a number.")
    stored = get_store().panel(request_id, panel_id)
    if not stored or first < 0:
        raise Http404("The toolbar no longer has this request.")
    return JsonResponse(html.further_rows(stored, first))


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
