"""The panel for django-debug-toolbar: what it records, stores and shows."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from html.parser import HTMLParser

import pytest

pytest.importorskip("debug_toolbar", reason="the extra “toolbar” is not installed")

from debug_toolbar.middleware import DebugToolbarMiddleware, show_toolbar_func_or_path
from debug_toolbar.store import get_store
from debug_toolbar.toolbar import DebugToolbar
from django.dispatch import Signal
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.template import Context, Template
from django.test import AsyncClient, AsyncRequestFactory, Client, RequestFactory
from django.urls import include, path

from signalscope import patching
from signalscope.integrations.debug_toolbar import html, rows, stats

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


@pytest.fixture(autouse=True)
def _wiring():
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
            recursive,
            many,
            asynchronous,
        )
    ],
    path("__debug__/", include("debug_toolbar.urls")),
]


def always(request):
    return True


@pytest.fixture(autouse=True)
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


# --- Recording: kinds of requests -----------------------------------------------------------------


def test_page_shows_the_tree_in_order_and_nested():
    """What a page's request sent is there, receivers in order and nested in what set them off."""
    client = Client()
    client.get("/page/")
    assert tree(render_panel(client)) == ORDERED_TREE


def test_side_bar_says_what_is_worth_knowing():
    """The page itself carries the counts, before the panel is opened."""
    text = Client().get("/recursive/").content.decode()
    assert "3 receivers, " in text
    assert ", 2 recursions" in text


def test_json_request_is_shown_through_the_history():
    """A response without a page is stored too, with its line for the side bar and its tree."""
    client = Client()
    response = client.get("/as_json/")
    assert response.json() == {"fine": True}
    request_id = response.headers["djdt-request-id"]
    switched = client.get(
        "/__debug__/history_sidebar/", {"request_id": request_id, "exclude_history": True}
    ).json()
    assert "3 receivers, " in switched[PANEL_ID]["button"]
    assert tree(render_panel(client, request_id)) == ORDERED_TREE


def test_redirect_is_recorded():
    Client().get("/redirect/")
    assert signals_of(stored_recording()) == ["ordered", "paid"]


def test_failing_view_is_recorded_and_closed():
    """An error page shows what was sent up to the error, and Django's own signal about it."""
    response = Client(raise_request_exception=False).get("/broken/")
    assert response.status_code == 500
    assert signals_of(stored_recording())[:3] == ["ordered", "paid", "got_request_exception"]
    assert patching.recorder.active == []


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_recording_is_closed_when_the_request_is_torn_down(error):
    """Even what no handler turns into a response leaves no recording open."""

    def view(request):
        raise error

    with pytest.raises(error):
        DebugToolbarMiddleware(view)(RequestFactory().get("/page/"))
    assert patching.recorder.active == []
    assert not patching.is_installed()


def test_recording_is_closed_when_the_request_is_cancelled():
    """A client that goes away cancels its request, which leaves no recording open."""

    async def cancelled():
        running = asyncio.Event()

        async def view(request):
            running.set()
            await asyncio.Event().wait()

        request = AsyncRequestFactory().get("/page/")
        task = asyncio.create_task(DebugToolbarMiddleware(view)(request))
        await running.wait()
        assert len(patching.recorder.active) == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert patching.recorder.active == []


def test_streamed_response_is_recorded_up_to_its_first_byte():
    """The toolbar is done when the response starts, so what is sent as it streams is left out."""
    response = Client().get("/streamed/")
    assert patching.recorder.active == []
    assert b"".join(response.streaming_content) == b"<body></body>"
    assert signals_of(stored_recording()) == ["ordered", "paid"]


@pytest.mark.parametrize("middleware", [[], [f"{__name__}.sync_only"]])
@pytest.mark.parametrize(
    ("url", "sent"), [("/asynchronous/", ["viewed"]), ("/page/", ["ordered", "paid"])]
)
def test_under_asgi(site, url, sent, middleware):
    """Views of both kinds are seen under ASGI, with the toolbar's middleware in either mode."""
    site.MIDDLEWARE = [*site.MIDDLEWARE, *middleware]
    response = asyncio.run(AsyncClient().get(url))
    assert signals_of(stored_recording()) == sent
    assert b"SignalscopePanel" in response.content


