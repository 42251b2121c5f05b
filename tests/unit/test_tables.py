"""Receivers and signals added up, and what was not called."""

from __future__ import annotations

import pytest

from signalscope.rendering import absences, tables
from signalscope.rendering.filters import Filter
from signalscope.rendering.words import place_of
from tests.saved import bypass, call, dispatch, missed, queries, recorded

RECORDING = recorded(
    dispatch(
        0,
        100,
        signal_name="shop.paid",
        calls=[call("shop.bill", 0, 60, 20, queries=queries(2)), call("shop.ship", 60, 40)],
    ),
    dispatch(10, 40, signal_name="shop.packed", parent=[0, 0], calls=[call("shop.ship", 10, 10)]),
    dispatch(200, None, signal_name="shop.paid", sender_name=None, calls=[call("shop.bill")]),
)


def texts(table):
    """Return what the table says, a list a row."""
    return [
        [cell.place.text if cell.place else cell.text for cell in line.cells]
        for line in table.lines
    ]


def names(table):
    return [line.cells[0].text for line in table.lines]


def test_receivers_are_added_up():
    assert texts(tables.receivers(RECORDING)) == [
        ["bill", "2", "60 ns", "20 ns", "30 ns", "60 ns", "2", "shop/signals.py:7"],
        ["ship", "2", "50 ns", "50 ns", "25 ns", "40 ns", "–", "shop/signals.py:7"],
    ]


def test_signals_are_added_up_by_sender():
    assert texts(tables.signals(RECORDING)) == [
        ["paid", "shop.Order", "1", "2", "100 ns", "60 ns", "100 ns", "100 ns", "2"],
        ["packed", "shop.Order", "1", "1", "40 ns", "10 ns", "40 ns", "40 ns", "–"],
        ["paid", "–", "1", "1", "0 ns", "0 ns", "0 ns", "0 ns", "–"],
    ]


@pytest.mark.parametrize(
    ("key", "order"),
    [
        ("receiver", ["bill", "ship"]),
        ("-receiver", ["ship", "bill"]),
        ("own", ["bill", "ship"]),
        ("-own", ["ship", "bill"]),
        ("-queries", ["bill", "ship"]),
        ("no column", ["bill", "ship"]),
    ],
)
def test_sorting(key, order):
    assert names(tables.receivers(RECORDING).sorted_by(key)) == order


def test_filter_narrows_what_is_added_up():
    """Receivers are added up over the calls that are wanted, not left out as a whole."""
    table = tables.receivers(RECORDING, Filter.of("signal:packed"))
    assert texts(table) == [
        ["ship", "1", "10 ns", "10 ns", "10 ns", "10 ns", "–", "shop/signals.py:7"]
    ]


def test_cells_find_their_rows_in_the_tree():
    search = tables.receivers(RECORDING).lines[0].cells[0].search
    assert Filter.of(search).accepts("s", None, ["shop.bill"])
    assert not Filter.of(search).accepts("s", None, ["shop.ship"])


NOT_CALLED = recorded(
    dispatch(
        signal_name="shop.paid",
        calls=[call("shop.bill")],
        not_called=[missed("shop.late", "error-before"), missed("shop.ship", "other-sender")],
    ),
    dispatch(
        signal_name="shop.paid",
        sender_name="shop.Gift",
        calls=[call("shop.ship")],
        not_called=[missed("shop.bill", "other-sender"), missed("shop.tax", "other-sender")],
    ),
    dispatch(
        signal_name="shop.paid", calls=[call("shop.bill")], not_called=[missed("shop.tax", "muted")]
    ),
    bypasses=[bypass(receivers=["shop.log"])],
)


def test_not_called_leads_with_the_unusual():
    """What ran after all, for its own sender, is left out; the rest has its reason."""
    table = absences.not_called(
        NOT_CALLED,
        others={("shop.idle", "not-sent", "shop.viewed", ""): 0},
        place=lambda name: place_of("Defined at", f"/srv/shop/{name}.py", 1),
    )
    assert texts(table) == [
        ["late", "an earlier receiver raised", "paid", "shop.Order", "1", "shop/shop.late.py:1"],
        ["log", "bypassed", "bulk_create", "shop.Order", "1", "shop/shop.log.py:1"],
        ["tax", "muted", "paid", "shop.Order", "1", "shop/shop.tax.py:1"],
        ["tax", "connected for another sender", "paid", "shop.Gift", "1", "shop/shop.tax.py:1"],
        ["idle", "its signal was not sent", "viewed", "any", "–", "shop/shop.idle.py:1"],
    ]


def test_not_called_by_several_senders_is_one_line():
    recording = recorded(
        *(
            dispatch(sender_name=f"shop.M{n}", not_called=[missed("shop.tax", "other-sender")])
            for n in range(5)
        )
    )
    (line,) = texts(absences.not_called(recording))
    assert line[3:5] == ["shop.M0, shop.M1, shop.M2 and 2 more", "5"]


def test_not_called_is_filtered_by_sender():
    assert names(absences.not_called(NOT_CALLED, Filter.of("sender:gift"))) == ["tax"]


def test_reason_that_a_later_version_knows():
    recording = recorded(dispatch(not_called=[missed("shop.tax", "on-strike")]))
    assert texts(absences.not_called(recording))[0][1] == "on-strike"


def test_receivers_that_sends_to_nobody_passed_by_count_them():
    """A signal that was sent, if only past them, is another matter than one that was not sent."""
    table = absences.not_called(
        recorded(),
        others={
            ("shop.mail", "other-sender", "shop.viewed", "shop.Page"): 4,
            ("shop.late", "not-reached", "shop.viewed", "shop.Page"): 2,
        },
    )
    assert [line[:5] for line in texts(table)] == [
        ["mail", "connected for another sender", "viewed", "shop.Page", "4"],
        ["late", "its signal was sent past it", "viewed", "shop.Page", "2"],
    ]


UNHEARD = recorded(
    unheard=[
        ["django.db.models.signals.post_save", "shop.Page", 3],
        ["shop.signals.viewed", None, 1],
        ["shop.signals.viewed", "shop.Page", 1200],
    ]
)


def test_sends_to_nobody_are_listed_the_projects_own_first():
    assert texts(absences.unheard(UNHEARD)) == [
        ["viewed", "–", "1"],
        ["viewed", "shop.Page", "1,200"],
        ["post_save", "shop.Page", "3"],
    ]


@pytest.mark.parametrize(
    ("text", "left"), [("sender:page viewed", 1), ("signal:post", 1), ("receiver:x", 0)]
)
def test_sends_to_nobody_are_filtered(text, left):
    assert len(absences.unheard(UNHEARD, Filter.of(text)).lines) == left


def test_recording_of_an_older_version_knows_of_no_sends_to_nobody():
    assert absences.unheard(recorded()).lines == []
