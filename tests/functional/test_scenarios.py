"""The scenarios of the bookstore: what their pages show, and what happens when one is played."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("debug_toolbar", reason="the bookstore shows its signals in the toolbar")

from demo_bookstore.pitfalls.catalogue import PITFALLS
from demo_bookstore.scenarios import player, stage
from demo_bookstore.scenarios.base import Pair
from demo_bookstore.scenarios.catalogue import CHAPTERS, SCENARIOS
from signalscope.diagnosis.catalogue import RULES

ENTRIES = [entry for chapter in CHAPTERS for entry in chapter.entries]
BY_SLUG = {scenario.slug: scenario for scenario in SCENARIOS}


@pytest.fixture
def run_dir(settings, tmp_path):
    """Let reports be kept here."""
    settings.RUN_DIR = tmp_path
    return tmp_path


class TestCatalogue:
    def test_each_has_an_address_of_its_own(self):
        slugs = [entry.slug for entry in ENTRIES]
        slugs += [
            side.slug
            for entry in ENTRIES
            if isinstance(entry, Pair)
            for side in (entry.first, entry.second)
        ]
        assert len(slugs) == len(set(slugs))

    @pytest.mark.parametrize("pitfall", PITFALLS, ids=lambda each: each.slug)
    def test_the_bad_form_is_found_and_the_good_one_is_not(self, pitfall):
        """By what they say; that it is so is seen where they are played."""
        assert pitfall.first.findings
        assert pitfall.second.findings == ()

    def test_rules_without_a_pitfall(self):
        """All others are on show, and a new one is to be thought of."""
        shown = {each for pitfall in PITFALLS for each in pitfall.first.findings}
        assert set(RULES) - shown == {"W002"}  # a spelling mistake

    @pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.slug)
    def test_what_is_shown_is_the_source(self, scenario):
        """Each text is to be found in a file of the project, and each connection can be read."""
        files = [each.read_text() for each in Path(stage.demo_bookstore.__path__[0]).rglob("*.py")]
        for part in scenario.sources():
            assert any(part.source in text for text in files), part.name
        assert all(".connect(" in str(wire) for wire in scenario.wires)


DOCS = Path(__file__).parents[2] / "docs/bookstore.md"


@pytest.mark.skipif(not DOCS.exists(), reason="the docs are not beside the tests")
class TestDocs:
    def test_each_pitfall_stands_with_what_is_found(self):
        """In the order in which they are told."""
        rows = [line for line in DOCS.read_text().splitlines() if "| `pitfalls/" in line]
        told = [tuple(cell.strip() for cell in row.split("|")[1:3]) for row in rows]
        assert told == [(each.title, ", ".join(each.first.findings)) for each in PITFALLS]

    def test_each_scenario_stands_with_its_file(self):
        """And no file that is not there."""
        package = Path(stage.demo_bookstore.__path__[0])
        told = set(re.findall(r"`((?:scenarios|pitfalls)/[\w/]+\.py)`", DOCS.read_text()))
        written = {
            path.relative_to(package).as_posix()
            for path in [*package.glob("scenarios/*.py"), *package.rglob("pitfalls/**/*.py")]
            if re.search(r"^(SCENARIO|PAIR|PITFALL) = ", path.read_text(), re.MULTILINE)
        }
        assert told == written


class TestPlayed:
    def test_a_finding_too_many_is_a_difference(self, db):
        """As is one that is missing."""
        scenario = BY_SLUG["thread-hop-bad"]
        played = player.play(scenario)
        assert played.as_expected
        other = dataclasses.replace(played, scenario=dataclasses.replace(scenario, findings=()))
        assert not other.as_expected
        assert "+found: W110" in other.difference()

    def test_a_slow_machine_is_no_difference(self, db, settings):
        """Only a scenario that is about it says that a receiver is slow."""
        settings.SIGNALSCOPE = {"SLOW_MS": 0.0001}
        assert player.play(BY_SLUG["connecting"]).as_expected

    def test_what_is_not_installed_is_named(self):
        scenario = dataclasses.replace(BY_SLUG["connecting"], needs=("a_library_of_nobody",))
        with pytest.raises(player.CannotBePlayedError, match="needs a_library_of_nobody: install"):
            player.play(scenario)

    def test_nothing_stays_connected(self, db):
        """Whatever a scenario connects is gone with it, so the next one starts from scratch."""
        before = {id(wire.signal): list(wire.signal.receivers) for wire in self.wires()}
        for pitfall in PITFALLS:
            for scenario in (pitfall.first, pitfall.second):
                with (
                    scenario.around() if not scenario.apart else scenario.wired(),
                    scenario.wired(),
                ):
                    pass
        assert {id(wire.signal): list(wire.signal.receivers) for wire in self.wires()} == before

    @staticmethod
    def wires():
        return [wire for scenario in SCENARIOS for wire in scenario.wires]


@pytest.mark.django_db
class TestPages:
    def test_the_list_leads_to_each(self, client):
        page = client.get("/scenarios/").content.decode()
        for entry in ENTRIES:
            assert f'href="/scenarios/{entry.slug}/"' in page

    @pytest.mark.parametrize("entry", ENTRIES, ids=lambda each: each.slug)
    def test_each_has_a_page(self, client, entry):
        """With a button, and before it was pushed with no result."""
        page = client.get(f"/scenarios/{entry.slug}/").content.decode()
        assert f'action="/scenarios/{entry.slug}/play/"' in page
        assert "What happened" not in page

    @pytest.mark.parametrize("path", ["nothing/", "nothing/report/", "review-posted/report/"])
    def test_what_is_not_there(self, client, path, run_dir):
        """No such scenario, or none that was played."""
        assert client.get(f"/scenarios/{path}").status_code == 404

    def test_what_is_not_there_cannot_be_played(self, client):
        assert client.post("/scenarios/nothing/play/").status_code == 404

    def test_a_link_plays_nothing(self, client):
        """A crawler that follows links starts no processes."""
        response = client.get("/scenarios/endless-loop/play/")
        assert (response.status_code, response.url) == (302, "/scenarios/endless-loop/")

    def test_one_is_played(self, client, run_dir):
        """In a process of its own: with its tree, its log, its findings and a report."""
        page = client.post("/scenarios/robust-sending/play/").content.decode()
        assert "It left the trace that it must." in page
        assert "reorder_from_supplier" in page
        assert "<i>W105</i>" in page
        assert "signal.dispatch signal=django.db.models.signals.post_save" in page
        assert "Error calling reorder_from_supplier" in page
        report = client.get("/scenarios/robust-sending/report/")
        assert "reorder_from_supplier" in report.content.decode()
        assert report.headers["Content-Security-Policy"].startswith("default-src 'none'")

    def test_the_endless_loop_ends(self, client, run_dir):
        """The cycle is named, and the shop goes on."""
        page = client.post("/scenarios/endless-loop/play/").content.decode()
        assert page.count("It left the trace that it must.") == 2
        assert "RecursionLimitExceeded: 3 rounds of one cycle" in page
        assert client.get("/scenarios/").status_code == 200

    def test_too_many_at_one_time(self, client, monkeypatch):
        """They are asked to wait, and hold up nobody."""
        monkeypatch.setattr(stage, "_answer", lambda slugs: [{"slug": slug} for slug in slugs])
        for _ in range(stage.AT_ONCE):
            assert stage._stage.acquire(blocking=False)
        try:
            response = client.post("/scenarios/ready/play/")
        finally:
            stage._stage.release(stage.AT_ONCE)
        assert response.status_code == 503
        assert "Others are playing" in response.content.decode()

    @pytest.mark.parametrize(
        "program", ["import sys; sys.exit(3)", "print('no JSON')", "import time; time.sleep(60)"]
    )
    def test_a_process_that_gives_no_answer(self, client, monkeypatch, program):
        """It crashed, it said something else, or it took too long."""
        real = subprocess.run

        def other(command, **options):
            return real([sys.executable, "-c", program], **options)

        monkeypatch.setattr(stage.subprocess, "run", other)
        monkeypatch.setattr(stage, "PATIENCE", 1)
        response = client.post("/scenarios/ready/play/")
        assert response.status_code == 500
        assert "It could not be played" in response.content.decode()
        assert stage._stage.acquire(blocking=False)
        stage._stage.release()

    def test_a_scenario_that_fails_says_why(self, client, monkeypatch):
        problem = {"slug": "ready", "problem": "ready needs celery: install the group."}
        monkeypatch.setattr(stage, "_answer", lambda _: [problem])
        page = client.post("/scenarios/ready/play/").content.decode()
        assert problem["problem"] in page
        assert "What happened" not in page

    def test_another_trace_is_shown_as_a_difference(self, client, monkeypatch, run_dir):
        told = {"slug": "ready", "as_expected": False, "difference": "-post_save <b>", "tree": ""}
        told |= {"findings": [], "log": [], "spans": [], "report": "<!doctype html>"}
        monkeypatch.setattr(stage, "_answer", lambda _: [told])
        page = client.post("/scenarios/ready/play/").content.decode()
        assert "It left another trace than it must." in page
        assert "-post_save &lt;b&gt;" in page


def test_the_process_never_takes_the_database_of_the_shop(monkeypatch):
    """It would empty it."""
    seen = {}

    def run(command, *, env, **_):
        seen.update(env)
        return subprocess.CompletedProcess(command, 0, stdout=json.dumps([]))

    monkeypatch.setenv("DATABASE_URL", "postgresql://shop@localhost/shop")
    monkeypatch.setattr(stage.subprocess, "run", run)
    assert stage.perform([BY_SLUG["ready"]]) == []
    assert "DATABASE_URL" not in seen