def test_asynchronous_view_under_wsgi():
    client = Client()
    client.get("/asynchronous/")
    content = render_panel(client)
    (dispatch, *calls) = RowReader(content).rows
    assert dispatch["ss-fact"] == "asend"
    assert {row["ss-name"]: row.get("ss-fact") for row in calls} == {
        "look_away": "async",
        "write_receipt": None,
    }


def test_concurrent_asynchronous_requests_do_not_mix():
    """Requests in one loop, all under way at once, record what is theirs alone."""

    async def four_requests():
        together = asyncio.Barrier(4)

        async def view(request):
            await together.wait()
            for _ in range(int(request.GET["n"])):
                await viewed.asend(sender=Order)
                await asyncio.sleep(0)
            await together.wait()
            return HttpResponse(PAGE)

        middleware = DebugToolbarMiddleware(view)
        return await asyncio.gather(
            *(middleware(AsyncRequestFactory().get(f"/page/?n={n}")) for n in range(4))
        )

    responses = asyncio.run(four_requests())
    counts = [
        len(stored_recording(response.headers["djdt-request-id"])["dispatches"])
        for response in responses
    ]
    assert counts == [0, 1, 2, 3]


def test_concurrent_threads_do_not_mix():
    """Requests in threads, all under way at once, record what is theirs alone."""
    together = threading.Barrier(3)
    found = {}

    def view(request):
        together.wait(10)
        for _ in range(int(request.GET["n"])):
            ordered.send(sender=Order)
        together.wait(10)
        return HttpResponse(PAGE)

    def ask(n):
        response = DebugToolbarMiddleware(view)(RequestFactory().get(f"/page/?n={n}"))
        found[n] = response.headers["djdt-request-id"]

    threads = [threading.Thread(target=ask, args=[n]) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [len(stored_recording(found[n])["dispatches"]) for n in range(3)] == [0, 2, 4]


# --- Recording: what is left out ------------------------------------------------------------------


def test_nothing_is_recorded_for_those_who_are_not_shown_the_toolbar(site):
    """Where the toolbar stays away, no recording is open while the view runs."""
    show_toolbar_to(site, lambda request: False)
    seen = []

    def view(request):
        ordered.send(sender=Order)
        seen.append((list(patching.recorder.active), patching.is_installed()))
        return HttpResponse(PAGE)

    DebugToolbarMiddleware(view)(RequestFactory().get("/page/"))
    assert seen == [([], False)]
    assert list(get_store().request_ids()) == []


def test_nothing_is_recorded_while_the_panel_is_switched_off():
    """The box in the side bar sets a cookie, which counts from the next request on."""
    client = Client()
    client.cookies[f"djdt{PANEL_ID}"] = "off"
    client.get("/page/")
    assert stored_stats() == {}


def test_the_toolbars_own_receivers_are_left_out():
    """The templates panel listens to ``template_rendered``; that says nothing of the program."""

    def view(request):
        Template("{{ 1 }}").render(Context())
        ordered.send(sender=Order)
        return HttpResponse(PAGE)

    DebugToolbarMiddleware(view)(RequestFactory().get("/page/"))
    assert signals_of(stored_recording()) == ["ordered", "paid"]


def test_leaving_receivers_out_keeps_the_tree_together():
    """Dispatches that stay keep their parents, whose places in the list have moved."""
    toolbar_only = dispatch(calls=[call("debug_toolbar.panels.Panel.note")])
    recording = {
        "dropped": 0,
        "dispatches": [
            toolbar_only,
            dispatch(calls=[call("shop.one"), call("shop.two")]),
            dispatch(parent=[1, 0], calls=[call("debug_toolbar.x"), call("shop.three")]),
            {**toolbar_only, "parent": [1, 1]},
            dispatch(parent=[1, 1], calls=[call("shop.four")]),
        ],
    }
    left = stats.without_receivers_of("debug_toolbar", recording)["dispatches"]
    assert [item["parent"] for item in left] == [None, [0, 0], [0, 1]]
    assert left[2]["calls"][0]["receiver_name"] == "shop.four"


def test_a_toolbar_receiver_that_set_something_off_stays():
    """Leaving it out would leave what it set off without a place."""
    recording = recorded(
        dispatch(calls=[call("debug_toolbar.panels.Panel.note")]),
        dispatch(parent=[0, 0], calls=[call("shop.one")]),
    )
    assert stats.without_receivers_of("debug_toolbar", recording) == recording


# --- Storing --------------------------------------------------------------------------------------


def test_stats_are_stored_once_and_come_back_from_json(monkeypatch):
    """Each call of `record_stats` serialises everything, and the store gives back JSON."""
    saved = []
    store = get_store()
    original = store.save_panel

    def save_panel(request_id, panel_id, data=None):
        if panel_id == PANEL_ID:
            saved.append(json.loads(json.dumps(data)))
        original(request_id, panel_id, data)

    monkeypatch.setattr(store, "save_panel", save_panel)
    Client().get("/page/")
    assert saved == [stored_stats()]
    assert saved[0]["overview"]["calls"] == 3


def test_panel_is_the_same_from_the_store_as_in_its_page(site):
    """Rendered into the page (RENDER_PANELS) or later from JSON, the panel shows one tree."""
    show_toolbar_to(site, always, RENDER_PANELS=True)
    client = Client()
    text = client.get("/page/").content.decode()
    assert tree(text) == ORDERED_TREE
    assert tree(render_panel(client)) == ORDERED_TREE


def test_many_dispatches_are_stored_in_little_room():
    """10,000 different dispatches stay under 2 MB, and come back unchanged."""
    recording = big_recording(10_000)
    packed = stats.pack(recording)
    assert stats.unpack(packed) == recording
    assert len(packed) < 1_000_000


def test_wrong_setting_costs_the_panel_and_not_the_page(site):
    """Where nothing can be recorded, the page is served and the panel says why."""
    site.SIGNALSCOPE = {"MAX_RECORDS": "plenty"}
    client = Client()
    response = client.get("/page/")
    assert response.status_code == 200
    assert b"Not recorded" in response.content
    assert "MAX_RECORDS" in render_panel(client)


# --- Showing --------------------------------------------------------------------------------------


def test_empty_request_says_what_would_appear():
    client = Client()
    text = client.get("/quiet/").content.decode()
    assert "No receiver ran" in text
    content = render_panel(client)
    assert "No receiver ran in this request" in content
    assert "request_started" in content
    assert tree(content) == []


def test_recursion_is_marked_with_its_cycle():
    client = Client()
    client.get("/recursive/")
    found = RowReader(render_panel(client)).rows
    notes = [row.get("ss-note") for row in found if row["ss-name"] == "again"]
    sender = f"{__name__}.Order"
    cycle = f"Recursion again {sender} → send_again → again {sender}"
    assert notes == [None, cycle, cycle]


def test_error_is_shown_where_it_arose():
    """Type and message stand at the receiver; those above say that it went through them."""

    def view(request):
        paid.connect(fail)
        try:
            ordered.send_robust(sender=Order)
        finally:
            paid.disconnect(fail)
        return HttpResponse(PAGE)

    response = DebugToolbarMiddleware(view)(RequestFactory().get("/page/"))
    content = render_panel(Client(), response.headers["djdt-request-id"])
    found = {row["key"]: row for row in RowReader(content).rows}
    assert found["c1.1"]["ss-note"] == "ValueError no luck"
    assert found["d1"]["ss-fact"] == "ValueError passed on"
    assert found["c0.0"]["ss-fact"] == "ValueError kept by send_robust"
    assert "ss-note" not in found["c0.0"]
    assert stored_stats()["overview"]["errors"] == 1


def test_text_from_the_program_is_escaped():
    """Names, senders, facts and messages reach the page as text, whatever they contain."""
    recording = {
        "dropped": 0,
        "dispatches": [
            dispatch(
                signal_name=f"shop.{HOSTILE}",
                sender_name=HOSTILE,
                location=[f"/{HOSTILE}.py", 1],
                recursive=True,
                cycle=[HOSTILE, HOSTILE, HOSTILE],
                kwargs={"action": HOSTILE, "update_fields": [HOSTILE], HOSTILE: HOSTILE},
                error={"type": HOSTILE, "message": HOSTILE},
                method=HOSTILE,
                calls=[call(HOSTILE, file=HOSTILE, error={"type": "E", "message": HOSTILE})],
            )
        ],
    }
    shown = html.panel(as_stored(recording), request_id=HOSTILE, nonce=None)
    reader = RowReader(shown)
    assert {tag for tag, _ in reader.elements}.isdisjoint({"img", "script"})
    assert not any(name.startswith("on") for _, attrs in reader.elements for name in attrs)
    assert HOSTILE in reader.rows[0]["ss-qualifier"]
    assert HOSTILE in reader.rows[1]["ss-note"]
    further = html.further_rows(as_stored(recording), 0)["rows"]
    assert "<img" not in further


def test_no_inline_script_or_style():
    """A strict content security policy blocks either, so the panel has none."""
    client = Client()
    client.get("/recursive/")
    elements = RowReader(render_panel(client)).elements
    assert not [tag for tag, attrs in elements if tag in ("script", "style") or "style" in attrs]


def test_numbers_for_svg_are_not_localised(site):
    """A decimal comma, or points between thousands, would be no number to SVG."""
    site.LANGUAGE_CODE = "de"
    site.USE_THOUSAND_SEPARATOR = True
    client = Client()
    client.get("/page/")
    bars = [attrs for tag, attrs in RowReader(render_panel(client)).elements if tag == "rect"]
    assert bars
    for bar in bars:
        assert 0 <= float(bar["x"]) <= rows.AXIS
        assert 0 <= float(bar["width"]) <= rows.AXIS


def test_first_page_is_bounded_and_the_rest_can_be_fetched():
    """Thousands of rows come a page at a time, and together they are all rows, each once."""
    client = Client()
    client.get("/many/", {"times": 110})
    request_id = list(get_store().request_ids())[-1]
    content = render_panel(client, request_id)
    assert "300 more rows" in content
    found = tree(content)
    assert len(found) == html.PAGE_SIZE
    while len(found) < 550:
        page = client.get(
            "/__debug__/signalscope/rows/", {"request_id": request_id, "first": len(found)}
        ).json()
        found += tree(page["rows"])
    assert found == ORDERED_TREE * 110
    assert "<button" not in page["more"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"request_id": "gone", "first": "x"}, 400),
        ({"request_id": "gone", "first": "0"}, 404),
    ],
)
def test_rows_of_nothing(query, status):
    assert Client().get("/__debug__/signalscope/rows/", query).status_code == status


