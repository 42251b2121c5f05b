"""The figures of a recording."""

from __future__ import annotations

import pytest

from signalscope.rendering.overview import figures, overview, subtitle
from signalscope.rendering.waterfall import Tree
from tests.saved import bypass, call, dispatch, queries, recorded


def test_overview_counts_time_under_signals_once():
    """Dispatches that overlap, as concurrent ones do, share the time in which both were open."""
    recording = recorded(
        dispatch(100, 200, calls=[call("a.b"), call("a.c")]),
        dispatch(200, 300),
        dispatch(250, 10, parent=[0, 0], recursive=True),
        dispatch(800, 100),
        dropped=4,
    )
    assert overview(recording, (0, 1000)) == {
        "dispatches": 4,
        "calls": 2,
        "signals_ns": 500,
        "own_ns": 0,
        "request_ns": 1000,
        "queries": 0,
        "queries_ns": 0,
        "errors": 0,
        "recursions": 1,
        "bypasses": 0,
        "dropped": 4,
        "findings": {},
    }


def test_overview_takes_what_still_runs_up_to_the_end():
    recording = recorded(dispatch(900, None))
    assert overview(recording, (0, 1000))["signals_ns"] == 100


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
    assert overview(recording, (0, 1000))["errors"] == 3
    noted = [row.key for row in Tree(recording, (0, 1000)).page(0, 99).rows if row.tone == "error"]
    assert noted == ["c0.0", "c2.0", "d3"]


OVERVIEW = {
    "dispatches": 0,
    "calls": 0,
    "signals_ns": 0,
    "own_ns": 0,
    "request_ns": 100_000_000,
    "queries": 0,
    "queries_ns": 0,
    "errors": 0,
    "recursions": 0,
    "bypasses": 0,
    "dropped": 0,
    "findings": {},
}


@pytest.mark.parametrize(
    ("known", "line"),
    [
        ({}, "No receiver ran"),
        ({"bypasses": 2}, "2 bypasses"),
        (
            {"dispatches": 1, "calls": 1, "signals_ns": 900, "findings": {"warning": 2}},
            "1 receiver, 900 ns, 2 findings",
        ),
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
def test_subtitle(known, line):
    assert subtitle({**OVERVIEW, **known}) == line


def shown(**known):
    return [(f"{each.value} {each.label}", each.tone) for each in figures({**OVERVIEW, **known})]


def test_figures_name_problems_only_where_there_are_any():
    fine = {"dispatches": 1, "calls": 2, "signals_ns": 8_000_000, "own_ns": 6_000_000}
    assert shown(**fine) == [
        ("1 dispatch", ""),
        ("2 receiver calls", ""),
        ("8.0 ms in signals, 8% of the request", ""),
        ("6.0 ms in receivers’ own code", ""),
        ("0 queries by receivers", ""),
    ]
    bad = {"errors": 1, "recursions": 2, "bypasses": 1, "dropped": 3, "findings": {"error": 1}}
    assert shown(**fine, **bad)[5:] == [
        ("1 finding: error", "error"),
        ("1 error", "error"),
        ("2 recursions", "recursion"),
        ("1 bypass", "recursion"),
        ("3 dispatches not kept (MAX_RECORDS)", "recursion"),
    ]


def test_figures_of_nothing():
    assert shown() == []


def test_own_time_that_is_more_than_all_time_is_explained():
    assert ("9 ns in receivers’ own code, some at once", "") in shown(
        dispatches=1, signals_ns=5, own_ns=9
    )


def test_queries_are_those_of_all_receivers():
    recording = recorded(
        dispatch(
            calls=[call("a.b", queries=queries(3, 2000)), call("a.c", queries=queries(1, 1000))]
        ),
        dispatch(parent=[0, 0], calls=[call("a.d", queries=queries(2, 500))]),
    )
    found = overview(recording, (0, 1000))
    assert (found["queries"], found["queries_ns"]) == (6, 3500)
    assert ("6 queries by receivers, 3.5 µs", "") in shown(
        dispatches=2, queries=found["queries"], queries_ns=found["queries_ns"]
    )


def test_queries_that_were_not_counted_are_no_figure():
    recording = recorded(dispatch(calls=[call("a.b", queries=None)]))
    assert overview(recording, (0, 1000))["queries"] is None
    assert not [text for text, _ in shown(dispatches=1, queries=None) if "quer" in text]


def test_findings_and_bypasses_are_counted():
    recording = recorded(
        bypasses=[bypass()],
        findings=[{"severity": "error"}, {"severity": "warning"}, {"severity": "warning"}],
    )
    found = overview(recording, (0, 1000))
    assert found["bypasses"] == 1
    assert found["findings"] == {"error": 1, "warning": 2}


def test_the_worst_findings_come_first():
    """What is worth knowing is no problem."""
    found = {"info": 12, "warning": 2, "error": 1}
    assert [each for each in shown(dispatches=1, findings=found) if "finding" in each[0]] == [
        ("1 finding: error", "error"),
        ("2 findings: warning", "recursion"),
        ("12 findings: info", ""),
    ]
