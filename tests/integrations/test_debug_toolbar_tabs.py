"""The panel's tabs, downloads and links, in every store and for every kind of response."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

pytest.importorskip("debug_toolbar", reason="the extra “toolbar” is not installed")

from debug_toolbar.middleware import DebugToolbarMiddleware
from debug_toolbar.store import get_store
from debug_toolbar.toolbar import DebugToolbar
from django.core.checks import run_checks
from django.dispatch import Signal
from django.http import HttpResponse
from django.test import AsyncClient, Client, RequestFactory

import signalscope
from signalscope import patching
from signalscope.integrations.debug_toolbar import editors, html, stats
from signalscope.integrations.debug_toolbar.stats import without_receivers_of
from signalscope.integrations.debug_toolbar.tabs import Ask, has_tab, tabs
from signalscope.rendering.filters import Filter
from signalscope.rendering.findings import findings
from signalscope.rendering.words import Place
from tests.integrations.toolbar import (
    HOSTILE,
    ORDERED_TREE,
    PAGE,
    PANEL_ID,
    Order,
    RowReader,
    always,
    as_stored,
    ordered,
    render_panel,
    show_toolbar_to,
    signals_of,
    stored_recording,
    stored_stats,
    take_payment,
    tree,
    write_receipt,
)
from tests.saved import big_recording, bypass, call, dispatch, missed, queries, recorded

pytestmark = pytest.mark.usefixtures("site", "wiring")
TAB = "/__debug__/signalscope/tab/"
DOWNLOAD = "/__debug__/signalscope/download/"


def newest():
    return list(get_store().request_ids())[-1]


def ask(tab, **more):
    """Return the tab of the newest request, as the panel's script asks for it."""
    response = Client().get(TAB, {"request_id": newest(), "tab": tab, **more})
    assert response.status_code == 200
    return response.json()


def cells(content):
    """Return what the table says, a list of texts for each row."""
    plain = re.sub(r"<(?!/?t[dr])[^>]*>", " ", content)
    return [
        [" ".join(cell.split()) for cell in re.findall(r"<td[^>]*>(.*?)</td>", line, re.DOTALL)]
        for line in re.findall(r"<tr>(.*?)</tr>", plain, re.DOTALL)
        if "<td" in line
    ]


def column(content, number=0):
    # A name may be broken behind its points and underscores, which splits it here.
    return [row[number].replace("_ ", "_") for row in cells(content)]


# --- Tabs -----------------------------------------------------------------------------------------


def test_tabs_of_a_request():
    """Each view is a tab."""
    client = Client()
    client.get("/page/")
    content = render_panel(client)
    found = re.findall(r'role="tab" id="ss-tab-([\w-]+)"', content)
    assert found == ["tree", "receivers", "signals", "not-called", "findings", "wiring"]
    assert content.count('aria-selected="true"') == 1


def test_receivers_and_signals():
    Client().get("/page/")
    rows = {row[0]: row[1] for row in cells(ask("receivers")["content"])}
    assert rows == {"take_ payment": "1", "write_ receipt": "2"}
    signals = [row[0] for row in cells(ask("signals", sort="signal")["content"])]
    assert signals == ["ordered", "paid"]


def test_sorting_is_told_to_screen_readers():
    Client().get("/page/")
    assert column(ask("receivers", sort="receiver")["content"]) == ["take_payment", "write_receipt"]
    content = ask("receivers", sort="-receiver")["content"]
    assert column(content) == ["write_receipt", "take_payment"]
    assert content.count("aria-sort=") == 1
    assert re.search(r'aria-sort="descending"><button[^>]*data-sort="receiver"', content)


def test_filter_narrows_tree_and_tables():
    Client().get("/page/")
    data = ask("tree", q="signal:paid")
    assert [name for _, name in tree(data["content"])] == [
        *("ordered", "take_payment", "paid", "write_receipt"),
    ]
    assert data["content"].count("ss-is-context") == 2
    assert data["status"] == "2 rows"
    assert column(ask("receivers", q="take")["content"]) == ["take_payment"]
    nothing = ask("tree", q=HOSTILE)["content"]
    assert "Nothing here matches" in nothing
    assert "<img" not in nothing


