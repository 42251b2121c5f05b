"""structlog: events on signals, and the receiver on all other events."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import subprocess
import sys

import pytest

import signalscope
from signalscope import patching
from signalscope.rendering.events import CYCLE, KEYS
from signalscope.surroundings import CONTEXT_KEYS
from tests.integrations import log_lines
from tests.integrations.log_lines import (
    NAME,
    connected,
    inner,
    listening,
    name_of,
    signal,
    tracked,
)

structlog = pytest.importorskip("structlog")

with tracked():  # which the import asks for, and no other test expects
    from signalscope.integrations.structlog import StructlogSink, add_signal_context


class Instance:
    pk = 1


@pytest.fixture(autouse=True)
def structlog_as_it_was():
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def seen():
    """Configure structlog so that events are kept; return them."""
    kept = structlog.testing.LogCapture()
    structlog.configure(processors=[kept])
    return kept.entries


def printed(renderer, action, *processors, level=logging.DEBUG):
    """Return what `action` makes structlog print."""
    text = io.StringIO()
    structlog.configure(
        processors=[add_signal_context, structlog.processors.add_log_level, *processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(text),
    )
    action()
    return text.getvalue()


def send():
    signal.send(sender=int)


class TestStructlogSink:
    def test_an_event_has_all_keys(self, seen):
        with listening(StructlogSink()), connected(log_lines.works):
            send()
        call, dispatch = seen
        assert set(call) == set(dispatch) == {*KEYS, "event", "log_level"}
        assert call.pop("duration_ms") > 0
        assert call == {
            "event": "signal.receiver",
            "log_level": "debug",
            "signal": NAME,
            "sender": "int",
            "receiver": name_of(log_lines.works),
            "order": 0,
            "depth": 0,
            "queries": 0,
            "recursive": False,
            "dispatch_id": dispatch["dispatch_id"],
            "parent_id": None,
            "error": None,
        }
        assert dispatch["event"] == "signal.dispatch"
        assert (dispatch["receiver"], dispatch["order"]) == (None, None)

    @pytest.mark.parametrize("receiver", [log_lines.fails, log_lines.fails_async])
    def test_an_error_that_send_robust_keeps(self, seen, receiver):
        """The receiver's event alone is of level error."""
        with listening(StructlogSink(findings=False)), connected(receiver):
            asyncio.run(signal.asend_robust(sender=int))
        assert [(each["log_level"], each["error"]) for each in seen] == [
            ("error", "ValueError: no paper"),
            ("debug", None),
        ]

    def test_recursion_and_slowness(self, seen):
        with listening(StructlogSink(slow_ms=0)), connected(log_lines.saves_again):
            signal.send(sender=Instance, instance=Instance())
        assert [each["log_level"] for each in seen] == ["info", "warning", "info", "info"]
        assert len(seen[1][CYCLE]) == 3

    def test_the_sample(self, seen):
        with listening(StructlogSink(sample=0.5)), connected(log_lines.works):
            for _ in range(400):
                send()
        assert len(seen) / 2 == pytest.approx(200, abs=50)

    @pytest.mark.parametrize(
        "wrapper",
        [structlog.make_filtering_bound_logger(logging.WARNING), structlog.stdlib.BoundLogger],
        ids=["structlog's levels", "the standard library's levels"],
    )
    def test_what_is_not_enabled_is_not_worked_out(self, wrapper, monkeypatch):
        """Whichever of the two filters by level."""
        from signalscope import logs

        def worked_out(*_):
            pytest.fail("keys were worked out for an event that nobody reads")

        structlog.configure(
            processors=[lambda *_: pytest.fail("it was logged")],
            wrapper_class=wrapper,
            logger_factory=structlog.stdlib.LoggerFactory(),
        )
        sink = StructlogSink()
        assert [sink.enabled(level) for level in (10, 20, 30, 40)] == [False, False, True, True]
        monkeypatch.setattr(logs, "keys_of_call", worked_out)
        monkeypatch.setattr(logs, "keys_of_dispatch", worked_out)
        with listening(sink), connected(log_lines.works):
            send()

    def test_what_is_configured_after_the_sink_was_made(self):
        """Settings make the sinks, and an app may configure structlog later."""
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
        sink, kept = StructlogSink(), structlog.testing.LogCapture()
        with listening(sink), connected(log_lines.works):
            send()
            structlog.configure(
                processors=[kept], wrapper_class=structlog.make_filtering_bound_logger(0)
            )
            send()
            with structlog.testing.capture_logs() as captured:
                send()
        assert len(kept.entries) == len(captured) == 2

    def test_an_asynchronous_logger(self):
        """Nobody could await what it returns, so the synchronous one in it is used."""
        kept = structlog.testing.LogCapture()
        structlog.configure(
            processors=[kept],
            wrapper_class=structlog.stdlib.AsyncBoundLogger,
            logger_factory=structlog.stdlib.LoggerFactory(),
        )
        logger = logging.getLogger("signalscope.signals")
        logger.setLevel(logging.DEBUG)

        async def main():
            with listening(StructlogSink(findings=False)), connected(log_lines.works):
                await signal.asend(sender=int)

        try:
            asyncio.run(main())
        finally:
            logger.setLevel(logging.NOTSET)
        assert len(kept.entries) == 2

    def test_a_logger_with_values_of_its_own(self, seen):
        sink = StructlogSink(logger=structlog.get_logger().bind(shop="harbour"))
        with listening(sink), connected(log_lines.works):
            send()
        assert {each["shop"] for each in seen} == {"harbour"}

    def test_a_processor_that_sends_signals_does_not_loop(self):
        """Nor does one that raises reach the program."""
        signals = []

        def sends(_logger, _method, event):
            signals.append(event["signal"])
            inner.send(sender=None)
            raise structlog.DropEvent

        structlog.configure(processors=[sends])
        with (
            listening(StructlogSink()),
            connected(log_lines.works),
            connected(log_lines.works, to=inner),
        ):
            send()
        assert signals == [NAME, NAME]

    def test_a_processor_that_raises_does_not_reach_the_program(self, caplog):
        def raises(*_):
            raise OSError("paper jam")

        structlog.configure(processors=[raises])
        with listening(StructlogSink()), connected(log_lines.works):
            assert signal.send(sender=int) == [(log_lines.works, None)]
        assert "StructlogSink failed in receiver_finished" in caplog.text

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"slow_ms": -1}, "StructlogSink got slow_ms=-1. Give a number of milliseconds"),
            ({"sample": 2}, "StructlogSink got sample=2. Give a share"),
            ({"logger": None}, r"got logger=None. Give what structlog.get_logger\(\) returns"),
        ],
        ids=str,
    )
    def test_what_cannot_be_used_is_named(self, options, message):
        with pytest.raises(signalscope.ConfigurationError, match=message):
            StructlogSink(**options)


