"""The panel for django-debug-toolbar: what it records, stores and shows."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading

import pytest

pytest.importorskip("debug_toolbar", reason="the extra “toolbar” is not installed")

from debug_toolbar.middleware import DebugToolbarMiddleware
from debug_toolbar.store import get_store
from debug_toolbar.toolbar import DebugToolbar
from django.http import HttpResponse
from django.template import Context, Template
from django.test import AsyncClient, AsyncRequestFactory, Client, RequestFactory

from signalscope import patching
from signalscope.integrations.debug_toolbar import html, stats
from signalscope.integrations.debug_toolbar.tabs import Ask
from signalscope.rendering.spans import AXIS
from tests.integrations.toolbar import (
    HOSTILE,
    ORDERED_TREE,
    PAGE,
    PANEL_ID,
    Order,
    RowReader,
    always,
    as_stored,
    fail,
    ordered,
    paid,
    render_panel,
    show_toolbar_to,
    signals_of,
    stored_recording,
    stored_stats,
    tree,
    viewed,
)
from tests.saved import big_recording, bypass, call, dispatch, effect, recorded

pytestmark = pytest.mark.usefixtures("site", "wiring")

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


@pytest.mark.parametrize("middleware", [[], ["tests.integrations.toolbar.sync_only"]])
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
    # Before Django 6.1, the one may still run while the other is awaited.
    facts = {row["ss-name"]: row.get("ss-fact", "").split() for row in calls}
    assert "async" in facts["look_away"]
    assert "async" not in facts["write_receipt"]


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
        "bypasses": [bypass(parent=[4, 0]), bypass()],
        "effects": [effect(), effect(parent=[4, 0])],
    }
    less = stats.without_receivers_of("debug_toolbar", recording)
    assert [item["parent"] for item in less["effects"]] == [None, [2, 0]]
    assert [item["parent"] for item in less["bypasses"]] == [[2, 0], None]
    left = less["dispatches"]
    assert [item["parent"] for item in left] == [None, [0, 0], [0, 1]]
    assert left[2]["calls"][0]["receiver_name"] == "shop.four"


def test_a_toolbar_receiver_that_set_something_off_stays():
    """Leaving it out would leave what it set off without a place."""
    recording = recorded(
        dispatch(calls=[call("debug_toolbar.panels.Panel.note")]),
        dispatch(parent=[0, 0], calls=[call("shop.one")]),
    )
    assert stats.without_receivers_of("debug_toolbar", recording) == recording
    recording = recorded(
        dispatch(calls=[call("debug_toolbar.panels.Panel.note")]),
        bypasses=[bypass(parent=[0, 0])],
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
    sender = f"{Order.__module__}.Order"
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
        "bypasses": [],
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
    further = html.further_rows(as_stored(recording), Ask())["rows"]
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
        assert 0 <= float(bar["x"]) <= AXIS
        assert 0 <= float(bar["width"]) <= AXIS


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
            "/__debug__/signalscope/tab/", {"request_id": request_id, "first": len(found)}
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
    assert Client().get("/__debug__/signalscope/tab/", query).status_code == status


def test_rows_start_inside_the_recording():
    Client().get("/page/")
    query = {"request_id": list(get_store().request_ids())[-1], "first": "-1"}
    assert Client().get("/__debug__/signalscope/tab/", query).status_code == 404


@pytest.mark.parametrize("name", ["panel.css", "panel.js", "state.js", "tabs.js", "tree.js"])
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


@pytest.mark.parametrize("url", ["tab/", "download/", "static/panel.css"])
def test_views_answer_only_those_who_are_shown_the_toolbar(site, url):
    Client().get("/page/")
    query = {"request_id": list(get_store().request_ids())[-1], "format": "json"}
    assert Client().get(f"/__debug__/signalscope/{url}", query).status_code == 200
    show_toolbar_to(site, lambda request: False)
    assert Client().get(f"/__debug__/signalscope/{url}", query).status_code == 404


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