def test_not_called_says_why():
    """What another sender's receiver is, what was muted, and whose signal was not sent."""

    def view(request):
        with signalscope.muted(receiver=write_receipt):
            ordered.send(sender=Order)
        return HttpResponse(PAGE)

    DebugToolbarMiddleware(view)(RequestFactory().get("/page/"))
    rows = cells(ask("not-called", q="toolbar")["content"])
    reasons = {(row[0].replace("_ ", "_"), row[2]): row[1] for row in rows}
    assert reasons["write_receipt", "ordered"] == "muted"
    assert reasons["send_again", "again"] == "its signal was not sent"
    assert ("take_payment", "ordered") not in reasons


lonely = Signal()


def test_signals_without_receivers_are_information():
    """The project's own stand in sight, each with whether it was sent; Django's are folded up."""

    def view(request):
        for sender in (int, str, str):
            lonely.send(sender=sender)
        return HttpResponse(PAGE)

    DebugToolbarMiddleware(view)(RequestFactory().get("/page/"))
    content = ask("not-called")["content"]
    assert "nothing wrong" in content
    own, others = content.partition("Signals without receivers")[2].split("<details")
    plain = " ".join(re.sub("<[^>]*>", "", own).split())
    assert "test_debug_toolbar_tabs.lonely sent 3 ×" in plain
    assert "django.db.models.signals.pre_init" not in own
    assert "django.db.models.signals.pre_init" in others
    again = " ".join(re.sub("<[^>]*>", "", ask("not-called", q="lonely")["content"]).split())
    assert "lonely sent 3 ×" in again
    assert "pre_init" not in again


def test_sends_that_reached_nobody_are_information():
    """By signal and sender; what is connected for others was passed by, and not left unsent."""

    def view(request):
        ordered.send(sender=int)
        lonely.send(sender=str)
        lonely.send(sender=str)
        return HttpResponse(PAGE)

    def for_others(**_):
        pass

    ordered.disconnect(take_payment)
    ordered.disconnect(write_receipt)
    ordered.connect(for_others, sender=Order)
    try:
        DebugToolbarMiddleware(view)(RequestFactory().get("/page/"))
        shown = ask("not-called", q="test_debug_toolbar_tabs.lonely")["content"]
        (row,) = cells(ask("not-called", q="receiver:for_others")["content"])
        ordered.disconnect(for_others, sender=Order)
        ordered.connect(write_receipt)
        (late,) = cells(ask("not-called", q="receiver:write_receipt signal:ordered")["content"])
    finally:
        ordered.disconnect(for_others, sender=Order)
    assert cells(shown) == [["lonely", "str", "2"]]
    assert (row[1], row[3], row[4]) == ("connected for another sender", "int", "1")
    assert (late[1], late[4]) == ("its signal was sent past it", "1")


def test_quiet_request_tells_of_sends_that_reached_nobody():
    def view(request):
        lonely.send(sender=str)
        return HttpResponse(PAGE)

    DebugToolbarMiddleware(view)(RequestFactory().get("/page/"))
    assert "to which nobody is connected" in ask("tree")["content"]


def test_receivers_of_signals_that_are_not_recorded_say_so(site):
    site.SIGNALSCOPE = {"DENY": ["*.again"]}
    Client().get("/quiet/")
    (row,) = cells(ask("not-called", q="receiver:send_again")["content"])
    assert row[1] == "its signal is not recorded"


def test_receivers_of_signals_that_may_not_have_been_kept_say_so(site):
    """What found no room may have been sent."""
    site.SIGNALSCOPE = {"MAX_RECORDS": 1}
    Client().get("/page/")
    (row,) = cells(ask("not-called", q="receiver:send_again")["content"])
    assert row[1] == "its signal is not among what was kept"


def test_wiring_shows_what_is_connected_now():
    Client().get("/quiet/")

    def late(sender, **kwargs):
        pass

    signalscope.install()
    ordered.connect(late, sender=Order, weak=False, dispatch_uid="late/1")
    try:
        (row,) = cells(ask("wiring", q="<locals>.late")["content"])
    finally:
        ordered.disconnect(sender=Order, dispatch_uid="late/1")
        signalscope.uninstall()
    signal, sender, receiver, place, connected, uid, held = row
    assert (signal, uid, held) == ("ordered", "late/1", "strongly")
    assert sender.endswith("Order")
    assert receiver.endswith("late")
    assert place.startswith("integrations/test_debug_toolbar_tabs.py:")
    assert connected.startswith("integrations/test_debug_toolbar_tabs.py:")


