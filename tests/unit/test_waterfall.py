"""The rows of the tree, and their bars."""

from __future__ import annotations

import pytest

from signalscope.rendering.filters import Filter
from signalscope.rendering.rows import MAX_INDENT
from signalscope.rendering.waterfall import Tree
from tests.saved import bypass, call, dispatch, missed, queries, recorded


def rows_of(recording, window=(0, 1000)):
    return Tree(recording, window).page(0, 10_000).rows


def test_rows_nest_deeper_than_python_does():
    """5,000 levels, as a runaway recursion leaves them, and no row is indented off the page."""
    chain = [dispatch(calls=[call("a.b")])]
    chain += [dispatch(parent=[level, 0], calls=[call("a.b")]) for level in range(4999)]
    last = rows_of(recorded(*chain))[-1]
    assert last.level == "10000"
    assert len(last.indent) == MAX_INDENT
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
    tree_of_it = Tree(recording, (0, 100_000))
    assert len(tree_of_it.page(1, 1).rows[0].own_bars) == 1


def test_bars_end_with_the_request():
    """A task that outlives the request has a bar up to the request's end, and says that it runs."""
    row = rows_of(recorded(dispatch(600, None)))[0]
    assert row.bar == ("600.000", "400.000")
    assert row.duration == "running"


def test_request_too_short_to_measure():
    assert rows_of(recorded(dispatch()), (5, 5))[0].bar == ("0.000", "0.000")


def test_timeline_of_the_request_and_of_its_signals():
    timeline = Tree(recorded(dispatch(250, 500)), (0, 1000)).timeline
    assert timeline.request == ["0", "250 ns", "500 ns", "750 ns", "1.0 µs"]
    assert timeline.signals == ["250 ns", "375 ns", "500 ns", "625 ns", "750 ns"]
    assert timeline.signals_view == "250.000 0 500.000 10"


def test_timeline_has_no_zoom_where_signals_fill_the_request():
    assert Tree(recorded(dispatch(0, 950)), (0, 1000)).timeline.signals_view == ""


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


def test_place_of_a_dispatch_and_of_a_receiver():
    sent, run, unknown = rows_of(recorded(dispatch(calls=[call("a.b"), call("print", file=None)])))
    assert sent.place.title == "Sent at /srv/shop/views.py:3"
    assert run.place.title == "Defined at /srv/shop/signals.py:7"
    assert unknown.place is None


# --- Badges ---------------------------------------------------------------------------------------


def row_of(recording, key):
    return next(row for row in rows_of(recording) if row.key == key)


def test_error_names_the_receivers_that_it_kept_from_running():
    error = {"type": "builtins.ValueError", "message": "no luck"}
    recording = recorded(
        dispatch(
            error=error,
            calls=[call("shop.fail", error=error)],
            not_called=[
                missed("shop.signals.second", "error-before"),
                missed("shop.signals.other", "other-sender"),
                missed("shop.signals.third", "error-before"),
            ],
        )
    )
    (note,) = row_of(recording, "c0.0").notes
    assert (note.lead, note.text) == ("ValueError", "no luck")
    assert note.more == "Kept 2 receivers from running: second, third"


def test_receivers_that_ran_at_once_are_marked():
    """Asynchronous receivers whose times overlap; not those that merely follow each other."""
    recording = recorded(
        dispatch(
            0,
            100,
            calls=[
                call("a.first", 0, 10),
                call("a.slow", 10, 50, is_async=True),
                call("a.quick", 20, 5, is_async=True),
                call("a.last", 60, 5, is_async=True),
            ],
        )
    )
    rows = rows_of(recording)
    assert [row.together for row in rows] == [False, False, True, True, False]
    assert [fact.text for fact in rows[2].facts] == ["async", "concurrent"]
    assert [fact.text for fact in rows[4].facts] == ["async"]


def test_deferral_is_marked_where_it_begins():
    recording = recorded(
        dispatch(deferred=True, calls=[call("a.b")]), dispatch(deferred=True, parent=[0, 0])
    )
    outer, _, inner = rows_of(recording)
    assert [fact.text for fact in outer.facts] == ["on commit"]
    assert inner.facts == []


def test_muted_receivers_are_a_fact_and_other_senders_are_none():
    recording = recorded(
        dispatch(not_called=[missed("a.b", "muted"), missed("a.c", "other-sender")])
    )
    (fact,) = rows_of(recording)[0].facts
    assert fact.text == "1 muted"
    assert "a.b" in fact.title


def test_queries_of_a_receiver_and_a_repeated_one():
    statement = "SELECT 1"
    recording = recorded(dispatch(calls=[call("a.b", queries=queries(7, 2000, **{statement: 6}))]))
    row = row_of(recording, "c0.0")
    assert row.queries == "7"
    assert row.queries_title == "7 queries in its own code, 2.0 µs"
    assert [(fact.text, fact.title) for fact in row.facts] == [("6 × one query", statement)]


