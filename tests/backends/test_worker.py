"""A request, a queue and a worker: one trace through two processes."""

from __future__ import annotations

import json
import sys

from signalscope import Recording
from tests.backends.compare import SCOPE, differences
from tests.backends.processes import django, environment, instrumented, otel, run, running
from tests.backends.spans import Forest

TASK = "run/tests.backends.site.queue.announce"
TRIMMED = "demo_bookstore.bookstore.signals.trim_activity_log"

# The broker is a file, and asking it for work again and again would be traced as well.
QUIET = {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "sqlite3"}


def worker(folder, url, app="tests.backends.site.queue"):
    """Run a Celery worker, traced."""
    command = instrumented(
        *(sys.executable, "-m", "celery", "-A", app, "worker"),
        *("-P", "solo", "--without-mingle", "--without-gossip", "--without-heartbeat"),
        *("--loglevel", "INFO"),
    )
    variables = otel(url, OTEL_SERVICE_NAME="worker", **QUIET)
    return running(command, environment(folder, **variables, SITE_HAS_QUEUE="1"))


def test_a_task_goes_on_with_the_trace_of_its_request(folder, http_receiver):
    """Request → receiver → task → what the task's save sets off, in another process."""
    env = environment(folder, **otel(http_receiver.url, **QUIET), SITE_HAS_QUEUE="1")
    with worker(folder, http_receiver.url) as process:
        process.wait_for_line(lambda line: " ready." in line)
        said = json.loads(run(instrumented(*django("post_review")), env))
        task = http_receiver.collected.wait_for_span(TASK)
    # Both processes have ended, and nothing waits in them any more.
    forest = Forest(
        span for span in http_receiver.collected.spans if span.trace_id == task.trace_id
    )
    in_worker = [span for span in forest.spans if span.resource["service.name"] == "worker"]
    assert [span.name for span in in_worker] == [TASK, "post_save bookstore.ActivityLog", TRIMMED]
    leaf = in_worker[-1]
    assert (leaf.scope, leaf.end <= task.end) == (SCOPE, True)
    (root,) = forest.roots()
    assert root.name.startswith("POST")
    assert forest.ancestors(leaf)[:2] == ["post_save bookstore.ActivityLog", TASK]
    assert forest.ancestors(task)[-1] == root.name

    here = Forest(
        span
        for span in http_receiver.collected.spans
        if span.resource["service.name"] == "bookstore"
    )
    assert differences(here, Recording.from_dict(said["recording"])) == []
    (receiver,) = here.named("tests.backends.site.receivers.announce_review")
    assert receiver.trace_id == task.trace_id


def test_the_bookstores_worker_goes_on_with_the_trace(folder, http_receiver):
    """Request → save → receiver → task of the bookstore's own Celery app, in another process."""
    env = environment(folder, **otel(http_receiver.url, **QUIET))
    with worker(folder, http_receiver.url, "demo_bookstore") as process:
        process.wait_for_line(lambda line: " ready." in line)
        run(instrumented(*django("post_answer")), env)
        task = http_receiver.collected.wait_for_span("run/demo_bookstore.pitfalls.tasks.analyse")
    forest = Forest(
        span for span in http_receiver.collected.spans if span.trace_id == task.trace_id
    )
    assert task.resource["service.name"] == "worker"
    above = forest.ancestors(task)
    receiver = "demo_bookstore.pitfalls.heavy_work.analyse_later"
    assert above[-3:] == [receiver, "post_save pitfalls.Answer", "POST answer/"]