def test_wiring_shows_what_is_wrong_with_it():
    """Above what is connected, and filtered with it."""
    Client().get("/quiet/")

    def twice(sender, **kwargs):
        pass

    for uid in ("one", "two"):
        ordered.connect(twice, sender=Order, weak=False, dispatch_uid=uid)
    try:
        content = ask("wiring", q="<locals>.twice")["content"]
        assert "W001 duplicate-receiver" in content
        assert content.index("W001") < content.index("<table")
        assert "W001" not in ask("wiring", q="receiver:nobody")["content"]
    finally:
        for uid in ("one", "two"):
            ordered.disconnect(sender=Order, dispatch_uid=uid)
    assert "W001" not in ask("wiring", q="<locals>.twice")["content"]


FINDING = {
    "id": "W101",
    "name": "recursion",
    "severity": "warning",
    "message": "post_save re-enters itself.",
    "why": "Each round runs every receiver once more.",
    "remedy": "Return early.",
    "url": "https://example.org/rules/W101",
    "location": ["/srv/shop/signals.py", 7],
    "dispatch_id": 7,
}


def test_findings_have_a_tab_where_there_are_rules():
    recording = recorded(dispatch(), dispatch(id=7), findings=[FINDING])
    assert all(has_tab(recording, tab.name) for tab in tabs(recording))
    assert "findings" in [tab.name for tab in tabs(recording)]
    content = html.tab(as_stored(recording), Ask("findings"))["content"]
    for part in ("W101 recursion", "re-enters", "Each round", "Return early.", 'data-row="d1"'):
        assert part in content
    assert 'href="https://example.org/rules/W101"' in content
    empty = html.tab(as_stored(recorded(findings=[])), Ask("findings"))["content"]
    assert "No rule found anything" in empty


def test_findings_are_filtered_by_what_they_are_about():
    recording = recorded(dispatch(id=7, calls=[call("shop.log")]), findings=[FINDING, {"id": "W1"}])
    assert [each.id for each in findings(recording, Filter.of("receiver:log"))] == ["W101"]


def test_finding_with_an_address_that_would_run_is_no_link():
    bad = {**FINDING, "url": "javascript:alert(1)"}
    content = html.tab(as_stored(recorded(dispatch(), findings=[bad])), Ask("findings"))["content"]
    assert "javascript:" not in content


def test_tree_jumps_to_the_page_of_a_row():
    stored = as_stored(big_recording(1000))
    content = html.tab(stored, Ask(row="d600"))["content"]
    assert 'data-key="d600"' in content
    assert "1,000 rows before these" in content


@pytest.mark.parametrize("tab", ["tree", "receivers", "signals", "not-called", "findings"])
def test_text_from_the_program_is_escaped_in_each_tab(tab):
    recording = recorded(
        dispatch(
            signal_name=HOSTILE,
            sender_name=HOSTILE,
            location=[f"/{HOSTILE}", 1],
            calls=[call(HOSTILE, file=f"/{HOSTILE}", queries=queries(2, **{HOSTILE: 2}))],
            not_called=[missed(HOSTILE, HOSTILE), missed(HOSTILE, "muted")],
        ),
        bypasses=[bypass(operation=HOSTILE, model_name=HOSTILE, receivers=[HOSTILE])],
        findings=[dict.fromkeys(("id", "name", "message", "why", "remedy", "severity"), HOSTILE)],
    )
    reader = RowReader(html.tab(as_stored(recording), Ask(tab))["content"])
    assert {name for name, _ in reader.elements}.isdisjoint({"img", "script"})
    assert not any(name.startswith("on") for _, attrs in reader.elements for name in attrs)
    assert not [attrs for _, attrs in reader.elements if "style" in attrs]


def test_table_of_thousands_comes_in_pages():
    many = recorded(dispatch(calls=[call(f"shop.r{n:03}") for n in range(600)]))
    first = html.tab(as_stored(many), Ask("receivers", sort="receiver"))["content"]
    assert len(cells(first)) == html.PAGE_SIZE
    assert "350 more rows" in first
    more = html.further_rows(as_stored(many), Ask("receivers", sort="receiver", first=500))
    assert column(more["rows"])[0] == "r500"
    assert len(cells(more["rows"])) == 100
    assert "<button" not in more["more"]


