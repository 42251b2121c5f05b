"""The bookstore's scenarios in MLflow: what it was sent is what it shows; `nox -s backend`."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("mlflow", reason="the dependency group “backend” is not installed")

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import SpanExporter

from demo_bookstore.scenarios.catalogue import PLAIN_SCENARIOS
from demo_bookstore.scenarios.player import play
from tests.backends.compare import differences
from tests.backends.exporting import traced
from tests.backends.mlflow_server import HEADERS, mlflow
from tests.backends.spans import Forest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shop")]

BUTTONS = (
    "mlflow.evaluations_review.modal.fullscreen",
    "shared.model-trace-explorer.toggle-show-timeline",
)
"""What turns MLflow's list of spans into a waterfall."""

DETAILS = "shared.model-trace-explorer.right-pane-tabs"
"""What stands to the right of it."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """An MLflow for all tests."""
    with mlflow(tmp_path_factory.mktemp("mlflow")) as server:
        yield server


class Both(SpanExporter):
    """Exports to two places, so that what one kept can be compared with what came to the other."""

    def __init__(self, *exporters):
        self.exporters = exporters

    def export(self, spans):
        return max((each.export(spans) for each in self.exporters), key=lambda got: got.value)

    def shutdown(self):
        for each in self.exporters:
            each.shutdown()


TRACED = [scenario for scenario in PLAIN_SCENARIOS if not scenario.signals]
"""Those whose recording has all signals, as the spans have."""


def played(scenario, server, receiver):
    """Play a scenario; return its recording and what MLflow has of it."""
    known = {span.span_id for span in server.spans()}
    exporter = Both(
        OTLPSpanExporter(f"{server.url}/v1/traces", headers=HEADERS, timeout=60),
        OTLPSpanExporter(f"{receiver.url}/v1/traces"),
    )

    @contextmanager
    def watched():
        with traced(exporter) as provider:
            yield
            assert provider.force_flush(60_000)

    recording = play(scenario, watched).recording
    return recording, [span for span in server.spans() if span.span_id not in known]


@pytest.mark.parametrize("scenario", TRACED, ids=lambda scenario: scenario.slug)
def test_it_shows_what_was_recorded(scenario, server, http_receiver):
    """Names, parents, attributes, times, events and links, span by span."""
    recording, shown = played(scenario, server, http_receiver)
    assert differences(Forest(shown), recording) == []
    sent = http_receiver.collected.forest().by_id
    assert {span.span_id for span in shown} == set(sent)
    for span in shown:
        was = sent[span.span_id]
        assert (span.name, span.parent_id, span.trace_id) == (was.name, was.parent_id, was.trace_id)
        assert (span.start, span.end) == (was.start, was.end)
        assert span.attributes == was.attributes
        assert (span.status, span.status_message) == (was.status, was.status_message)
        assert span.events == was.events
        assert span.links == was.links


@pytest.mark.skipif("not os.environ.get('SIGNALSCOPE_SCREENSHOT')", reason="only when asked for")
def test_its_waterfall_has_a_picture(server, http_receiver):
    """The page of a review's trace, as a person sees it."""
    from tests.browser.shop import open_browser

    by_slug = {scenario.slug: scenario for scenario in TRACED}
    for _ in range(2):  # what the first one loads is not what the picture is to show
        _, shown = played(by_slug["review-posted"], server, http_receiver)
    (root,) = Forest(shown).roots()
    file = Path(os.environ["SIGNALSCOPE_SCREENSHOT"])
    # Playwright runs a loop in this thread, in which Django refuses to touch the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with open_browser() as browser:
            page = browser.new_page(viewport={"width": 1440, "height": 620}, device_scale_factor=2)
            page.goto(server.trace_page(root.trace_id))
            page.get_by_text("post_save bookstore.ActivityLog").first.wait_for()
            # By these ids, since a hint that pops up beside the trace hides their roles.
            for button in BUTTONS:
                page.locator(f"[data-component-id='{button}']").first.dispatch_event("click")
            page.locator("[data-component-id$='toggle-timeline-span']").first.wait_for()
            # Names need more room than they have; the picture is what is left of the edge.
            details = page.locator(f"[data-component-id='{DETAILS}']").first
            page.mouse.move(details.bounding_box()["x"] - 1, 400)
            page.mouse.down()
            page.mouse.move(900, 400, steps=10)
            page.mouse.up()
            page.mouse.move(0, 0)
            edge = details.bounding_box()["x"] - 4
            clip = {"x": 0, "y": 0, "width": edge, "height": 500}
            page.screenshot(path=file, animations="disabled", clip=clip)
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    assert file.stat().st_size > 0
