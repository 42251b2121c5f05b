"""A collector that is down, hangs or fails: the program does what it did, and waits for nobody."""

from __future__ import annotations

import contextlib
import logging

import pytest
from django.dispatch import Signal

import signalscope
from demo_bookstore.scenarios.catalogue import CHAPTERS
from demo_bookstore.scenarios.player import play
from tests.backends.exporting import span_exporter, traced
from tests.backends.otlp import FAIL, HANG, WAIT, GrpcReceiver, HttpReceiver, refusing_url
from tests.backends.processes import django, environment, instrumented, otel, running

pytestmark = pytest.mark.django_db(transaction=True)

noted = Signal()


class NotedError(Exception):
    """What the receiver below raises."""


def raises(**_):
    raise NotedError("as it always does")


@contextlib.contextmanager
def collector(how, protocol):
    """Yield a URL at which things are bad, and who is there, if anybody."""
    if how == "refuses":
        yield refusing_url(), None
        return
    with GrpcReceiver() if protocol == "grpc" else HttpReceiver() as receiver:
        receiver.answer = how
        yield receiver.url, receiver


def outcomes():
    """Do a bit of everything, and return what came of it."""
    outlines = [play(scenario).trace for scenario in CHAPTERS[0].entries]
    noted.connect(raises)
    try:
        robust = [(receiver, repr(got)) for receiver, got in noted.send_robust(sender=None)]
        with pytest.raises(NotedError) as raised:
            noted.send(sender=None)
    finally:
        noted.disconnect(raises)
    frames = [entry.name for entry in raised.traceback]
    return outlines, robust, str(raised.value), frames


@pytest.mark.parametrize("protocol", ["http", "grpc"])
@pytest.mark.parametrize("how", ["refuses", FAIL, HANG])
@pytest.mark.usefixtures("shop")
def test_the_program_is_undisturbed(how, protocol, caplog):
    """The same results, the same exceptions; and it goes on while an export is being held.

    What hangs is let go only after the program is through. One that waited would be let go by the
    receiver's own patience, and by then a span would have come.
    """
    caplog.set_level(logging.CRITICAL, logger="django.dispatch")
    without = outcomes()
    timeout = 2 * WAIT if how == HANG else 0.5
    with collector(how, protocol) as (url, there):
        with traced(span_exporter(url, protocol, timeout=timeout)):
            first = outcomes()
            # From here on the exporter has its trouble, and the program goes on beside it.
            if there:
                there.collected.wait_for(lambda come: come.requests)
            second = outcomes()
            if there:
                assert there.collected.spans == []
                there.release.set()
        assert first == second == without
    assert not signalscope.is_installed()
    said = [record for record in caplog.records if record.name.startswith("signalscope")]
    assert said == [], "it is no fault of ours, and OpenTelemetry tells of it itself"


@pytest.mark.parametrize("how", ["refuses", FAIL, HANG])
def test_a_process_ends_as_it_would(how, folder):
    """With its own status and output, as soon as the exporter's timeout allows."""
    with collector(how, "http") as (url, _):
        env = environment(folder, **otel(url, OTEL_EXPORTER_OTLP_TIMEOUT="1"))
        with running(instrumented(*django("post_review")), env) as process:
            line = process.wait_for_line(lambda line: line.startswith("{"))
            assert '"status": 201' in line
            assert process.process.wait(30) == 0