def test_bypass_says_what_it_skipped():
    row = rows_of(recorded(dispatch(), bypasses=[bypass(duration_ns=1)]))[-1]
    assert (row.kind, row.name, row.qualifier) == ("bypass", "bulk_create", "shop.Order")
    assert [fact.text for fact in row.facts] == ["bypass", "3 rows"]
    assert [(note.lead, note.text) for note in row.notes] == [("Skipped 1 receiver", "log_order")]


def test_bypass_stands_where_and_when_it_was():
    """Among what was sent beside it, below the receiver that did it; on the axis as well."""
    recording = recorded(
        dispatch(100, 500, calls=[call("a.b", 100, 500)]),
        dispatch(150, 50, parent=[0, 0]),
        dispatch(400, 50, parent=[0, 0]),
        bypasses=[
            bypass(started_ns=700, duration_ns=100),
            bypass(started_ns=250, duration_ns=100, parent=[0, 0], deferred=True),
        ],
    )
    rows = rows_of(recording)
    keys = [(row.key, row.level) for row in rows]
    assert keys == [("d0", "1"), ("c0.0", "2"), ("d1", "3"), ("b1", "3"), ("d2", "3"), ("b0", "1")]
    inside, after = rows[3], rows[5]
    assert (inside.bar, inside.duration) == (("250.000", "100.000"), "100 ns")
    assert [fact.text for fact in inside.facts] == ["bypass", "3 rows", "on commit"]
    assert "on commit" not in [fact.text for fact in after.facts]
    assert Tree(recording, (0, 1000)).timeline.signals[-1] == "800 ns"


def test_bypass_of_an_older_version_is_at_the_end():
    """It says neither when it was nor who did it."""
    new = ("parent", "deferred", "started_ns", "duration_ns")
    old = {key: value for key, value in bypass().items() if key not in new}
    row = rows_of(recorded(dispatch(), bypasses=[old]))[-1]
    assert (row.key, row.level, row.bar, row.duration) == ("b0", "1", None, "")


def test_bypasses_alone_have_an_axis():
    recording = recorded(bypasses=[bypass(started_ns=250, duration_ns=500)])
    timeline = Tree(recording, (0, 1000)).timeline
    assert timeline.signals_view == "250.000 0 500.000 10"


# --- Filters and pages ----------------------------------------------------------------------------


CHAIN = recorded(
    dispatch(signal_name="shop.paid", calls=[call("shop.bill"), call("shop.ship")]),
    dispatch(signal_name="shop.packed", parent=[0, 0], calls=[call("shop.weigh")]),
    dispatch(signal_name="shop.viewed", sender_name="shop.Page", calls=[call("shop.count")]),
    bypasses=[bypass(receivers=["shop.weigh"], started_ns=1, parent=[0, 1])],
)


def found(text):
    """Return the keys that a filter finds, those around it in brackets."""
    rows = Tree(CHAIN, (0, 1000), Filter.of(text)).page(0, 99).rows
    return [f"({row.key})" if row.context else row.key for row in rows]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", ["d0", "c0.0", "d1", "c1.0", "c0.1", "b0", "d2", "c2.0"]),
        ("receiver:weigh", ["(d0)", "(c0.0)", "(d1)", "c1.0", "(c0.1)", "b0"]),
        ("VIEWED page", ["d2", "c2.0"]),
        ("sender:page count", ["(d2)", "c2.0"]),
        ("ship", ["(d0)", "c0.1"]),
        ("nothing", []),
    ],
)
def test_filter_keeps_what_matches_and_what_is_around_it(text, keys):
    assert found(text) == keys


def test_matches_are_counted_without_what_is_around_them():
    assert Tree(CHAIN, (0, 1000), Filter.of("receiver:weigh")).matches == 2


def test_row_that_lost_what_was_below_it_is_no_parent():
    rows = Tree(CHAIN, (0, 1000), Filter.of("signal:viewed page receiver:count")).page(0, 9).rows
    assert [(row.key, row.parent) for row in rows] == [("d2", True), ("c2.0", False)]


def test_pages_name_what_is_before_and_after():
    tree = Tree(CHAIN, (0, 1000))
    page = tree.page(3, 3)
    assert [row.key for row in page.rows] == ["c1.0", "c0.1", "b0"]
    assert (page.earlier, page.previous, page.next, page.remaining) == ("3", "0", "6", "2")
    assert tree.page(6, 3).next == ""


@pytest.mark.parametrize(("key", "first"), [("d0", 0), ("b0", 3), ("d2", 6), ("gone", 0)])
def test_page_of_a_row_is_found(key, first):
    assert Tree(CHAIN, (0, 1000)).begin_of_page(key, 3) == first