class TestRendered:
    def test_as_json(self):
        def action():
            with listening(StructlogSink()), connected(log_lines.saves_again):
                signal.send(sender=Instance, instance=Instance())

        lines = printed(structlog.processors.JSONRenderer(), action).splitlines()
        events = [json.loads(line) for line in lines]
        assert [(each["event"], each["level"]) for each in events] == [
            ("signal.receiver", "debug"),
            ("signal.dispatch", "warning"),
            ("signal.receiver", "debug"),
            ("signal.dispatch", "debug"),
        ]
        assert events[1]["parent_id"] == events[3]["dispatch_id"]

    def test_on_the_console(self):
        def action():
            with listening(StructlogSink()), connected(log_lines.fails):
                signal.send_robust(sender=int)

        text = printed(structlog.dev.ConsoleRenderer(colors=False), action)
        assert "signal.receiver" in text
        assert "ValueError: no paper" in text
        assert name_of(log_lines.fails) in text


class TestAddSignalContext:
    @pytest.fixture
    def lines(self):
        kept = structlog.testing.LogCapture()
        structlog.configure(processors=[add_signal_context, kept])
        with tracked():
            patching.track()
            yield kept.entries

    def said(self, lines):
        return {each["event"]: log_lines.short(each.get("receiver")) for each in lines}

    def test_every_event_inside_and_none_outside(self, lines):
        """In threads and tasks, too; no sink and no recording is needed."""
        with listening():
            where = log_lines.play(structlog.get_logger().info)
        assert self.said(lines) == where
        assert len(where) >= 20

    @pytest.mark.django_db(transaction=True)
    def test_a_callback_on_commit_is_the_receivers_that_asked_for_it(self, lines):
        with listening():
            where = log_lines.play_on_commit(structlog.get_logger().info)
        assert self.said(lines) == where

    def test_what_is_said(self, lines):
        def logs(**_):
            structlog.get_logger().info("sold", sender="the counter")

        with listening(), connected(logs):
            send()
        structlog.get_logger().info("closed")
        inside, outside = lines
        assert {key: inside[key] for key in CONTEXT_KEYS} == {
            "signal": NAME,
            "sender": "the counter",  # what the program says stays
            "receiver": name_of(logs),
            "dispatch_id": inside["dispatch_id"],
        }
        assert not set(CONTEXT_KEYS) & set(outside)

    def test_lines_of_plain_logging_in_structlogs_formatter(self):
        """As a processor of `foreign_pre_chain`."""
        text = io.StringIO()
        handler, logger = logging.StreamHandler(text), logging.getLogger("shop")
        handler.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=[add_signal_context],
                processors=[
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(),
                ],
            )
        )
        logger.addHandler(handler)

        def logs(**_):
            logger.warning("sold")

        try:
            with tracked():
                patching.track()
                with listening(), connected(logs):
                    send()
        finally:
            logger.removeHandler(handler)
        assert json.loads(text.getvalue())["receiver"] == name_of(logs)

    def test_behind_a_renderer_it_does_no_harm(self):
        """It stands in the wrong place there; the event is printed, and the log says it once."""
        text = io.StringIO()
        structlog.configure(
            processors=[structlog.processors.JSONRenderer(), add_signal_context],
            logger_factory=structlog.PrintLoggerFactory(text),
        )

        def logs(**_):
            structlog.get_logger().info("sold")

        with tracked():
            patching.track()
            with listening(), connected(logs):
                assert signal.send(sender=int) == [(logs, None)]
        assert json.loads(text.getvalue()) == {"event": "sold"}
        assert patching.recorder._reported
        patching.recorder._reported = False

    def test_the_span_that_is_current_is_named(self, lines):
        sdk = pytest.importorskip("opentelemetry.sdk.trace")
        tracer = sdk.TracerProvider().get_tracer("test")

        def logs(**_):
            structlog.get_logger().info("sold")

        with (
            listening(StructlogSink()),
            connected(logs),
            tracer.start_as_current_span("a request") as span,
        ):
            send()
        context = span.get_span_context()
        assert {(each["trace_id"], each["span_id"]) for each in lines} == {
            (f"{context.trace_id:032x}", f"{context.span_id:016x}")
        }
        assert [each["event"] for each in lines] == ["sold", "signal.receiver", "signal.dispatch"]


