"""The report that the command writes, opened from disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="the dependency group “browser” is not installed")

from playwright.sync_api import expect

from signalscope.rendering.report import report
from tests.saved import big_recording, call, dispatch, recorded

pytestmark = pytest.mark.browser

SAVED = Path(__file__).parents[1] / "files" / "recording-1.json"
HOSTILE = (
    "<script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">"
)


@pytest.fixture
def opened(page, tmp_path):
    """Give a function that opens the report on a recording."""

    def open_report(recording):
        file = tmp_path / "report.html"
        file.write_text(report(recording, filters=True), encoding="utf-8")
        page.goto(file.as_uri())
        return page

    return open_report


def names(page):
    """Return the names in the rows that can be seen."""
    return page.locator("#tree tbody tr:not([hidden]) b").all_text_contents()


def test_rows_are_filtered(opened):
    """What a row hangs under is shown with it."""
    page = opened(json.loads(SAVED.read_text()))
    assert len(page.locator("#tree tbody tr").all()) == 14
    page.get_by_label("Filter").fill("PACK")
    expect(page.get_by_role("status")).to_have_text("2 of 14 rows on this page")
    outer = ["paid", "bill", "shipped", "pack"]
    assert [each for each in names(page) if each in (*outer, "remind", "track")] == [
        *outer,
        "remind",
        *outer,
    ]
    page.get_by_label("Filter").fill("")
    page.get_by_label("Only rows with notes").check()
    assert "track" not in names(page)
    assert "pack" in names(page)
    page.get_by_label("Only rows with notes").uncheck()
    assert len(page.locator("#tree tbody tr:not([hidden])").all()) == 14


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("size", [0, 10_000])
def test_it_fits_its_window(opened, page, scheme, width, size):
    """What is wide scrolls by itself."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    opened(big_recording(size))
    assert page.evaluate("document.documentElement.scrollWidth") == width
    ink, paper = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert ink != paper
    if size:
        page.get_by_label("Filter").fill("pk=42")
        # 42, and 420 to 429: of 5,000 rows, half are calls.
        expect(page.get_by_role("status")).to_have_text("11 of 5,000 rows on this page")


def test_names_of_the_program_run_nothing(opened):
    page = opened(recorded(dispatch(sender_name=HOSTILE, calls=[call(HOSTILE)])))
    assert page.title() == "Signals"
    assert page.locator("img").count() == 0