def test_rows_start_inside_the_recording():
    Client().get("/page/")
    query = {"request_id": list(get_store().request_ids())[-1], "first": "-1"}
    assert Client().get("/__debug__/signalscope/rows/", query).status_code == 404


@pytest.mark.parametrize("name", ["panel.css", "panel.js", "tree.js"])
def test_static_files_are_served_and_kept_until_they_change(name):
    kind = "text/css" if name.endswith(".css") else "text/javascript"
    response = Client().get(f"/__debug__/signalscope/static/{name}")
    assert response.headers["Content-Type"] == f"{kind}; charset=utf-8"
    unchanged = Client().get(
        f"/__debug__/signalscope/static/{name}",
        headers={"If-None-Match": response.headers["ETag"]},
    )
    assert unchanged.status_code == 304


@pytest.mark.parametrize("name", ["..%2Fpanel.py", "panel.py", "secret"])
def test_no_other_files_are_served(name):
    assert Client().get(f"/__debug__/signalscope/static/{name}").status_code == 404


@pytest.mark.parametrize("url", ["rows/?request_id=x&first=0", "static/panel.css"])
def test_views_answer_only_those_who_are_shown_the_toolbar(site, url):
    show_toolbar_to(site, lambda request: False)
    assert Client().get(f"/__debug__/signalscope/{url}").status_code == 404


