"""Drawings of who triggers whom."""

from __future__ import annotations

import pytest

from signalscope.rendering.graphs import Graph, drawn


def test_of_what_a_receiver_sends_again():
    """It is what was asked for all the same."""
    graph = Graph()
    graph.connect(("post_save", "shop.Book"), "number")
    graph.trigger("number", ("post_save", "shop.Book"))
    graph.connect(("post_delete", "shop.Book"), "tidy")
    part = graph.below([("post_save", "shop.Book"), ("post_delete", "shop.Book")])
    assert drawn(part, "text").splitlines() == [
        "post_save shop.Book",
        "└─ number",
        "   └─ post_save shop.Book (see above)",
        "post_delete shop.Book",
        "└─ tidy",
    ]


@pytest.mark.parametrize(
    ("how", "lines"),
    [
        ("mermaid", ["flowchart LR", '  n0(["post_save #lt;b#gt;"])', "  n0 --> n1"]),
        ("dot", ["digraph signals {", '  n1 [label="a\\"b"];', "  n0 -> n1;", "}"]),
    ],
)
def test_names_are_escaped(how, lines):
    graph = Graph()
    graph.connect(("post_save", "<b>"), 'a"b')
    drawing = drawn(graph, how).splitlines()
    assert [line for line in lines if line not in drawing] == []


def test_a_cycle_ends():
    """And a chain may be longer than the stack."""
    graph = Graph()
    for at in range(3000):
        graph.connect((f"s{at}", None), f"r{at}")
        graph.trigger(f"r{at}", (f"s{(at + 1) % 3000}", None))
    lines = drawn(graph, "text").splitlines()
    assert lines[0] == "s0"
    assert lines[6000].strip() == "└─ s0 (see above)"


def test_a_cycle_is_shown_beside_what_is_none():
    """Though a receiver makes each of its sends."""
    graph = Graph()
    graph.connect(("deleted", None), "tidy")
    graph.connect(("saved", None), "count")
    graph.trigger("count", ("counted", None))
    graph.connect(("counted", None), "save")
    graph.trigger("save", ("saved", None))
    assert drawn(graph, "text").splitlines() == [
        "deleted",
        "└─ tidy",
        "saved",
        "└─ count",
        "   └─ counted",
        "      └─ save",
        "         └─ saved (see above)",
    ]
