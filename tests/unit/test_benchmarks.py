"""How the benchmark judges what it measured; nothing is timed here."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.benchmarks import report
from tests.benchmarks.baselines import BASELINES, limit
from tests.benchmarks.growth import Curve
from tests.benchmarks.lab import Cell, Measured, least
from tests.benchmarks.picture import picture
from tests.benchmarks.rows import Row, call, floor

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture" / "cost.md"


def row(value, **more):
    return Row("something", Measured(value, value, value), **more)


class TestVerdict:
    def test_a_time_may_be_twice_what_it_shall_reach(self):
        assert report.verdict(row(1.05, reach=1.05, key="new")) == "yes"
        assert report.verdict(row(2.0, reach=1.05, key="new")) == "no"
        assert report.verdict(row(2.2, reach=1.05, key="new")) == "GROSS"

    def test_or_twice_where_it_stood(self, monkeypatch):
        """Where the target is not reached yet, its own past is what counts."""
        monkeypatch.setitem(BASELINES, "new", 8.0)
        assert report.verdict(row(15.9, reach=6, key="new")) == "no"
        assert report.verdict(row(16.1, reach=6, key="new")) == "GROSS"

    def test_a_count_may_be_a_tenth_more(self, monkeypatch):
        monkeypatch.setitem(BASELINES, "new", 100)
        assert report.verdict(row(109, key="new", counted=True)) == ""
        assert report.verdict(row(111, key="new", counted=True)) == "GROSS"

    def test_or_what_it_shall_reach(self):
        """One call too many on the idle way is a few bytecodes, and lost in a clock's noise."""
        assert report.verdict(row(1.05, reach=1.05, key="new", counted=True)) == "yes"
        assert report.verdict(row(1.06, reach=1.05, key="new", counted=True)) == "GROSS"

    def test_what_is_only_compared_fails_nothing(self):
        assert limit(row(1000)) is None
        assert report.verdict(row(1000)) == ""


def test_the_floor_is_taken_without_its_loop():
    seen = {
        Cell("plain", "floor"): 130,
        Cell("plain", "loop"): 10,
        Cell("plain", "send", 3): 2000,
        Cell("recording", "send", 3): 5000,
    }
    assert (floor(seen), call(seen)) == (120, 1000)


def test_the_least_of_all_passes_counts():
    cell = Cell("plain", "loop")
    assert least([{cell: 3.0}, {cell: 1.0}, {cell: 2.0}]) == {cell: 1.0}


def test_the_table_says_what_is_let_pass():
    text = report.table([row(13.0, reach=6, key="new", note="1.2 µs")])
    assert "≤ 6 ×" in text
    assert "13.0 ×" in text
    assert "1.2 µs; at most 12.0 × is let pass" in text


def test_the_picture_is_well_formed():
    curve = Curve("receivers & more", "one <call>", (1, 10, 100), (500.0, 510.0, 400.0), (1.0,) * 3)
    drawn = ET.fromstring(picture([curve, curve]))  # noqa: S314 - our own text
    titles = [each.text for each in drawn.iter() if each.tag.endswith("title") and each.text]
    assert titles[:2] == ["1: 0.500 µs", "10: 0.510 µs"]
    assert "most / least 1.27" in "".join(drawn.itertext())


@pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not here")
class TestThePage:
    """docs/architecture/cost.md, whose table is pasted from a run."""

    @pytest.fixture
    def lines(self):
        rows = re.findall(r"^\| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
        cells = [[cell.strip() for cell in line.split("|")] for line in rows]
        return [line for line in cells if len(line) == len(report.HEAD) and "≤" in line[1]]

    def test_it_says_yes_only_where_the_figure_reaches_it(self, lines):
        assert len(lines) >= 13
        for what, reach, measured, ok, _ in lines:
            most, value = (float(re.search(r"[\d.]+", text)[0]) for text in (reach, measured))
            assert ok == ("yes" if value <= most else "no"), what

    def test_what_is_missed_stands_in_the_text(self, lines):
        """A target that is missed is named below the table, and so is one that no longer is."""
        text = PAGE.read_text(encoding="utf-8")
        missed = {what for what, _, _, ok, _ in lines if ok == "no"}
        named = set(re.findall(r"^- \*\*(.+?)\*\*", text, re.MULTILINE))
        assert missed <= named, missed - named