def run(program, *, path=None):
    """Run a program of its own, set up as the documentation has it."""
    paths = [*([str(path)] if path else []), *sys.path]
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )


def test_with_the_request_id_of_django_structlog():
    """Our events have it, and the program's in a receiver have it beside the receiver."""
    pytest.importorskip("django_structlog")
    program = """
import django, structlog
from django.conf import settings
from signalscope.integrations.structlog import add_signal_context

structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        add_signal_context,
        structlog.processors.JSONRenderer(),
    ],
    logger_factory=structlog.PrintLoggerFactory(),
)
settings.configure(
    ALLOWED_HOSTS=["testserver"],
    ROOT_URLCONF="__main__",
    INSTALLED_APPS=["django_structlog", "signalscope"],
    MIDDLEWARE=["django_structlog.middlewares.RequestMiddleware"],
    SIGNALSCOPE={
        "ENABLED": True,
        "SINKS": ["signalscope.integrations.structlog.StructlogSink"],
    },
)
django.setup()
from django.dispatch import Signal
from django.http import HttpResponse
from django.test import Client
from django.urls import path

sold = Signal()

def counts(**_):
    structlog.get_logger().info("counted")

sold.connect(counts)

def view(request):
    sold.send(sender=None)
    return HttpResponse()

urlpatterns = [path("", view)]
Client().get("/")
"""
    lines = [json.loads(line) for line in run(program).stdout.splitlines()]
    of_sold = [each for each in lines if str(each.get("signal")).endswith(".sold")]
    assert [each["event"] for each in of_sold] == ["counted", "signal.receiver", "signal.dispatch"]
    assert of_sold[0]["receiver"] == "__main__.counts"
    started = [each for each in lines if each["event"] == "request_started"]
    assert len(started) == 1
    assert {each["request_id"] for each in of_sold} == {started[0]["request_id"]}
    assert all("receiver" not in each or "django_structlog" in each["receiver"] for each in started)


def test_the_processor_alone_is_all_that_a_project_needs():
    """With the app in place; the very first line has the receiver."""
    program = """
import django, structlog
from django.conf import settings
from signalscope.integrations.structlog import add_signal_context

structlog.configure(processors=[add_signal_context, structlog.processors.JSONRenderer()])
settings.configure(INSTALLED_APPS=["signalscope"], SIGNALSCOPE={"ENABLED": True})
django.setup()
from django.dispatch import Signal

signal = Signal()

def logs(**_):
    structlog.get_logger().info("sold")

signal.connect(logs)
signal.send(sender=None)
"""
    assert json.loads(run(program).stdout)["receiver"] == "__main__.logs"