@pytest.mark.parametrize(
    ("query", "status"),
    [({"tab": "nonsense"}, 404), ({"first": "-1"}, 404)],
)
def test_tab_that_is_not_there(query, status):
    Client().get("/page/")
    assert Client().get(TAB, {"request_id": newest(), **query}).status_code == status


# --- Downloads ------------------------------------------------------------------------------------


def test_recording_is_downloaded_as_json():
    """The file can be read back, and holds what the panel shows."""
    Client().get("/page/")
    response = Client().get(DOWNLOAD, {"request_id": newest(), "format": "json"})
    assert response.headers["Content-Type"] == "application/json"
    assert re.fullmatch(
        r'attachment; filename="signals-\w+\.json"', response.headers["Content-Disposition"]
    )
    recording = signalscope.Recording.from_dict(json.loads(response.content))
    recording.assert_called("write_receipt", times=2)
    assert recording.to_dict() == stored_recording()


def test_report_is_downloaded_as_html():
    Client().get("/page/")
    response = Client().get(DOWNLOAD, {"request_id": newest(), "format": "html"})
    assert response.headers["Content-Type"].startswith("text/html")
    assert ".html" in response.headers["Content-Disposition"]
    assert "take_payment" in response.text
    assert "<script" not in response.text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"request_id": "gone"}, 400),
        ({"request_id": "gone", "format": "exe"}, 400),
        ({"request_id": "gone", "format": "json"}, 404),
    ],
)
def test_download_of_nothing(query, status):
    assert Client().get(DOWNLOAD, query).status_code == status


# --- Kinds of responses, and stores ---------------------------------------------------------------


def test_file_response():
    response = Client().get("/file/")
    assert b"".join(response.streaming_content) == b"a,b"
    assert signals_of(stored_recording()) == ["ordered", "paid"]


def test_streamed_response_under_asgi():
    async def read():
        response = await AsyncClient().get("/streamed_asynchronously/")
        return b"".join([chunk async for chunk in response.streaming_content])

    assert asyncio.run(read()) == b"<body></body>"
    assert signals_of(stored_recording()) == ["viewed"]
    assert patching.recorder.active == []


def test_error_page_shows_what_led_to_it():
    """Django's own page for a view that fails carries the toolbar, and the panel its tree."""
    client = Client(raise_request_exception=False)
    response = client.get("/broken/")
    assert response.status_code == 500
    assert re.search(r"<small>\d receivers, ", response.text)
    assert tree(render_panel(client))[:5] == ORDERED_TREE


STORES = ["MemoryStore", "DatabaseStore", "CacheStore"]


@pytest.mark.usefixtures("history_table")
@pytest.mark.parametrize("store", STORES)
def test_every_store(site, store):
    """The panel, its tabs and downloads are the same from each store that the toolbar ships."""
    show_toolbar_to(site, always, TOOLBAR_STORE_CLASS=f"debug_toolbar.store.{store}")
    get_store().clear()
    client = Client()
    response = client.get("/as_json/")
    request_id = response.headers["djdt-request-id"]
    assert signals_of(stored_recording(request_id)) == ["ordered", "paid"]
    assert tree(render_panel(client, request_id)) == ORDERED_TREE
    switched = client.get("/__debug__/history_sidebar/", {"request_id": request_id}).json()
    assert "3 receivers, " in switched[PANEL_ID]["button"]
    found = client.get(TAB, {"request_id": request_id, "tab": "receivers", "sort": "receiver"})
    assert column(found.json()["content"]) == ["take_payment", "write_receipt"]
    saved = client.get(DOWNLOAD, {"request_id": request_id, "format": "json"}).json()
    assert saved == stored_recording(request_id)
    get_store().clear()


@pytest.mark.usefixtures("history_table")
@pytest.mark.parametrize("store", STORES)
def test_ten_thousand_dispatches_in_every_store(site, store):
    """They stay under 2 MB, and come back whole."""
    show_toolbar_to(site, always, TOOLBAR_STORE_CLASS=f"debug_toolbar.store.{store}")
    Client().get("/many/", {"times": 5000})
    stored = stored_stats()
    assert len(json.dumps(stored)) < 2_000_000
    assert stored["overview"]["dispatches"] == 10_000
    assert len(stats.unpack(stored["recording"])["dispatches"]) == 10_000
    get_store().clear()