def test_requests_of_the_panel_itself_are_not_recorded():
    client = Client()
    client.get("/page/")
    before = list(get_store().request_ids())
    client.get("/__debug__/signalscope/static/panel.css")
    render_panel(client)
    assert list(get_store().request_ids()) == before


def test_time_in_signals_is_in_the_server_timing():
    header = Client().get("/page/").headers["Server-Timing"]
    assert f"{PANEL_ID}_signals;dur=" in header
    assert 'desc="Signals, 3 receivers"' in header


def test_stored_request_that_is_gone_leaves_the_panel_disabled():
    """A store may have forgotten the panel's data; nothing then asks for figures."""
    toolbar = DebugToolbar.fetch(_forgotten_request())
    panel = toolbar.get_panel_by_id(PANEL_ID)
    assert not panel.enabled
    assert panel.nav_subtitle == ""
    assert "This request was not recorded." in panel.content


def _forgotten_request():
    get_store().set("forgotten")
    return "forgotten"


def test_missing_toolbar_names_the_remedy():
    """Without the extra, the import says in one sentence what to install."""
    program = (
        "import sys; sys.modules['debug_toolbar'] = None\n"
        "try: import signalscope.integrations.debug_toolbar\n"
        "except ModuleNotFoundError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == (
        "SignalscopePanel needs django-debug-toolbar; install it with: "
        'python -m pip install "django-signalscope[toolbar]"'
    )


