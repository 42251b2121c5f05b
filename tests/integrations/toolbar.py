"""A small site under the toolbar, and a reader of what the panel shows of it."""

from __future__ import annotations

import asyncio
import io
from html.parser import HTMLParser

import pytest
from debug_toolbar.middleware import show_toolbar_func_or_path
from debug_toolbar.store import get_store
from django.db import connection
from django.dispatch import Signal
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import include, path

from signalscope.integrations.debug_toolbar import stats
from signalscope.rendering.overview import overview

PANEL_ID = "SignalscopePanel"
PANEL = "signalscope.integrations.debug_toolbar.SignalscopePanel"
HOSTILE = "</script><img src=x onerror=alert(1)>"
PAGE = "<!doctype html><title>A page</title><body><p>Text</p></body>"

# --- A small site, each of whose views sends signals ----------------------------------------------

ordered = Signal()
paid = Signal()
again = Signal()
viewed = Signal()


class Order:
    """Stands for a sender."""


def take_payment(sender, **kwargs):
    paid.send(sender=Order)


def write_receipt(sender, **kwargs):
    pass


def send_again(sender, rounds=1, **kwargs):
    if rounds:
        again.send(sender=sender, rounds=rounds - 1)


def fail(sender, message="no luck", **kwargs):
    raise ValueError(message)


async def look_away(sender, **kwargs):
    await asyncio.sleep(0)


@pytest.fixture
def wiring():
    """Connect the site's receivers for one test."""
    pairs = [
        (ordered, take_payment),
        (ordered, write_receipt),
        (paid, write_receipt),
        (again, send_again),
        (viewed, look_away),
        (viewed, write_receipt),
    ]
    for signal, receiver in pairs:
        signal.connect(receiver)
    yield
    for signal, receiver in pairs:
        signal.disconnect(receiver)


def page(request):
    ordered.send(sender=Order)
    return HttpResponse(PAGE)


def quiet(request):
    return HttpResponse(PAGE)


def as_json(request):
    ordered.send(sender=Order)
    return JsonResponse({"fine": True})


def redirect(request):
    ordered.send(sender=Order)
    return HttpResponse(status=302, headers={"Location": "/quiet/"})


def broken(request):
    ordered.send(sender=Order)
    raise RuntimeError("the view fails")


def streamed(request):
    ordered.send(sender=Order)

    def chunks():
        yield "<body>"
        again.send(sender=Order)
        yield "</body>"

    return StreamingHttpResponse(chunks())


async def streamed_asynchronously(request):
    await viewed.asend(sender=Order)

    async def chunks():
        yield "<body>"
        await viewed.asend(sender=Order)
        yield "</body>"

    return StreamingHttpResponse(chunks())


def file(request):
    ordered.send(sender=Order)
    return FileResponse(io.BytesIO(b"a,b"), filename="orders.csv", as_attachment=True)


def recursive(request):
    again.send(sender=Order, rounds=2)
    return HttpResponse(PAGE)


def many(request):
    for _ in range(int(request.GET["times"])):
        ordered.send(sender=Order)
    return HttpResponse(PAGE)


async def asynchronous(request):
    await viewed.asend(sender=Order)
    return HttpResponse(PAGE)


urlpatterns = [
    *[
        path(f"{view.__name__}/", view)
        for view in (
            page,
            quiet,
            as_json,
            redirect,
            broken,
            streamed,
            streamed_asynchronously,
            file,
            recursive,
            many,
            asynchronous,
        )
    ],
    path("__debug__/", include("debug_toolbar.urls")),
]


def always(request):
    return True


@pytest.fixture
def site(settings):
    """Serve that site, with the history panel and ours."""
    settings.DEBUG = True
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = ["debug_toolbar.middleware.DebugToolbarMiddleware"]
    settings.DEBUG_TOOLBAR_PANELS = [
        "debug_toolbar.panels.history.HistoryPanel",
        "debug_toolbar.panels.templates.TemplatesPanel",
        PANEL,
    ]
    show_toolbar_to(settings, always)
    get_store().clear()
    yield settings
    get_store().clear()
    # Not among what the toolbar forgets when settings change.
    show_toolbar_func_or_path.cache_clear()


@pytest.fixture
def history_table(db):
    """The table of the toolbar's database store, which it creates only where that is set."""
    from debug_toolbar.models import HistoryEntry

    # Not within the editor's own block, which SQLite refuses inside of a test's transaction.
    statement, _ = connection.schema_editor(collect_sql=True).table_sql(HistoryEntry)
    with connection.cursor() as cursor:
        cursor.execute(statement)


def show_toolbar_to(settings, callback, **options):
    settings.DEBUG_TOOLBAR_CONFIG = {
        "SHOW_TOOLBAR_CALLBACK": callback,
        "IS_RUNNING_TESTS": False,
        **options,
    }
    show_toolbar_func_or_path.cache_clear()


def sync_only(get_response):
    """A middleware that makes Django run everything above it synchronously."""
    return get_response


# --- Reading what the panel shows -----------------------------------------------------------------


class RowReader(HTMLParser):
    """Collects the rows of the tree: level, and the text of each part by its class."""

    def __init__(self, text):
        super().__init__()
        self.rows = []
        self.elements = []
        self._open = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.elements.append((tag, attrs))
        classes = (attrs.get("class") or "").split()
        if "ss-row" in classes:
            self.rows.append({"key": attrs["data-key"], "level": int(attrs["aria-level"])})
        if tag not in ("link", "rect"):
            self._open.append((tag, classes))

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if self.rows and data.strip():
            for _, classes in self._open:
                for name in classes:
                    held = self.rows[-1].get(name, "")
                    self.rows[-1][name] = f"{held} {data.strip()}".strip()


def tree(content):
    """Return the tree as ``(level, name)`` pairs."""
    return [(row["level"], row["ss-name"]) for row in RowReader(content).rows]


ORDERED_TREE = [
    (1, "ordered"),
    (2, "take_payment"),
    (3, "paid"),
    (4, "write_receipt"),
    (2, "write_receipt"),
]


def stored_stats(request_id=None):
    """Return what the toolbar's store holds of the last request, or of the one that is named."""
    if request_id is None:
        request_id = list(get_store().request_ids())[-1]
    return get_store().panel(request_id, PANEL_ID)


def stored_recording(request_id=None):
    return stats.unpack(stored_stats(request_id)["recording"])


def signals_of(recording):
    return [item["signal_name"].rpartition(".")[2] for item in recording["dispatches"]]


def render_panel(client, request_id=None):
    """Return the panel's content as the toolbar fetches it when the panel is opened."""
    request_id = request_id or list(get_store().request_ids())[-1]
    response = client.get(
        "/__debug__/render_panel/", {"request_id": request_id, "panel_id": PANEL_ID}
    )
    return response.json()["content"]


def as_stored(recording, window=(0, 1000)):
    return {
        "overview": overview(recording, window),
        "window": list(window),
        "recording": stats.pack(recording),
        "problem": "",
    }
