"""The bookstore's scenarios through OpenTelemetry's own exporters, compared with recordings."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

import signalscope
from demo_bookstore.scenarios import review_posted, robust_sending
from demo_bookstore.scenarios.catalogue import PLAIN_SCENARIOS
from demo_bookstore.scenarios.player import play
from tests.backends.compare import differences
from tests.backends.exporting import measured, span_exporter, traced
from tests.backends.spans import Forest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shop")]


@pytest.fixture(autouse=True)
def _installed():
    """From the start, as a project has it: the connections of a scenario are seen then."""
    signalscope.install()
    yield
    signalscope.uninstall()


TRACED = [scenario for scenario in PLAIN_SCENARIOS if not scenario.signals]
"""Those whose recording has all signals, as the spans have."""


def played(scenario, exporter, **options):
    """Play a scenario traced, and return its recording."""

    @contextmanager
    def watched():
        with traced(exporter, **options) as provider:
            yield
            assert provider.force_flush()

    found = play(scenario, watched)
    assert found.as_expected, found.difference()
    return found.recording


@pytest.mark.parametrize("scenario", TRACED, ids=lambda scenario: scenario.slug)
def test_the_spans_are_the_recording(scenario, http_receiver):
    """Each scenario: names, parents, attributes, durations, errors, and times within times."""
    recording = played(scenario, span_exporter(http_receiver.url, "http"))
    assert differences(http_receiver.collected.forest(), recording) == []


def test_a_review_over_each_protocol(protocol, receiver):
    """The whole tree arrives, in one trace for each root."""
    recording = played(review_posted.SCENARIO, span_exporter(receiver.url, protocol))
    forest = receiver.collected.forest()
    assert differences(forest, recording) == []
    (root,) = forest.roots()
    assert root.name == "post_save bookstore.Review"
    assert {span.trace_id for span in forest.spans} == {root.trace_id}
    assert {span.resource["service.name"] for span in forest.spans} == {"bookstore"}
    (leaf,) = forest.named("demo_bookstore.bookstore.signals.trim_activity_log")
    assert [name.rpartition(".")[2] for name in forest.ancestors(leaf)][::-1] == [
        "Review",
        "record_review_rating",
        "Rating",
        "update_book_rating_stats",
        "Book",
        "log_book_activity",
        "ActivityLog",
    ]


def test_the_comparison_notices_what_is_wrong(http_receiver):
    """A comparison that could not fail would be none."""
    recording = played(review_posted.SCENARIO, span_exporter(http_receiver.url, "http"))
    spans = http_receiver.collected.spans
    import dataclasses

    leaf = next(span for span in spans if span.name.endswith("trim_activity_log"))
    others = [span for span in spans if span is not leaf]
    wrong = {
        "left out": others,
        "another parent": [
            *others,
            dataclasses.replace(leaf, parent_id=Forest(spans).roots()[0].span_id),
        ],
        "another name": [*others, dataclasses.replace(leaf, name="else")],
        "another time": [*others, dataclasses.replace(leaf, end=leaf.end + 10**9)],
        "another status": [*others, dataclasses.replace(leaf, status=2)],
        "another order": [
            *others,
            dataclasses.replace(
                leaf, attributes={**leaf.attributes, "django.signal.receiver.order": 7}
            ),
        ],
    }
    for what, changed in wrong.items():
        assert differences(Forest(changed), recording), what


def test_metrics(http_receiver):
    """Calls with their durations, dispatches and errors add up to what was recorded."""
    with measured(http_receiver.url) as meters:
        exporter = span_exporter(http_receiver.url, "http")
        recording = played(robust_sending.SCENARIO, exporter, meter_provider=meters)
    points = http_receiver.collected.wait_for(lambda come: come.points)
    durations = [point for point in points if point.name == "django.signal.receiver.duration"]
    assert {(point.unit, point.kind) for point in durations} == {("s", "histogram")}
    calls = recording.calls()
    assert sum(point.count for point in durations) == len(calls)
    spent = sum(call.duration_ns for call in calls) / 1e9
    assert sum(point.total for point in durations) == pytest.approx(spent)
    dispatches = [point for point in points if point.name == "django.signal.dispatches"]
    assert sum(point.total for point in dispatches) == len(list(recording.walk()))
    (errors,) = [point for point in points if point.name == "django.signal.receiver.errors"]
    assert errors.total == 1
    assert errors.attributes["error.type"] == "ConnectionError"


def test_recursions_are_counted(http_receiver):
    """A book that gets its number is saved inside of its own save."""
    from demo_bookstore.scenarios import book_created

    with measured(http_receiver.url) as meters:
        exporter = span_exporter(http_receiver.url, "http")
        recording = played(book_created.SCENARIO, exporter, meter_provider=meters)
    points = http_receiver.collected.wait_for(lambda come: come.points)
    found = [point.total for point in points if point.name == "django.signal.recursions"]
    assert sum(found) == sum(dispatch.recursive for dispatch in recording.walk()) == 1


def test_nothing_is_left_behind(http_receiver):
    """After `uninstrument()` nothing is traced."""
    played(review_posted.SCENARIO, span_exporter(http_receiver.url, "http"))
    before = len(http_receiver.collected.spans)
    with signalscope.record():
        review_posted.SCENARIO.run(review_posted.SCENARIO.prepare())
    assert len(http_receiver.collected.spans) == before