# --- From data to rows ----------------------------------------------------------------------------


def call(name, started=0, took=0, own=None, **more):
    """Return a receiver call as `Recording.to_dict` gives it."""
    return {
        "receiver_name": name,
        "file": "/srv/shop/signals.py",
        "line": 7,
        "order": 0,
        "is_async": False,
        "started_ns": started,
        "duration_ns": took,
        "self_ns": took if own is None else own,
        "error": None,
        **more,
    }


def dispatch(started=0, took=0, **more):
    """Return a dispatch as `Recording.to_dict` gives it."""
    return {
        "id": 1,
        "signal_name": "django.db.models.signals.post_save",
        "sender_name": "shop.Order",
        "method": "send",
        "depth": 0,
        "parent": None,
        "started_at": "2026-11-22T12:00:00+00:00",
        "started_ns": started,
        "duration_ns": took,
        "error": None,
        "recursive": False,
        "cycle": [],
        "location": ["/srv/shop/views.py", 3],
        "kwargs": {},
        "calls": [],
        **more,
    }


def recorded(*dispatches, dropped=0):
    return {"dropped": dropped, "dispatches": list(dispatches)}


def as_stored(recording, window=(0, 1000)):
    return {
        "overview": rows.overview(recording, window),
        "window": list(window),
        "recording": stats.pack(recording),
        "problem": "",
    }


def big_recording(size):
    return recorded(
        *(
            dispatch(
                1_000_000_000_000 + number * 7919,
                number * 31 % 5003,
                id=number,
                kwargs={"created": True, "instance": f"shop.Order pk={number}"},
                calls=[call("shop.signals.log_order", 10**12 + number * 7919, number % 4999)],
            )
            for number in range(size)
        )
    )


def rows_of(recording, window=(0, 1000)):
    return rows.Tree(recording, window).page(0, 10_000).rows


def test_overview_counts_time_under_signals_once():
    """Dispatches that overlap, as concurrent ones do, share the time in which both were open."""
    recording = recorded(
        dispatch(100, 200, calls=[call("a.b"), call("a.c")]),
        dispatch(200, 300),
        dispatch(250, 10, parent=[0, 0], recursive=True),
        dispatch(800, 100),
        dropped=4,
    )
    assert rows.overview(recording, (0, 1000)) == {
        "dispatches": 4,
        "calls": 2,
        "signals_ns": 500,
        "request_ns": 1000,
        "errors": 0,
        "recursions": 1,
        "dropped": 4,
    }


