"""What signals did in a test suite, as a page of HTML that needs nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signalscope.rendering.overview import Figure
from signalscope.rendering.report import page_from
from signalscope.rendering.tables import Cell, Column, Line, Table, number_cell
from signalscope.rendering.text import duration
from signalscope.rendering.words import count, place_of, split_name, word

if TYPE_CHECKING:
    from signalscope.rendering.suite import Suite

__all__ = ["page"]


def page(suite: Suite, *, title: str = "Signals in the tests") -> str:
    """Return the page."""
    ran_unseen = f"{count(suite.unseen, 'test')} ran without a recording." if suite.unseen else ""
    tables = [_findings(suite), _recursions(suite), _receivers(suite), _tests(suite)]
    context = {"title": title, "figures": _figures(suite), "unseen": ran_unseen}
    return page_from("suite.html", context, [table for table in tables if table.lines])


def _figures(suite: Suite) -> list[Figure]:
    tests, calls, queries = len(suite.tests), suite.total("calls"), suite.total("queries")
    shown = [
        Figure(f"{tests:,}", word(tests, "test")),
        Figure(f"{calls:,}", word(calls, "receiver call")),
        Figure(duration(suite.total("signals_ns")), "in signals"),
        Figure(f"{queries:,}", f"{word(queries, 'query', 'queries')} in receivers"),
    ]
    if cycles := len(suite.recursions()):
        shown.append(Figure(f"{cycles:,}", word(cycles, "recursion"), "recursion"))
    if found := len(suite.findings()):
        shown.append(Figure(f"{found:,}", word(found, "finding"), "recursion"))
    if dropped := suite.total("dropped"):
        found_no_room = f"{word(dropped, 'record')} found no room"
        shown.append(Figure(f"{dropped:,}", found_no_room, "recursion"))
    return shown


_TIMES = [
    Column("own", "Own time", numeric=True),
    Column("total", "Total", numeric=True),
    Column("queries", "Queries", numeric=True),
]


def _receivers(suite: Suite) -> Table:
    lines = []
    for name, told in suite.receivers().items():
        short, module = split_name(name)
        place = place_of("Defined at", told["file"], told["line"])
        lines.append(
            Line(
                [
                    Cell(short, module, name),
                    number_cell(told["calls"]),
                    number_cell(told["tests"]),
                    Cell(duration(told["own_ns"])),
                    Cell(duration(told["total_ns"])),
                    number_cell(told["queries"]),
                    number_cell(told["errors"]),
                    Cell(duration(told["max_ns"]), told["max_in"]),
                    Cell(place=place),
                ],
                [name, *_sorting(told)],
            )
        )
    return Table(
        name="receivers",
        caption="Receivers, by their own time in all tests",
        columns=[
            Column("receiver", "Receiver"),
            Column("calls", "Calls", numeric=True),
            Column("tests", "Tests", numeric=True),
            *_TIMES,
            Column("errors", "Errors", numeric=True),
            Column("max", "Longest call, and its test"),
            Column("place", "Place"),
        ],
        lines=lines,
    ).sorted_by("-own")


def _sorting(told: dict[str, Any]) -> list[Any]:
    keys = ("calls", "tests", "own_ns", "total_ns", "queries", "errors", "max_ns", "file")
    return [told[key] for key in keys]


def _tests(suite: Suite) -> Table:
    lines = []
    for test in suite.tests:
        if test["calls"] or test["dropped"]:
            own = sum(each["own_ns"] for each in test["receivers"].values())
            shown = [own, test["signals_ns"]]
            lines.append(
                Line(
                    [
                        Cell(test["test"], "" if test["outcome"] == "passed" else test["outcome"]),
                        number_cell(test["dispatches"]),
                        number_cell(test["calls"]),
                        *(Cell(duration(each)) for each in shown),
                        number_cell(test["queries"]),
                    ],
                    [test["test"], test["dispatches"], test["calls"], *shown, test["queries"]],
                )
            )
    return Table(
        name="tests",
        caption="Tests, by the time in signals",
        columns=[
            Column("test", "Test"),
            Column("dispatches", "Dispatches", numeric=True),
            Column("calls", "Calls", "Receiver calls", numeric=True),
            *_TIMES,
        ],
        lines=lines,
    ).sorted_by("-total")


def _recursions(suite: Suite) -> Table:
    return Table(
        name="recursions",
        caption="Recursion",
        columns=[
            Column("cycle", "Cycle"),
            Column("times", "Times", numeric=True),
            Column("test", "First in"),
        ],
        lines=[
            Line([Cell(cycle), number_cell(times), Cell(test)], [cycle, times, test])
            for cycle, times, test in suite.recursions()
        ],
    )


def _findings(suite: Suite) -> Table:
    return Table(
        name="findings",
        caption="Findings",
        columns=[
            Column("finding", "Finding"),
            Column("times", "Tests", numeric=True),
            Column("test", "First in"),
        ],
        lines=[
            Line(
                [Cell(f"{each['id']} {each['message']}"), number_cell(times), Cell(test)],
                [each["id"], times, test],
            )
            for each, times, test in suite.findings()
        ],
    )