def test_nothing_is_recorded_outside_of_debug(site):
    """The toolbar's own rule for who sees it: DEBUG, and an internal address."""
    seen = []

    def view(request):
        seen.append((list(patching.recorder.active), patching.is_installed()))
        return HttpResponse(PAGE)

    site.INTERNAL_IPS = ["127.0.0.1"]
    show_toolbar_to(site, "debug_toolbar.middleware.show_toolbar")
    DebugToolbarMiddleware(view)(RequestFactory().get("/page/"))
    assert len(seen.pop()[0]) == 1
    site.DEBUG = False
    DebugToolbarMiddleware(view)(RequestFactory().get("/page/"))
    assert seen.pop() == ([], False)
    site.DEBUG = True
    site.INTERNAL_IPS = []
    DebugToolbarMiddleware(view)(RequestFactory().get("/page/"))
    assert seen.pop() == ([], False)


# --- Editors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "file", "address"),
    [
        ("vscode", "/srv/a b.py", "vscode://file//srv/a%20b.py:7"),
        ("vscode", "C:\\shop\\a.py", "vscode://file/C:/shop/a.py:7"),
        ("pycharm", "/srv/a&b.py", "pycharm://open?file=/srv/a%26b.py&line=7"),
        ("text", "/srv/a.py", ""),
        ("zed://file{file}:{line}", "/srv/a.py", "zed://file/srv/a.py:7"),
        ("vscode", "<console>", ""),
        ("no editor", "/srv/a.py", ""),
        ("javascript:alert({file})", "/srv/a.py", ""),
        (None, "/srv/a.py", ""),
    ],
)
def test_address_of_a_place(option, file, address):
    assert editors.Editor(option).address(Place("", "", file, 7)) == address


def test_places_are_links_to_the_editor_of_the_settings(site):
    show_toolbar_to(site, always, SIGNALSCOPE_EDITOR="pycharm")
    client = Client()
    client.get("/page/")
    links = [
        attrs["href"]
        for tag, attrs in RowReader(render_panel(client)).elements
        if tag == "a" and "ss-link" in attrs.get("class", "")
    ]
    assert links
    assert all(link.startswith("pycharm://open?file=/") for link in links)


def test_places_are_plain_text_where_the_settings_say_so(site):
    show_toolbar_to(site, always, SIGNALSCOPE_EDITOR="text")
    client = Client()
    client.get("/page/")
    content = render_panel(client)
    assert "ss-link" not in content
    assert "integrations/toolbar.py:" in content


@pytest.mark.parametrize("option", ["vscode", "zed://file{file}:{line}"])
def test_editor_that_can_be_used_passes_the_checks(site, option):
    show_toolbar_to(site, always, SIGNALSCOPE_EDITOR=option)
    assert editors.problems() == []


@pytest.mark.parametrize("option", ["vim", 3, "javascript:{file}"])
def test_editor_that_cannot_be_used_is_told_by_the_checks(site, option):
    show_toolbar_to(site, always, SIGNALSCOPE_EDITOR=option)
    (found,) = [each for each in run_checks() if "EDITOR" in each.msg]
    assert (found.id, found.is_serious()) == ("signalscope.E002", True)
    assert "'vscode', 'pycharm', 'text'" in found.hint


def test_editor_that_is_misspelt_is_told_the_nearest_name(site):
    show_toolbar_to(site, always, SIGNALSCOPE_EDITOR="PyChram")
    (found,) = editors.problems()
    assert "'PyChram'" in found.msg
    assert found.hint.startswith("Did you mean 'pycharm'?")


def test_request_that_was_not_recorded_has_no_tabs():
    get_store().set("forgotten")
    content = DebugToolbar.fetch("forgotten").get_panel_by_id(PANEL_ID).content
    assert "tablist" not in content


def test_findings_go_with_what_they_are_about():
    """What only the toolbar's own receivers did is left out, and what was found in it."""
    kept, own = {"count": 1, "dispatches": [1]}, {"count": 1, "dispatches": [2]}
    recording = recorded(
        dispatch(calls=[call("shop.bill")]),
        dispatch(id=2, calls=[call("debug_toolbar.panels.listen")]),
        findings=[{"id": "W103", "evidence": own}, {"id": "W110", "evidence": kept}],
    )
    left = without_receivers_of("debug_toolbar", recording)
    assert [each["id"] for each in left["findings"]] == ["W110"]
