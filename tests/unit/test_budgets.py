"""Budgets, and what is added up of a test."""

from __future__ import annotations

import json
import re

import pytest
from django.contrib.auth.models import Group
from django.dispatch import Signal

import signalscope
from signalscope.budgets import Budget
from signalscope.rendering.suite import Suite, facts_of_test, summary
from signalscope.rendering.suite_page import page

noted = Signal()
followed = Signal()

HERE = __name__


@pytest.fixture(autouse=True)
def _connected():
    wired = [(noted, follows), (noted, raises), (followed, asks)]
    for signal, receiver in wired:
        signal.connect(receiver)
    yield
    for signal, receiver in wired:
        signal.disconnect(receiver)


def follows(**_):
    followed.send(sender=None)


def raises(**_):
    raise ValueError


def asks(**_):
    list(Group.objects.all())


@pytest.fixture
def recording(db):
    with signalscope.record() as recording:
        noted.send_robust(sender=None)
    return recording


class TestBudget:
    @pytest.mark.parametrize(
        ("limits", "says"),
        [
            (
                {"max_ms": 0},
                r"Signals took .*, where at most 0 ms may be\n  .*of its own in 1 call",
            ),
            ({"max_queries": 0}, r"Receivers ran 1 query, where at most 0 may be\n  .*asks: 1 q"),
            ({"max_depth": 0}, r"nested 1 deep, where 0 may be\n  noted → followed"),
            ({"max_depth": 0, "max_queries": 0}, r"ran 1 query.*; Dispatches were nested"),
        ],
    )
    def test_says_what_went_beyond(self, recording, limits, says):
        """And shows the tree once."""
        failure = Budget.of(limits).failure(recording)
        assert failure is not None
        assert re.search(says, failure)
        assert failure.count("Recorded:") == 1

    def test_says_nothing_of_what_is_within(self, recording):
        budget = Budget.of({"max_ms": 60_000, "max_queries": 1, "max_depth": 1})
        assert budget.failure(recording) is None
        assert Budget().failure(recording) is None

    def test_of_a_recording_that_had_no_room_it_knows_nothing(self, settings, db):
        """It does not pass on such a ground."""
        settings.SIGNALSCOPE = {"MAX_RECORDS": 1}
        with signalscope.record() as recording:
            noted.send_robust(sender=None)
        failure = Budget.of({"max_queries": 5}).failure(recording)
        assert failure is not None
        assert failure.startswith("It cannot be known whether the budget was kept")
        assert Budget().failure(recording) is None

    def test_queries_that_were_not_counted_are_an_error(self, db):
        with signalscope.record(queries=False) as recording:
            noted.send_robust(sender=None)
        with pytest.raises(signalscope.SignalscopeError, match="queries were not counted"):
            Budget.of({"max_queries": 5}).failure(recording)

    @pytest.mark.parametrize(
        ("limits", "says"),
        [
            ({"max_query": 1}, "'max_query' is no limit of a budget; max_queries is"),
            ({"x": 1}, "'x' is no limit of a budget; max_ms, max_queries, max_depth and forbid"),
            ({"max_ms": "1"}, "max_ms takes a number of milliseconds from 0"),
            ({"max_ms": float("nan")}, "not nan"),
            ({"max_queries": 1.5}, "max_queries takes a whole number"),
            ({"max_depth": -1}, "max_depth takes a whole number from 0"),
            ({"forbid": 3}, "forbid takes ids of findings"),
            ({"forbid": ["W101", "recursio"]}, "is no id of a rule. Did you mean .W101"),
            ({"forbid": [3]}, "forbid takes ids of findings"),
        ],
    )
    def test_what_cannot_be_is_named(self, limits, says):
        with pytest.raises(signalscope.SignalscopeError, match=says):
            Budget.of(limits)


class TestSuite:
    def test_adds_up_what_each_receiver_did(self, recording):
        """Over all tests, with the test of its longest call."""
        facts = facts_of_test(recording)
        assert (facts["dispatches"], facts["calls"], facts["queries"]) == (2, 3, 1)
        suite = Suite()
        suite.add("first", "passed", facts)
        suite.add("second", "failed", json.loads(json.dumps(facts)))
        told = suite.receivers()
        assert told[f"{HERE}.raises"]["errors"] == 2
        assert told[f"{HERE}.asks"]["queries"] == 2
        assert told[f"{HERE}.asks"]["max_in"] == "first"
        assert told[f"{HERE}.asks"]["own_ns"] == 2 * facts["receivers"][f"{HERE}.asks"]["own_ns"]
        assert suite.to_dict()["totals"]["calls"] == 6

    def test_page_escapes_what_tests_are_called(self, recording):
        suite = Suite()
        suite.add("test[<script>]", "passed", facts_of_test(recording))
        assert "<script>" not in page(suite)
        assert "test[&lt;script&gt;]" in page(suite)

    def test_of_nothing(self):
        """The page and the summary say so."""
        assert "No test that was recorded sent a signal" in page(Suite())
        assert list(summary(Suite())) == [
            "0 receiver calls in 0 tests, 0 ns in signals, 0 queries in receivers"
        ]

    def test_many_rows(self):
        """A page of ten thousand tests has the first of them, and is made at once."""
        suite = Suite()
        with signalscope.record() as recording:
            noted.send_robust(sender=None)
        facts = facts_of_test(recording)
        for number in range(6000):
            suite.add(f"test_{number}", "passed", facts)
        assert "6,000" in page(suite)