def test_overview_takes_what_still_runs_up_to_the_end():
    recording = recorded(dispatch(900, None))
    assert rows.overview(recording, (0, 1000))["signals_ns"] == 100


def test_overview_counts_an_error_once():
    """An error that went up through three receivers is one error; a different one is another."""
    error = {"type": "ValueError", "message": "no luck"}
    other = {"type": "KeyError", "message": "made of it"}
    recording = recorded(
        dispatch(error=other, calls=[call("a.top", error=other)]),
        dispatch(parent=[0, 0], error=error, calls=[call("a.middle", error=error)]),
        dispatch(parent=[1, 0], error=error, calls=[call("a.bottom", error=error)]),
        dispatch(error=error),
    )
    assert rows.overview(recording, (0, 1000))["errors"] == 3
    noted = [row.key for row in rows_of(recording) if row.tone == "error"]
    assert noted == ["c0.0", "c2.0", "d3"]


OVERVIEW = {
    "dispatches": 0,
    "calls": 0,
    "signals_ns": 0,
    "request_ns": 100_000_000,
    "errors": 0,
    "recursions": 0,
    "dropped": 0,
}


@pytest.mark.parametrize(
    ("figures", "line"),
    [
        ({}, "No receiver ran"),
        ({"dispatches": 1, "calls": 1, "signals_ns": 900}, "1 receiver, 900 ns"),
        (
            {"dispatches": 9, "calls": 31, "signals_ns": 12_300_000, "recursions": 1},
            "31 receivers, 12.3 ms, 1 recursion",
        ),
        (
            {"dispatches": 9, "calls": 9, "signals_ns": 9000, "errors": 2, "dropped": 1234},
            "9 receivers, 9.0 µs, 2 errors, 1,234 not kept",
        ),
    ],
)
def test_subtitle(figures, line):
    assert rows.subtitle({**OVERVIEW, **figures}) == line


def test_figures_name_problems_only_where_there_are_any():
    fine = {**OVERVIEW, "dispatches": 1, "calls": 2, "signals_ns": 8_000_000}
    assert [" ".join(figure[:2]) for figure in rows.figures(fine)] == [
        "1 dispatch",
        "2 receiver calls",
        "8.0 ms in signals, 8% of the request",
    ]
    bad = {**fine, "errors": 1, "recursions": 2, "dropped": 3}
    assert [(figure.value, figure.tone) for figure in rows.figures(bad)[3:]] == [
        ("1", "error"),
        ("2", "recursion"),
        ("3", "recursion"),
    ]


def test_rows_nest_deeper_than_python_does():
    """5,000 levels, as a runaway recursion leaves them, and no row is indented off the page."""
    chain = [dispatch(calls=[call("a.b")])]
    chain += [dispatch(parent=[level, 0], calls=[call("a.b")]) for level in range(4999)]
    last = rows_of(recorded(*chain))[-1]
    assert last.level == "10000"
    assert len(last.indent) == rows.MAX_INDENT
    assert last.deeper == "level 10,000"


def test_bars_stand_where_the_time_was():
    """A receiver's bar is lit where it ran code of its own, and not under what it sent."""
    recording = recorded(
        dispatch(100, 500, calls=[call("a.b", 200, 400, 300)]),
        dispatch(300, 100, parent=[0, 0]),
    )
    of_dispatch, of_call, _ = rows_of(recording)
    assert of_dispatch.bar == ("100.000", "500.000")
    assert of_call.bar == ("200.000", "400.000")
    assert of_call.own_bars == [("200.000", "100.000"), ("400.000", "200.000")]


def test_bars_of_concurrent_dispatches_are_left_out_once():
    recording = recorded(
        dispatch(0, 1000, calls=[call("a.b", 0, 1000)]),
        dispatch(100, 300, parent=[0, 0]),
        dispatch(200, 500, parent=[0, 0]),
        dispatch(300, 50, parent=[0, 0]),
    )
    assert rows_of(recording)[1].own_bars == [("0.000", "100.000"), ("700.000", "300.000")]


