"""The report: one page of HTML that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

from signalscope.rendering import report as reports
from signalscope.rendering.report import report
from tests.saved import big_recording, bypass, call, dispatch, missed, recorded

HOSTILE = "</script></style><img src=x onerror=alert(1)>"


class Reader(HTMLParser):
    """Collects tags and attributes, and the text outside of style."""

    def __init__(self, page):
        super().__init__()
        self.tags = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_report_shows_tree_and_tables():
    recording = recorded(
        dispatch(
            0,
            5000,
            calls=[call("shop.signals.log_order", 0, 4000)],
            not_called=[missed("shop.signals.audit", "muted")],
        ),
        bypasses=[bypass()],
        unheard=[["shop.signals.viewed", "shop.Page", 3]],
        findings=[{"id": "W101", "name": "recursion", "message": "post_save re-enters itself."}],
    )
    text = Reader(report(recording, (0, 10_000))).text
    for part in (
        "post_save",
        "log_order",
        "50% of the request",
        "audit",
        "muted",
        "bulk_create",
        "Sent, nobody connected",
        "shop.Page",
        "W101",
    ):
        assert part in text


def test_report_needs_nothing_else():
    """No script, no other file, no address: it may be opened anywhere, and mailed."""
    page = report(recorded(dispatch(calls=[call("shop.log")])))
    tags = Reader(page).tags
    assert {tag for tag, _ in tags}.isdisjoint({"script", "link", "img", "iframe"})
    assert not [attrs for _, attrs in tags if {"src", "href"} & attrs.keys()]
    assert "http" not in page
    assert "url(" not in page


def test_a_script_that_filters_is_the_only_one_that_may_run():
    """A browser knows it by its hash, and loads nothing."""
    page = report(recorded(dispatch(calls=[call(HOSTILE)])), filters=True)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = [
        attrs["content"] for tag, attrs in Reader(page).tags if attrs.get("http-equiv") is not None
    ]
    allowed = {"default-src 'none'", "style-src 'unsafe-inline'", f"script-src 'sha256-{digest}'"}
    assert set(policy.split("; ")) == allowed
    assert HOSTILE not in page
    assert "http://" not in page
    assert "https://" not in page


def test_times_are_part_of_the_request_or_of_the_recording():
    recording = recorded(dispatch(0, 5000))
    assert "50% of the request" in report(recording, (0, 10_000))
    assert "100% of the recording" in report(recording)


def test_text_from_the_program_is_escaped():
    recording = recorded(
        dispatch(
            signal_name=HOSTILE,
            sender_name=HOSTILE,
            kwargs={"action": HOSTILE},
            calls=[call(HOSTILE, file=HOSTILE, error={"type": HOSTILE, "message": HOSTILE})],
            not_called=[missed(HOSTILE, HOSTILE)],
        )
    )
    reader = Reader(report(recording, title=HOSTILE))
    assert "img" not in {tag for tag, _ in reader.tags}
    assert HOSTILE in reader.text


def test_nothing_recorded():
    assert "No receiver ran." in report(recorded())


def test_axis_without_a_request_spans_what_was_recorded():
    page = report(recorded(dispatch(500, 100, calls=[call("a.b", 500, None)])))
    assert 'x="0.000" y="0" width="1000.000"' in page


def test_axis_spans_bypasses_as_well():
    page = report(recorded(dispatch(0, 100), bypasses=[bypass(started_ns=100, duration_ns=100)]))
    assert 'x="0.000" y="0" width="500.000"' in page
    assert 'x="500.000" y="0" width="500.000"' in page


def test_rows_are_bounded(monkeypatch):
    monkeypatch.setattr(reports, "MOST_ROWS", 10)
    page = report(big_recording(20))
    assert page.count("<svg") == 10
    assert "30 more rows are not on this page" in page
