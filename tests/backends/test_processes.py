"""Whole programs, traced without a line of their own: ``opentelemetry-instrument``."""

from __future__ import annotations

import json
import sys
import urllib.request

import pytest
from django.conf import settings

from signalscope import Recording
from tests.backends.compare import SCOPE, differences
from tests.backends.otlp import GrpcReceiver
from tests.backends.processes import (
    django,
    environment,
    instrumented,
    otel,
    program,
    run,
    running,
)

SERVER, CLIENT = 2, 3
"""OTLP's codes of the kinds of spans."""


def post_review(folder, url, **variables):
    """Post a review in a traced process; return its recording."""
    env = environment(folder, **otel(url, **variables))
    said = json.loads(run(instrumented(*django("post_review")), env))
    assert said["status"] == 201
    return Recording.from_dict(said["recording"])


def sent(url, path, **data):
    """Post JSON to a server, and return its status."""
    request = urllib.request.Request(  # noqa: S310 - our own server
        url + path, json.dumps(data).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - as above
        return response.status


def first_book(url):
    """Return the slug of a book that the server sells."""
    with urllib.request.urlopen(f"{url}/api/books/", timeout=30) as response:  # noqa: S310
        return json.load(response)["books"][0]["slug"]


def test_one_trace_from_the_request_to_the_sql(folder, http_receiver):
    """Beside OpenTelemetry's Django and sqlite3: request, receivers, and each one's own queries."""
    recording = post_review(folder, http_receiver.url)
    forest = http_receiver.collected.forest()
    assert differences(forest, recording) == []
    request = next(span for span in forest.spans if span.kind == SERVER)
    elsewhere = {
        span.name.partition(" ")[0]
        for span in forest.roots()
        if span.scope == SCOPE and span.trace_id != request.trace_id
    }
    # Django sends request_started and _finished outside of the middleware; they are left out.
    assert elsewhere == set()
    review = forest.named("post_save bookstore.Review")[0]
    assert forest.ancestors(review)[-1] == request.name
    for call in recording.calls():
        (span,) = [
            span
            for span in forest.named(call.receiver_name)
            if forest.parent(span).name == call.dispatch.label
            and span.end - span.start == call.duration_ns
        ]
        # The library's spans are one a statement; ours counts savepoints and what Django reads.
        queries = [child for child in forest.children(span) if child.scope.endswith("sqlite3")]
        assert len(queries) == call.queries.count, call
        assert {child.kind for child in queries} <= {CLIENT}


@pytest.mark.skipif(
    not settings.SIGNALSCOPE_POSTGRESQL, reason="needs a PostgreSQL: nox -s traces_postgresql"
)
def test_one_trace_down_to_postgresql(tmp_path, http_receiver):
    """The same beside psycopg's instrumentation."""
    server = {"SITE_POSTGRESQL": settings.SIGNALSCOPE_POSTGRESQL}
    run(django("prepare"), environment(tmp_path, **server))
    recording = post_review(tmp_path, http_receiver.url, **server)
    forest = http_receiver.collected.forest()
    assert differences(forest, recording) == []
    ours = [span for span in forest.spans if span.scope == SCOPE]
    statements = [
        child for span in ours for child in forest.children(span) if child.scope.endswith("psycopg")
    ]
    assert len(statements) == sum(call.queries.count for call in recording.calls())
    assert {span.attributes["db.system"] for span in statements} == {"postgresql"}


def test_over_grpc(folder):
    """By a variable, nothing else."""
    with GrpcReceiver() as receiver:
        recording = post_review(folder, receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL="grpc")
        assert differences(receiver.collected.forest(), recording) == []


def test_metrics_are_sent_as_well(folder, http_receiver):
    """With the exporter for metrics switched on."""
    recording = post_review(folder, http_receiver.url, OTEL_METRICS_EXPORTER="otlp")
    points = http_receiver.collected.wait_for(
        lambda come: [each for each in come.points if each.name == "django.signal.dispatches"]
    )
    assert sum(point.total for point in points) == len(list(recording.walk()))


def test_headers_and_compression_by_variables(folder, http_receiver):
    """As a collector may demand."""
    recording = post_review(
        folder,
        http_receiver.url,
        OTEL_EXPORTER_OTLP_HEADERS="x-shop=lighthouse",
        OTEL_EXPORTER_OTLP_COMPRESSION="gzip",
    )
    assert differences(http_receiver.collected.forest(), recording) == []
    for headers in http_receiver.collected.headers:
        assert headers["x-shop"] == "lighthouse"
        assert headers["content-encoding"] == "gzip"


def names_of(http_receiver):
    return {
        span.attributes["django.signal.name"].rpartition(".")[2]
        for span in http_receiver.collected.spans
        if span.scope == SCOPE
    }


def test_signals_are_chosen_by_variables(folder, http_receiver):
    """While settings are not even configured."""
    allowed = {"OTEL_PYTHON_SIGNALSCOPE_ALLOW": "*.post_save, *.pre_save"}
    post_review(folder, http_receiver.url, **allowed, OTEL_PYTHON_SIGNALSCOPE_DENY="*.pre_save")
    assert names_of(http_receiver) == {"post_save"}


def test_how_many_spans_is_said_by_a_variable(folder, http_receiver):
    """The rest is summed up on what is there."""
    recording = post_review(folder, http_receiver.url, OTEL_PYTHON_SIGNALSCOPE_MAX_SPANS="4")
    ours = [span for span in http_receiver.collected.spans if span.scope == SCOPE]
    review = next(span for span in ours if span.name == "post_save bookstore.Review")
    assert len([span for span in ours if span.trace_id == review.trace_id]) == 4
    left_out = sum(span.attributes.get("django.signal.suppressed.calls", 0) for span in ours)
    with_span = [span for span in ours if "code.function.name" in span.attributes]
    assert left_out + len(with_span) == len(recording.calls())


def test_short_ones_are_left_out_by_a_variable(folder, http_receiver):
    """With an hour as the limit, all are short."""
    variables = {
        "OTEL_PYTHON_SIGNALSCOPE_MIN_DURATION_MS": "3600000",
        # What has something under it stays.
        "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "sqlite3",
    }
    post_review(folder, http_receiver.url, **variables)
    assert http_receiver.collected.wait_for(lambda come: come.spans)
    assert [span for span in http_receiver.collected.spans if span.scope == SCOPE] == []


def test_a_wrong_variable_is_no_end(folder, http_receiver):
    """It is left out, and the program runs."""
    recording = post_review(
        folder, http_receiver.url, OTEL_PYTHON_SIGNALSCOPE_MIN_DURATION_MS="soon"
    )
    assert differences(http_receiver.collected.forest(), recording) == []


def test_it_can_be_switched_off_by_a_variable(folder, http_receiver):
    """As any instrumentation."""
    disabled = {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "signalscope"}
    post_review(folder, http_receiver.url, **disabled)
    assert http_receiver.collected.wait_for(lambda come: come.spans)
    assert [span for span in http_receiver.collected.spans if span.scope == SCOPE] == []


def test_a_server_that_is_started_by_it(tmp_path, http_receiver):
    """The demo's own small server; each request is a trace with its receivers."""
    env = environment(
        tmp_path / "demo",
        **otel(http_receiver.url),
        DEMO_BOOKSTORE_SETTINGS="demo_bookstore.settings",
    )
    env["DJANGO_SETTINGS_MODULE"] = "demo_bookstore.settings"
    command = instrumented(sys.executable, "-m", "demo_bookstore", "--port", "0")
    with running(command, env) as server:
        url = server.wait_for_line(lambda line: " open at " in line).split()[-1].rstrip("/")
        path = f"/api/books/{first_book(url)}/reviews/"
        assert sent(url, path, rating=5, text="Read it twice.") in {200, 201}
        request = http_receiver.collected.wait_for(
            lambda come: next(
                (s for s in come.spans if s.kind == SERVER and "POST" in s.name), None
            )
        )
    forest = http_receiver.collected.forest()
    (review,) = [
        span
        for span in forest.named("post_save bookstore.Review")
        if span.trace_id == request.trace_id
    ]
    assert forest.ancestors(review)[-1] == request.name


def test_the_demo_sends_to_any_collector(tmp_path, http_receiver):
    """``nox -s demo -- --otlp URL``: nothing else is said."""
    env = environment(tmp_path / "demo")
    command = [sys.executable, "-m", "demo_bookstore", "--port", "0", "--otlp", http_receiver.url]
    with running(command, env) as server:
        url = server.wait_for_line(lambda line: " open at " in line).split()[-1].rstrip("/")
        path = f"/api/books/{first_book(url)}/reviews/"
        assert sent(url, path, rating=5, text="Read it twice.") in {200, 201}
    # It has been stopped, and what was waiting was sent before it ended.
    forest = http_receiver.collected.forest()
    (review,) = [span for span in forest.named("post_save bookstore.Review") if not span.parent_id][
        -1:
    ]
    assert review.resource["service.name"] == "demo-bookstore"
    assert "demo_bookstore.bookstore.signals.record_review_rating" in [
        span.name for span in forest.children(review)
    ]


@pytest.mark.parametrize("preload", [False, True], ids=["each loads", "preloaded"])
def test_gunicorn_workers(folder, http_receiver, preload):
    """Each worker sends what it saw, also where it was forked off a process that had it loaded."""
    command = [
        *(program("gunicorn"), "--workers", "2", "--bind", "127.0.0.1:0"),
        *("--no-control-socket", "--worker-tmp-dir", str(folder)),
        *(["--preload"] if preload else []),
        "tests.backends.site.wsgi",
    ]
    env = environment(folder, **otel(http_receiver.url))
    with running(instrumented(*command), env) as server:
        line = server.wait_for_line(lambda line: "Listening at: " in line)
        url = line.partition("Listening at: ")[2].split()[0]
        path = f"/api/books/{first_book(url)}/reviews/"
        assert sent(url, path, rating=5, text="Read it twice.") in {200, 201}
        review = http_receiver.collected.wait_for_span("post_save bookstore.Review")
        http_receiver.collected.wait_for(
            lambda come: any(s.kind == SERVER and s.trace_id == review.trace_id for s in come.spans)
        )
    forest = http_receiver.collected.forest()
    assert forest.ancestors(review)[-1].startswith("POST")