def test_bars_stay_few():
    """A receiver that sent thousands of signals is drawn in as many pieces as can be seen."""
    children = [dispatch(number * 10, 5, parent=[0, 0]) for number in range(10_000)]
    recording = recorded(dispatch(0, 100_000, calls=[call("a.b", 0, 100_000)]), *children)
    tree_of_it = rows.Tree(recording, (0, 100_000))
    assert len(tree_of_it.page(1, 1).rows[0].own_bars) == 1


def test_bars_end_with_the_request():
    """A task that outlives the request has a bar up to the request's end, and says that it runs."""
    row = rows_of(recorded(dispatch(600, None)))[0]
    assert row.bar == ("600.000", "400.000")
    assert row.duration == "running"


def test_request_too_short_to_measure():
    assert rows_of(recorded(dispatch()), (5, 5))[0].bar == ("0.000", "0.000")


def test_timeline_of_the_request_and_of_its_signals():
    timeline = rows.Tree(recorded(dispatch(250, 500)), (0, 1000)).timeline
    assert timeline.request == ["0", "250 ns", "500 ns", "750 ns", "1.0 µs"]
    assert timeline.signals == ["250 ns", "375 ns", "500 ns", "625 ns", "750 ns"]
    assert timeline.signals_view == "250.000 0 500.000 10"


def test_timeline_has_no_zoom_where_signals_fill_the_request():
    assert rows.Tree(recorded(dispatch(0, 950)), (0, 1000)).timeline.signals_view == ""


def facts_of(**more):
    return [fact.text for fact in rows_of(recorded(dispatch(**more)))[0].facts]


@pytest.mark.parametrize(
    ("kwargs", "facts"),
    [
        ({"created": True, "raw": False, "using": "default"}, ["created"]),
        ({"created": False, "raw": True, "using": "archive"}, ["updated", "raw", "using archive"]),
        ({"instance": "shop.Order pk=3", "update_fields": ["a", "b"]}, ["pk=3", "fields: a, b"]),
        ({"instance": "shop.Other pk=3", "update_fields": []}, ["shop.Other pk=3", "fields: none"]),
        ({"action": "pre_add", "reverse": True, "pk_count": 2}, ["pre_add", "reverse", "2 pks"]),
        ({"action": "post_clear", "reverse": False, "pk_count": None}, ["post_clear"]),
        ({"book": "shop.Book pk=1", "user": None}, ["book: shop.Book pk=1"]),
    ],
)
def test_facts_of_what_was_sent(kwargs, facts):
    assert facts_of(kwargs=kwargs) == facts


def test_method_is_named_where_it_is_not_send():
    assert facts_of(method="asend_robust") == ["asend_robust"]


@pytest.mark.parametrize(
    ("dotted", "name", "module"),
    [
        ("shop.signals.log_sale", "log_sale", "shop.signals"),
        ("shop.signals.Handler.on_save", "Handler.on_save", "shop.signals"),
        ("shop.apps.connect.<locals>.receiver", "connect.<locals>.receiver", "shop.apps"),
        ("shop.apps.<lambda>", "<lambda>", "shop.apps"),
        ("functools.partial(shop.signals.log)", "partial(log)", "shop.signals"),
        ("print", "print", ""),
        ("", "", ""),
    ],
)
def test_split_name(dotted, name, module):
    assert rows.split_name(dotted) == (name, module)


@pytest.mark.parametrize(
    ("path_", "short"),
    [
        ("/srv/shop/signals.py", "shop/signals.py"),
        ("C:\\shop\\app\\signals.py", "app/signals.py"),
        ("signals.py", "signals.py"),
    ],
)
def test_short_path(path_, short):
    assert rows.short_path(path_) == short


def test_places_are_short_with_the_full_path_at_hand():
    row = rows_of(recorded(dispatch(calls=[call("a.b", file=None, line=None)])))
    assert (row[0].place, row[0].place_title) == (
        "shop/views.py:3",
        "Sent at /srv/shop/views.py:3",
    )
    assert (row[1].place, row[1].place_title) == ("", "")
