"""Findings in the log: one event each, when the root dispatch has ended; in both integrations."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading

import pytest
from django.db.models.signals import post_save

from signalscope import patching, sightings
from signalscope.integrations.logging import LoggingSink
from signalscope.rendering.events import FINDING, FINDING_KEYS, KEYS
from signalscope.trees import Tree
from tests.integrations import log_lines
from tests.integrations.log_lines import (
    INNER,
    NAME,
    connected,
    inner,
    listening,
    name_of,
    signal,
    tracked,
)
from tests.programs import two_tasks
from tests.testapp.models import Note

try:
    import structlog
except ModuleNotFoundError:
    structlog = None
else:
    with tracked():  # which the import asks for, and no other test expects
        from signalscope.integrations.structlog import StructlogSink

LOGGER = "signalscope.signals"


class Instance:
    pk = 1


class Plain(logging.Handler):
    """Plain logging: keep what is written, as a dict for each line."""

    def __init__(self):
        super().__init__()
        self.lines = []
        self.logger = logging.getLogger(LOGGER)

    def sink(self, **options):
        return LoggingSink(**options)

    def from_level(self, level):
        self.logger.setLevel(level)

    def emit(self, record):
        # As a handler would: a key that is logging's own would show here.
        logging.Formatter("%(name)s %(message)s").format(record)
        assert (record.name, record.message) == (LOGGER, record.getMessage())
        own = {key: vars(record)[key] for key in (*KEYS, *FINDING_KEYS) if key in vars(record)}
        ids = {key: vars(record)[key] for key in ("trace_id", "span_id") if key in vars(record)}
        event = {"event": record.getMessage(), "level": record.levelname.lower()}
        self.lines.append({**event, **own, **ids})


class Structured:
    """structlog: the same."""

    def __init__(self):
        self.lines = []
        self.from_level(logging.DEBUG)

    def sink(self, **options):
        return StructlogSink(**options)

    def from_level(self, level):
        structlog.configure(
            processors=[structlog.processors.add_log_level, self._keep],
            wrapper_class=structlog.make_filtering_bound_logger(level),
        )

    def _keep(self, _logger, _method, event):
        event.pop("cycle", None)
        self.lines.append(dict(event))
        raise structlog.DropEvent


@pytest.fixture(params=["logging", "structlog"])
def log(request):
    """Return one that keeps the lines, and makes its kind of sink."""
    if request.param == "structlog":
        if structlog is None:
            pytest.skip("structlog is not installed")
        yield Structured()
        structlog.reset_defaults()
        return
    handler = Plain()
    handler.logger.addHandler(handler)
    handler.from_level(logging.DEBUG)
    handler.logger.propagate = False
    yield handler
    handler.logger.removeHandler(handler)
    handler.from_level(logging.NOTSET)
    handler.logger.propagate = True


def findings(log):
    """Return the lines on findings."""
    return [line for line in log.lines if line["event"] == FINDING]


def again(instance, level=0, **_):
    """Send its own signal twice more, each inside of the other."""
    if level < 2:
        signal.send(sender=type(instance), instance=instance, level=level + 1)


def again_quietly(  # signalscope: ignore[W101] it ends
    instance, level=0, **_
):
    """Do as `again` does."""
    again(instance, level)


class TestEvents:
    def test_a_recursion(self, log):
        """Said once for the tree, as a warning, before the root's own line."""
        with listening(log.sink()), connected(again):
            signal.send(sender=Instance, instance=Instance())
        (line,) = findings(log)
        assert [each["event"] for each in log.lines][-2:] == [FINDING, "signal.dispatch"]
        _, second, root = [each for each in log.lines if each["event"] == "signal.dispatch"]
        assert set(line) == {"event", "level", *KEYS, *FINDING_KEYS}
        assert line.pop("duration_ms") > 0
        assert line.pop("finding_message").startswith(f"{name_of(again)} was entered again")
        assert line == {
            "event": "signal.finding",
            "level": "warning",
            "finding": "W101",
            "finding_name": "recursion",
            "count": 2,
            "signal": NAME,
            "sender": name_of(Instance),
            "receiver": name_of(again),
            "order": 0,
            "depth": 1,
            "queries": 0,
            "recursive": True,
            "dispatch_id": second["dispatch_id"],
            "parent_id": root["dispatch_id"],
            "error": None,
        }
        assert root["depth"] == 0

    @pytest.mark.parametrize("receiver", [log_lines.fails, log_lines.fails_async])
    def test_an_error_that_is_kept(self, log, receiver):
        """Below a root, too; the line names the call in which it was first."""

        async def sends(**_):
            for _each in range(3):
                await inner.asend_robust(sender=None)

        with listening(log.sink()), connected(sends), connected(receiver, to=inner):
            asyncio.run(signal.asend(sender=int))
        line = next(line for line in findings(log) if line["finding"] == "W105")
        first = next(line for line in log.lines if line["receiver"] == name_of(receiver))
        assert (line["count"], line["error"]) == (3, "ValueError: no paper")
        assert (line["signal"], line["dispatch_id"]) == (INNER, first["dispatch_id"])

    @pytest.mark.django_db
    def test_a_bulk_operation_is_info(self, log):
        """It names the receivers that were skipped, and the dispatch in which that was."""

        def writes(**_):
            Note.objects.bulk_create([Note(title="x")])

        with listening(log.sink()), connected(writes), connected(log_lines.works, to=post_save):
            signal.send(sender=int)
        (line,) = findings(log)
        call = next(line for line in log.lines if line["receiver"] == name_of(writes))
        assert (line["finding"], line["level"]) == ("W108", "info")
        assert (line["signal"], line["sender"]) == (None, "testapp.Note")
        assert name_of(log_lines.works) in line["finding_message"]
        same = ("dispatch_id", "order", "queries")
        assert [line[key] for key in same] == [call[key] for key in same]

    @pytest.mark.django_db
    def test_thresholds_are_those_of_the_settings(self, log, settings):
        def asks(**_):
            for _each in range(3):
                Note.objects.count()

        for given, expected in [
            ({"SLOW_MS": 600_000}, []),
            ({"SLOW_MS": 600_000, "REPEATED_QUERIES": 3}, ["W104"]),
            ({"SLOW_MS": 0}, ["W103"]),
        ]:
            settings.SIGNALSCOPE = given
            with listening(log.sink()), connected(asks):
                signal.send(sender=int)
            assert [line["finding"] for line in findings(log)] == expected
            log.lines.clear()

    def test_each_time(self, log):
        """A program that repeats a fault is told of it again."""
        with listening(log.sink()), connected(log_lines.fails):
            for _each in range(3):
                signal.send_robust(sender=int)
        assert [line["finding"] for line in findings(log)] == ["W105"] * 3

    def test_two_threads_at_once(self, log):
        """Each has its own tree, whose findings are told by its own numbers."""
        both = threading.Barrier(2)

        def meets(**_):
            both.wait(10)
            inner.send_robust(sender=None)
            both.wait(10)

        with listening(log.sink()), connected(meets), connected(log_lines.fails, to=inner):
            threads = [threading.Thread(target=signal.send, args=(each,)) for each in (int, str)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.check_two(log)

    def test_two_tasks_at_once(self, log):
        meets, send = two_tasks(signal, lambda _: inner.asend_robust(sender=None))
        with listening(log.sink()), connected(meets), connected(log_lines.fails_async, to=inner):
            send()
        self.check_two(log)

    def check_two(self, log):
        lines = findings(log)
        assert [(line["finding"], line["count"]) for line in lines] == [("W105", 1)] * 2
        below = {line["dispatch_id"] for line in log.lines if line["signal"] == INNER}
        assert {line["dispatch_id"] for line in lines} == below
        assert len(below) == 2

    def test_the_span_that_is_current_is_named(self, log):
        sdk = pytest.importorskip("opentelemetry.sdk.trace")
        tracer = sdk.TracerProvider().get_tracer("test")
        with (
            listening(log.sink()),
            connected(log_lines.fails),
            tracer.start_as_current_span("a request") as span,
        ):
            signal.send_robust(sender=int)
        (line,) = findings(log)
        assert line["span_id"] == f"{span.get_span_context().span_id:016x}"
        assert line["trace_id"] == f"{span.get_span_context().trace_id:032x}"


class TestSilence:
    def test_by_the_setting(self, log, settings):
        settings.SIGNALSCOPE = {"SLOW_MS": 600_000, "SILENCED": ["W101"]}
        with listening(log.sink()), connected(again, log_lines.fails):
            signal.send_robust(sender=Instance, instance=Instance(), level=1)
        assert {line["finding"] for line in findings(log)} == {"W105", "W106"} - {"W106"}

    def test_by_a_comment(self, log):
        with listening(log.sink()), connected(again_quietly):
            signal.send(sender=Instance, instance=Instance())
        assert {line["finding"] for line in findings(log)} <= {"W101"}
        assert [line["receiver"] for line in findings(log)] == []

    def test_by_the_option(self, log):
        """Then no tree is kept."""
        sink = log.sink(findings=False)
        with listening(sink), connected(log_lines.fails):
            assert not patching.recorder.sinks.asks_for_trees
            signal.send_robust(sender=int)
        assert len(log.lines) == 2

    @pytest.fixture
    def no_tree(self, monkeypatch):
        """Let it fail a test that a tree is kept, or looked at."""

        def kept(*_):
            pytest.fail("a tree was kept that nobody reads")

        monkeypatch.setattr("signalscope.recorder.dispatching.Tree", kept)
        monkeypatch.setattr(sightings, "diagnose", kept)

    @pytest.mark.usefixtures("no_tree")
    def test_by_the_level(self, log):
        """Where no warning is written, no tree is kept."""
        log.from_level(logging.ERROR)
        with listening(log.sink()), connected(log_lines.fails):
            signal.send_robust(sender=int)
        assert {line["event"] for line in log.lines} == {"signal.receiver"}

    @pytest.mark.usefixtures("no_tree")
    def test_by_the_sample(self, log):
        with listening(log.sink(sample=0)), connected(log_lines.fails):
            signal.send_robust(sender=int)
        assert findings(log) == []

    @pytest.mark.django_db
    def test_info_by_the_level(self, log):
        """Findings of that severity alone."""

        def writes(**_):
            Note.objects.bulk_create([Note(title="x")])
            inner.send_robust(sender=None)

        log.from_level(logging.WARNING)
        with (
            listening(log.sink()),
            connected(writes),
            connected(log_lines.works, to=post_save),
            connected(log_lines.fails, to=inner),
        ):
            signal.send(sender=int)
        assert [line["finding"] for line in findings(log)] == ["W105"]

    def test_the_sample_takes_findings_with_their_tree(self, log):
        with listening(log.sink(sample=0.5)), connected(log_lines.fails):
            for _each in range(200):
                signal.send_robust(sender=int)
        told = {line["dispatch_id"] for line in findings(log)}
        assert 50 < len(told) < 150
        assert told == {
            line["dispatch_id"] for line in log.lines if line["event"] == "signal.dispatch"
        }


class TestHarm:
    def test_a_rule_that_fails_is_reported_once(self, log, monkeypatch, caplog):
        """The sink goes on, and the program sees nothing."""

        def faulty(*_, **__):
            raise ZeroDivisionError

        monkeypatch.setattr(sightings, "may_find", faulty)
        with listening(log.sink()), connected(log_lines.works):
            for _each in range(20):
                assert signal.send(sender=int) == [(log_lines.works, None)]
        assert patching.recorder._reported
        patching.recorder._reported = False
        assert len(log.lines) == 40
        assert len([each for each in caplog.records if each.exc_info]) == 1

    def test_a_handler_that_sends_signals_does_not_loop(self, log):
        """What it sends while it writes our lines is told of once, with the root it was in."""

        class Database(logging.Handler):
            def emit(self, record):
                inner.send_robust(sender=None)

        if not isinstance(log, Plain):
            pytest.skip("handlers are logging's")
        database = Database()
        log.logger.addHandler(database)
        try:
            with (
                listening(log.sink()),
                connected(log_lines.fails),
                connected(log_lines.fails, to=inner),
            ):
                signal.send_robust(sender=int)
        finally:
            log.logger.removeHandler(database)
        assert {line["signal"]: line["count"] for line in findings(log)} == {NAME: 1, INNER: 1}
        assert len(log.lines) == 4

    def test_nothing_is_left(self, log):
        """No tree, once the roots have ended."""
        with listening(log.sink()), connected(again):
            for _each in range(10):
                signal.send(sender=Instance, instance=Instance())
            gc.collect()
            # The records of an earlier test may still be held, and with them what was a tree.
            assert not [each for each in gc.get_objects() if type(each) is Tree and each.kept]
        assert len(findings(log)) == 10
