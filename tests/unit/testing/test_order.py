"""The order of receivers, recursion, queries and findings."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import connection

import signalscope
from signalscope.assertions import Assertions
from tests.unit.testing.programs import (
    HERE,
    Elsewhere,
    closed,
    count_visitors,
    failure,
    first_line,
    greet,
    opened,
    refusal,
    sweep,
)


class TestOrder:
    @pytest.mark.parametrize(
        "receivers",
        [
            (greet, count_visitors),
            (greet, sweep),
            (greet, "count_visitors", sweep),
            ("*.count_visitors", sweep),
        ],
    )
    def test_the_order_of_first_calls(self, day, receivers):
        """As asked it passes; with any two exchanged it fails, though later calls may fit."""
        Assertions.assert_order(day, *receivers)
        message = failure(Assertions.assert_order, day, *reversed(receivers))
        assert " was first called after " in first_line(message)

    def test_the_message_shows_both_orders(self, day):
        """Asked, and as it was."""
        message = failure(Assertions.assert_order, day, greet, sweep, count_visitors)
        assert message.splitlines()[:4] == [
            f"{HERE}.sweep was first called after {HERE}.count_visitors",
            f"  asked: {HERE}.greet → {HERE}.sweep → {HERE}.count_visitors",
            f"  was:   {HERE}.greet → {HERE}.count_visitors → {HERE}.sweep",
            "  Recorded:",
        ]

    def test_one_of_them_did_not_run(self, day):
        """Then there is no order; the nearest names help."""
        message = failure(Assertions.assert_order, day, greet, "shop.sweeep")
        assert first_line(message) == "shop.sweeep was not called, so that there is no order"
        assert f"  was:   {HERE}.greet\n" in message
        assert f"  Nearest names: {HERE}.sweep" in message
        assert "was:   none of them" in failure(Assertions.assert_order, day, "x.y", "x.z")

    def test_two_names_of_one(self, day):
        """Nothing comes before itself."""
        message = failure(Assertions.assert_order, day, greet, "programs.greet")
        assert "are one receiver" in first_line(message)

    def test_a_receiver_that_wraps_another_comes_first(self, connect):
        """The order is that in which they begin."""

        def outer(**_):
            closed.send(sender=None)

        connect(opened, outer)
        connect(closed, sweep)
        with signalscope.record() as recording:
            opened.send(sender=None)
        Assertions.assert_order(recording, outer, sweep)
        failure(Assertions.assert_order, recording, sweep, outer)


class TestRecursion:
    def test_nesting_is_no_recursion(self, day):
        """Nor are two sends one after the other."""
        Assertions.assert_no_recursion(day)

    def test_the_cycle_is_spelt_out(self, connect):
        """From the first entry back to itself."""

        def ping(depth=0, **_):
            closed.send(sender=int, depth=depth)

        def pong(depth, **_):
            if depth < 1:
                opened.send(sender=str, depth=depth + 1)

        connect(opened, ping)
        connect(closed, pong)
        with signalscope.record() as recording:
            opened.send(sender=str)
        message = failure(Assertions.assert_no_recursion, recording)
        assert first_line(message) == (
            "opened str, closed int were sent again by their own receivers"
        )
        here = f"{__name__}.TestRecursion.test_the_cycle_is_spelt_out.<locals>"
        cycle = f"opened str → {here}.ping → closed int → {here}.pong → opened str  at {__file__}:"
        assert message.splitlines()[1].startswith(f"  {cycle}")
        assert "RECURSION" in message

    def test_one_signal(self, connect):
        """Equal cycles are counted."""

        def again(depth=0, **_):
            if depth < 3:
                opened.send(sender=str, depth=depth + 1)

        connect(opened, again)
        with signalscope.record() as recording:
            opened.send(sender=str)
        message = failure(Assertions.assert_no_recursion, recording)
        assert first_line(message) == "opened str was sent again by its own receivers"
        assert message.splitlines()[1].startswith("  3 × opened str → ")


@pytest.mark.django_db
class TestQueries:
    @pytest.fixture
    def queries(self, connect):
        """Record greet with three queries in two calls, and sweep with one."""

        def run(number):
            with connection.cursor() as cursor:
                for _ in range(number):
                    cursor.execute("SELECT 1 + %s", [number])

        def busy(number, **_):
            run(number)

        def modest(**_):
            run(1)

        connect(opened, greet)
        connect(opened, busy)
        connect(closed, modest)
        with signalscope.record() as recording:
            opened.send(sender=None, number=2)
            opened.send(sender=None, number=1)
            closed.send(sender=None)
            run(5)
        return recording

    def test_the_number_of_queries(self, queries):
        """Of all receivers, and of one; not what ran outside of receivers."""
        Assertions.assert_max_queries(queries, 4)
        Assertions.assert_max_queries(queries, 3, "busy")
        Assertions.assert_max_queries(queries, 1, receiver="modest")
        message = failure(Assertions.assert_max_queries, queries, 3)
        assert first_line(message) == "Receivers ran 4 queries, where at most 3 may be"
        here = f"{__name__}.TestQueries.queries.<locals>"
        assert message.splitlines()[1:5] == [
            f"  {here}.busy: 3 queries in 2 calls",
            "    2 × SELECT 1 + %s",
            f"  {here}.modest: 1 query in 1 call",
            "  Recorded:",
        ]
        message = failure(Assertions.assert_max_queries, queries, 0, "modest")
        assert first_line(message) == "modest ran 1 query, where at most 0 may be"
        assert "busy: 3" not in message

    def test_long_statements_are_cut(self, connect):
        """At a hundred characters."""

        def verbose(**_):
            with connection.cursor() as cursor:
                for _ in range(2):
                    cursor.execute("SELECT " + " + ".join(["1"] * 60))

        connect(opened, verbose)
        with signalscope.record() as recording:
            opened.send(sender=None)
        line = failure(Assertions.assert_max_queries, recording, 1).splitlines()[2]
        assert line.startswith("    2 × SELECT 1 + 1")
        assert line.endswith(" …")
        assert 95 < len(line.removeprefix("    2 × ")) <= 100

    def test_queries_that_were_not_counted(self, connect):
        """That is no pass."""
        connect(opened, greet)
        with signalscope.record(queries=False) as recording:
            opened.send(sender=None)
        message = refusal(Assertions.assert_max_queries, recording, 100)
        assert "queries=True" in message

    def test_a_receiver_that_did_not_run(self, queries):
        """A name with a slip in it has no budget to keep."""
        message = failure(Assertions.assert_max_queries, queries, 100, "modesty")
        assert first_line(message) == "modesty was not called, so that its queries tell nothing"
        assert "modest" in message.splitlines()[1]


class TestFindings:
    @pytest.fixture
    def found(self, day):
        """Two findings of one rule and one of another."""
        findings = [
            SimpleNamespace(id="W101", message="post_save recursed"),
            SimpleNamespace(id="W104", message="SELECT, five times\nin one call"),
            SimpleNamespace(id="W101", message="post_save recursed"),
        ]
        return Elsewhere(day, findings=findings)

    def test_findings_fail(self, found):
        """All, or those that are named; the message has theirs."""
        Assertions.assert_no_findings(found, "W105", "W109")
        message = failure(Assertions.assert_no_findings, found)
        assert message.splitlines()[:5] == [
            "3 findings, where none may be: W101, W104",
            "  2 × W101 post_save recursed",
            "  W104 SELECT, five times",
            "  in one call",
            "  Recorded:",
        ]
        message = failure(Assertions.assert_no_findings, found, "W104", "W105")
        assert first_line(message) == "1 finding, where none may be: W104"
        assert "W101" not in message

    def test_no_findings_pass(self, day):
        """Named or not."""
        Assertions.assert_no_findings(Elsewhere(day, findings=[]))
        Assertions.assert_no_findings(Elsewhere(day, findings=()), "W101")

    def test_a_recording_without_rules(self, day):
        """No rule has looked, so nothing is known."""
        assert "no rule has looked" in refusal(
            Assertions.assert_no_findings, Elsewhere(day, findings=None)
        )

    @pytest.mark.parametrize("wrong", ["recursion", "W1O1", "signalscope.W101", ""])
    def test_what_is_no_id(self, found, wrong):
        """It would pass for ever."""
        assert repr(wrong) in refusal(Assertions.assert_no_findings, found, wrong)
