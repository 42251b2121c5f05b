"""The bookstore, as a visitor and as a newcomer at the terminal meet it."""

from __future__ import annotations

import dataclasses
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("debug_toolbar", reason="the bookstore shows its signals in the toolbar")

import signalscope
from demo_bookstore.scenarios.catalogue import PLAIN_SCENARIOS, SCENARIOS
from demo_bookstore.scenarios.outline import outline
from demo_bookstore.scenarios.player import play

ROOT = Path(__file__).parents[2]


@pytest.mark.usefixtures("shop")
class TestScenarios:
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("scenario", PLAIN_SCENARIOS, ids=lambda scenario: scenario.slug)
    def test_leaves_the_trace_that_it_must(self, scenario):
        """Each documented pattern sets off just the receivers that it says, each time anew."""
        for _ in range(2):
            played = play(scenario)
            assert played.as_expected, played.difference()

    @pytest.mark.django_db(transaction=True)
    def test_another_trace_is_noticed(self):
        """A check that could not fail would be none."""
        scenario = dataclasses.replace(SCENARIOS[0], expected="post_save bookstore.Nobody")
        played = play(scenario)
        assert not played.as_expected
        assert "-post_save bookstore.Nobody" in played.difference()


def run(*arguments, **environment):
    """Run the demo as a command."""
    return subprocess.run(
        [sys.executable, "-m", "demo_bookstore", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
        check=False,
    )


class TestCommand:
    def test_check_prints_each_tree_and_succeeds(self):
        """What the README's second line of the demo promises, with a real worker among it."""
        pytest.importorskip("celery", reason="the dependency group “demo” is not installed")
        result = run("--check")
        assert result.returncode == 0, result.stdout + result.stderr
        for scenario in SCENARIOS:
            assert scenario.title in result.stdout
        assert "└─ 1 demo_bookstore.bookstore.signals." in result.stdout
        assert f"{len(SCENARIOS)} of {len(SCENARIOS)} scenarios" in result.stdout

    def test_check_fails_where_a_trace_differs(self, tmp_path):
        """With the difference."""
        (tmp_path / "silenced.py").write_text(
            "from demo_bookstore.settings import *\nSIGNALSCOPE = {'DENY': ['*.m2m_changed']}\n"
        )
        result = run(
            "--check",
            DEMO_BOOKSTORE_SETTINGS="silenced",
            PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}",
        )
        assert result.returncode == 1, result.stdout + result.stderr
        assert "-m2m_changed bookstore.Book_authors" in result.stdout

    def test_a_port_in_use_is_said_in_one_line(self):
        """And nothing is emptied for it."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            result = run("--port", str(taken.getsockname()[1]))
        assert result.returncode == 2
        assert "Traceback" not in result.stderr
        assert "in use" in result.stderr


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("shop")
class TestPages:
    def test_a_review_sets_off_the_chain_that_the_readme_shows(self, client, book):
        """Review saved → receiver → rating saved → receiver → book saved → receiver → log entry."""
        with signalscope.record() as recording:
            response = client.post(
                f"/books/{book.slug}/review/", {"rating": 4, "text": "Salty, and all the better."}
            )
        assert response.status_code == 200
        chain = []
        call = recording.calls("signals.trim_activity_log")[-1]
        while call is not None:
            chain += [call.receiver_name.rpartition(".")[2], call.dispatch.label]
            call = call.dispatch.parent
        assert chain[::-1] == [
            "post_save bookstore.Review",
            "record_review_rating",
            "post_save bookstore.Rating",
            "update_book_rating_stats",
            "post_save bookstore.Book",
            "log_book_activity",
            "post_save bookstore.ActivityLog",
            "trim_activity_log",
        ]

    def test_json_does_the_same(self, client, book):
        """The endpoint leaves the trace that the form leaves."""
        review = {"rating": 4, "text": "Salty, and all the better."}
        with signalscope.record(senders=["bookstore.*"]) as by_form:
            client.post(f"/books/{book.slug}/review/", review)
        book.reviews.all().delete()
        book.ratings.all().delete()
        with signalscope.record(senders=["bookstore.*"]) as by_json:
            response = client.post(
                f"/api/books/{book.slug}/reviews/",
                json.dumps(review),
                content_type="application/json",
            )
        assert response.status_code == 201
        assert "record_review_rating" in outline(by_json)
        assert outline(by_json) == outline(by_form)

    def test_bad_input_gets_a_form_error(self, client, book):
        """And sets nothing off."""
        with signalscope.record("*.post_save") as recording:
            response = client.post(f"/books/{book.slug}/review/", {"rating": 9, "text": ""})
        assert b"errorlist" in response.content
        assert recording.calls("signals.record_review_rating") == []

    @pytest.mark.parametrize(
        "path", ["/", "/scenarios/", "/activity/", "/orders/", "/cart/", "/api/books/"]
    )
    def test_pages_answer(self, client, book, path):
        """Each page of the shop."""
        assert client.get(path).status_code == 200
