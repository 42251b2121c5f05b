"""Plain logging: lines on signals, and the receiver on all other lines."""

from __future__ import annotations

import asyncio
import json
import logging
import logging.config
import queue
from logging.handlers import QueueHandler

import pytest

import signalscope
from signalscope import patching
from signalscope.integrations.logging import LoggingSink, SignalContextFilter
from signalscope.rendering.events import CYCLE, KEYS
from signalscope.surroundings import CONTEXT_KEYS
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


class Paper(logging.Handler):
    """Keep the records."""

    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        self.records.append(record)

    def events(self):
        return [(each.levelname, each.getMessage()) for each in self.records]


@pytest.fixture
def paper():
    """Take what the sink's logger is given, from debug on."""
    handler, logger = Paper(), logging.getLogger("signalscope.signals")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)
    logger.propagate = True


class Instance:
    pk = 1


class TestLoggingSink:
    def test_a_line_has_all_keys(self, paper):
        """On a receiver call: which one, in what, for how long. Attributes, as `extra` gives."""
        with (
            listening(LoggingSink()),
            connected(log_lines.sends_on),
            connected(log_lines.works, to=inner),
        ):
            signal.send(sender=int)
        lines = [{key: vars(record)[key] for key in KEYS} for record in paper.records]
        assert paper.events() == [
            ("DEBUG", "signal.receiver"),
            ("DEBUG", "signal.dispatch"),
            ("DEBUG", "signal.receiver"),
            ("DEBUG", "signal.dispatch"),
        ]
        inner_call, inner_dispatch, call, dispatch = lines
        assert all(line.pop("duration_ms") > 0 for line in lines)
        root = dispatch["dispatch_id"]
        below = inner_dispatch["dispatch_id"]
        assert root != below
        shared = {"queries": 0, "recursive": False, "error": None}
        assert call == {
            "signal": NAME,
            "sender": "int",
            "receiver": name_of(log_lines.sends_on),
            "order": 0,
            "depth": 0,
            "dispatch_id": root,
            "parent_id": None,
            **shared,
        }
        assert dispatch == {**call, "receiver": None, "order": None}
        assert inner_call == {
            "signal": INNER,
            "sender": None,
            "receiver": name_of(log_lines.works),
            "order": 0,
            "depth": 1,
            "dispatch_id": below,
            "parent_id": root,
            **shared,
        }
        assert inner_dispatch == {**inner_call, "receiver": None, "order": None}

    @pytest.mark.django_db
    def test_queries_are_those_of_the_receivers_own_code(self, paper):
        """On the line of a dispatch: of all its receivers."""
        from tests.testapp.models import Tag

        def counts(**_):
            Tag.objects.count()
            inner.send(sender=None)

        def counts_too(**_):
            Tag.objects.count()

        with (
            listening(LoggingSink()),
            connected(counts, counts_too),
            connected(counts_too, to=inner),
        ):
            signal.send(sender=int)
        assert [(record.receiver, record.queries) for record in paper.records] == [
            (name_of(counts_too), 1),
            (None, 1),
            (name_of(counts), 1),
            (name_of(counts_too), 1),
            (None, 2),
        ]

    @pytest.mark.parametrize("method", ["send", "send_robust", "asend", "asend_robust"])
    @pytest.mark.parametrize("receiver", [log_lines.fails, log_lines.fails_async])
    def test_an_error_is_of_level_error(self, paper, method, receiver):
        """On the receiver's line always; on the dispatch's where it passed the error on."""

        async def main():
            return await getattr(signal, method)(sender=int)

        with listening(LoggingSink(findings=False)), connected(receiver):
            try:
                asyncio.run(main()) if method[0] == "a" else getattr(signal, method)(sender=int)
            except ValueError:
                assert "robust" not in method
        call, dispatch = paper.records
        assert (call.levelname, call.error) == ("ERROR", "ValueError: no paper")
        kept = "robust" in method
        assert (dispatch.levelname, dispatch.error) == (
            ("DEBUG", None) if kept else ("ERROR", "ValueError: no paper")
        )

    def test_what_was_cancelled_is_no_error(self, paper):
        """Whoever closes the browser cancels what runs for him."""
        with listening(LoggingSink()):
            asyncio.run(log_lines.cancel_asend())
        assert {record.levelname for record in paper.records} == {"INFO"}
        assert {record.error for record in paper.records} == {"asyncio.exceptions.CancelledError"}

    def test_what_is_slow_is_of_level_info(self, paper):
        with listening(LoggingSink(slow_ms=0)), connected(log_lines.works):
            signal.send(sender=int)
        assert {record.levelname for record in paper.records} == {"INFO"}

    def test_how_slow_says_the_setting(self, paper, settings):
        """Unless the sink is told, and as it is when the first line is due."""
        sink = LoggingSink(findings=False)
        told = LoggingSink(slow_ms=1e9, findings=False)
        settings.SIGNALSCOPE = {"SLOW_MS": 0}
        for each, level in ((sink, "INFO"), (told, "DEBUG")):
            with listening(each), connected(log_lines.works):
                signal.send(sender=int)
            assert {record.levelname for record in paper.records} == {level}
            paper.records.clear()

    def test_recursion_is_a_warning(self, paper):
        """On the line of the dispatch that repeats one around it, with the cycle."""
        instance = Instance()
        with listening(LoggingSink()), connected(log_lines.saves_again):
            signal.send(sender=Instance, instance=instance)
        lines = [(r.levelname, r.getMessage(), r.recursive) for r in paper.records]
        assert lines == [
            ("DEBUG", "signal.receiver", True),
            ("WARNING", "signal.dispatch", True),
            ("DEBUG", "signal.receiver", False),
            ("DEBUG", "signal.dispatch", False),
        ]
        label = f"signal {name_of(Instance)}"
        assert vars(paper.records[1])[CYCLE] == [label, name_of(log_lines.saves_again), label]
        assert not hasattr(paper.records[3], CYCLE)

    def test_the_sample_takes_trees_as_a_whole(self, paper):
        """And of trees, whatever their size, the share that was asked for."""
        with (
            listening(LoggingSink(sample=0.25)),
            connected(log_lines.sends_on),
            connected(log_lines.works, to=inner),
        ):
            for _ in range(400):
                signal.send(sender=int)
        assert len(paper.records) / 4 == pytest.approx(100, abs=45)
        for at in range(0, len(paper.records), 4):
            tree = paper.records[at : at + 4]
            assert [record.depth for record in tree] == [1, 1, 0, 0]
            assert tree[0].parent_id == tree[2].dispatch_id

    def test_what_matters_is_in_every_sample(self, paper):
        """Errors, what is slow, and recursion."""
        with listening(LoggingSink(sample=0)):
            with connected(log_lines.saves_again, log_lines.fails):
                signal.send_robust(sender=Instance, instance=Instance())
            assert {(r.levelname, r.getMessage()) for r in paper.records} == {
                ("ERROR", "signal.receiver"),  # both calls of `fails`
                ("ERROR", "signal.dispatch"),  # the inner send, which raised
            }
            paper.records.clear()
            with connected(log_lines.saves_again):
                signal.send(sender=Instance, instance=Instance())
            assert paper.events() == [("WARNING", "signal.dispatch")]
        paper.records.clear()
        with listening(LoggingSink(sample=0, slow_ms=0)), connected(log_lines.works):
            signal.send(sender=int)
        assert len(paper.records) == 2

    def test_what_is_not_enabled_is_not_worked_out(self, paper, monkeypatch):
        """Not even the number that a dispatch gets when it is asked for."""
        from signalscope import logs

        def worked_out(*_):
            pytest.fail("keys were worked out for a line that nobody reads")

        monkeypatch.setattr(logs, "keys_of_call", worked_out)
        monkeypatch.setattr(logs, "keys_of_dispatch", worked_out)
        logging.getLogger("signalscope.signals").setLevel(logging.INFO)
        with listening(LoggingSink()), connected(log_lines.works):
            signal.send(sender=int)
        assert paper.records == []

    def test_a_level_changed_later_counts(self, paper):
        logger = logging.getLogger("signalscope.signals")
        logger.setLevel(logging.WARNING)
        with listening(LoggingSink()), connected(log_lines.works):
            signal.send(sender=int)
            logger.setLevel(logging.DEBUG)
            signal.send(sender=int)
        assert len(paper.records) == 2

    @pytest.mark.parametrize("given", ["shop.signals", logging.getLogger("shop.signals")], ids=str)
    def test_another_logger(self, given):
        paper, logger = Paper(), logging.getLogger("shop.signals")
        logger.addHandler(paper)
        logger.setLevel(logging.DEBUG)
        try:
            with listening(LoggingSink(logger=given)), connected(log_lines.works):
                signal.send(sender=int)
        finally:
            logger.removeHandler(paper)
        assert [record.name for record in paper.records] == ["shop.signals"] * 2

    def test_a_handler_that_sends_signals_does_not_loop(self, paper):
        """What it sends while it writes our line gives no line in turn."""

        class Database(Paper):
            def emit(self, record):
                super().emit(record)
                inner.send(sender=None)

        database, logger = Database(), logging.getLogger("signalscope.signals")
        logger.addHandler(database)
        try:
            with (
                listening(LoggingSink()),
                connected(log_lines.works),
                connected(log_lines.works, to=inner),
            ):
                signal.send(sender=int)
        finally:
            logger.removeHandler(database)
        assert [record.signal for record in database.records] == [NAME, NAME]

    def test_what_a_handler_sends_for_the_programs_line_is_logged(self, paper):
        """It is a send like any other."""

        class Database(Paper):
            def emit(self, record):
                inner.send(sender=None)

        logger = logging.getLogger("shop")
        logger.addHandler(database := Database())
        try:
            with listening(LoggingSink()), connected(log_lines.works, to=inner):
                logger.error("sold out")
        finally:
            logger.removeHandler(database)
        assert [record.signal for record in paper.records] == [INNER, INNER]

    def test_a_handler_that_raises_does_not_reach_the_program(self, paper, caplog):
        class Jammed(logging.Handler):
            def handle(self, record):
                raise OSError("paper jam")

        logger = logging.getLogger("signalscope.signals")
        logger.addHandler(jammed := Jammed())
        try:
            with listening(LoggingSink()), connected(log_lines.works):
                for _ in range(20):
                    assert signal.send(sender=int) == [(log_lines.works, None)]
        finally:
            logger.removeHandler(jammed)
        assert "LoggingSink failed in receiver_finished" in caplog.text

    def test_beside_a_record_factory_that_uses_our_names(self, paper):
        """The line says what we know; `extra` would have raised."""
        plain = logging.getLogRecordFactory()

        def factory(*args, **kwargs):
            record = plain(*args, **kwargs)
            record.sender = record.trace_id = "the factory"
            return record

        logging.setLogRecordFactory(factory)
        try:
            with listening(LoggingSink()), connected(log_lines.works):
                signal.send(sender=int)
        finally:
            logging.setLogRecordFactory(plain)
        assert {(record.sender, record.trace_id) for record in paper.records} == {
            ("int", "the factory")
        }

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"slow_ms": -1}, "LoggingSink got slow_ms=-1. Give a number of milliseconds"),
            ({"slow_ms": "100"}, "got slow_ms='100'. Give a number"),
            ({"slow_ms": True}, "got slow_ms=True. Give a number"),
            ({"slow_ms": float("nan")}, "got slow_ms=nan. Give a number"),
            ({"sample": 1.5}, r"got sample=1.5. Give a share from 0 \(none\) to 1 \(all\)"),
            ({"sample": None}, "got sample=None. Give a share"),
            ({"findings": 1}, "got findings=1. Give True or False"),
            ({"logger": 3}, "got logger=3. Give a logging.Logger or the name of one"),
            ({"logger": Paper()}, "got logger=a value of type .*Paper"),
        ],
        ids=str,
    )
    def test_what_cannot_be_used_is_named(self, options, message):
        """With the remedy."""
        with pytest.raises(signalscope.ConfigurationError, match=message):
            LoggingSink(**options)

    def test_the_span_that_is_current_is_named(self, paper):
        """On the lines of dispatches and receiver calls, too."""
        sdk = pytest.importorskip("opentelemetry.sdk.trace")
        tracer = sdk.TracerProvider().get_tracer("test")
        with listening(LoggingSink()), connected(log_lines.works):
            with tracer.start_as_current_span("a request") as span:
                signal.send(sender=int)
            signal.send(sender=int)
        context = span.get_span_context()
        trace, span = f"{context.trace_id:032x}", f"{context.span_id:016x}"
        seen = [(getattr(r, "trace_id", 0), getattr(r, "span_id", 0)) for r in paper.records]
        assert seen == [(trace, span), (trace, span), (0, 0), (0, 0)]


class TestSignalContextFilter:
    @pytest.fixture
    def lines(self):
        """Have the program's lines filtered; yield them."""
        paper, logger = Paper(), logging.getLogger("shop")
        logger.addHandler(paper)
        logger.setLevel(logging.DEBUG)
        with tracked():
            paper.addFilter(SignalContextFilter())
            yield paper.records
        logger.removeHandler(paper)
        logger.setLevel(logging.NOTSET)

    def said(self, records):
        """Return the receiver that each line names, by the line."""
        return {
            each.getMessage(): getattr(each, "receiver", "None")
            .rpartition(".")[2]
            .replace("None", "")
            or None
            for each in records
        }

    def test_every_line_inside_and_none_outside(self, lines):
        """In threads and tasks, too; no sink and no recording is needed."""
        with listening():
            where = log_lines.play(logging.getLogger("shop").info)
        assert self.said(lines) == where
        assert len(where) >= 20

    def test_beside_a_sink_and_in_a_recording_as_well(self, lines):
        with listening(LoggingSink()), signalscope.record():
            where = log_lines.play(logging.getLogger("shop").info)
        assert self.said(lines) == where

    @pytest.mark.django_db(transaction=True)
    def test_a_callback_on_commit_is_the_receivers_that_asked_for_it(self, lines):
        """Though that has ended; but not what the callback leaves behind."""
        with listening():
            where = log_lines.play_on_commit(logging.getLogger("shop").info)
        assert self.said(lines) == where

    def test_what_is_said(self, lines):
        """The same names as on the sink's line, and the same number of the dispatch."""

        def logs(**_):
            logging.getLogger("shop").info("sold")

        sink_lines, logger = Paper(), logging.getLogger("signalscope.signals")
        logger.addHandler(sink_lines)
        logger.setLevel(logging.DEBUG)
        try:
            with listening(LoggingSink()), connected(logs):
                signal.send(sender=int)
        finally:
            logger.removeHandler(sink_lines)
            logger.setLevel(logging.NOTSET)
        (line,) = lines
        call = sink_lines.records[0]
        assert line.receiver == name_of(logs)
        assert [vars(line)[key] for key in CONTEXT_KEYS] == [vars(call)[k] for k in CONTEXT_KEYS]

    def test_outside_nothing_is_there(self, lines):
        """Unless it is said what shall be, for a format that names it."""
        logging.getLogger("shop").info("open")
        assert not set(CONTEXT_KEYS) & set(vars(lines[0]))
        with tracked():
            SignalContextFilter(absent="-").filter(lines[0])
        assert {vars(lines[0])[key] for key in CONTEXT_KEYS} == {"-"}

    def test_what_the_program_says_stays(self, lines):
        def logs(**_):
            logging.getLogger("shop").info("sold", extra={"sender": "the counter"})

        with listening(), connected(logs):
            signal.send(sender=int)
        assert (lines[0].sender, lines[0].receiver) == ("the counter", name_of(logs))

    def test_the_sinks_own_lines_are_left_alone(self, paper, lines):
        """A line on a dispatch is not in the receiver that sent it."""
        with tracked():
            paper.addFilter(SignalContextFilter())
            with (
                listening(LoggingSink()),
                connected(log_lines.sends_on),
                connected(log_lines.works, to=inner),
            ):
                signal.send(sender=int)
        dispatches = [r for r in paper.records if r.getMessage() == "signal.dispatch"]
        assert [record.receiver for record in dispatches] == [None, None]

    def test_the_span_that_is_current_is_named(self, lines):
        """Inside of receivers; in hex, as backends of traces show it."""
        sdk = pytest.importorskip("opentelemetry.sdk.trace")
        spans = []

        def logs(**_):
            logging.getLogger("shop").info("no span")
            with sdk.TracerProvider().get_tracer("test").start_as_current_span("a sale") as span:
                spans.append(span.get_span_context())
                logging.getLogger("shop").info("span")

        with listening(), connected(logs):
            signal.send(sender=int)
        without, line = lines
        assert not hasattr(without, "trace_id")
        assert (line.trace_id, line.span_id) == (
            f"{spans[0].trace_id:032x}",
            f"{spans[0].span_id:016x}",
        )

    def test_it_is_heard_of_only_where_signalscope_is_installed(self, lines):
        """A filter alone hooks nothing, and `uninstall` takes everything back."""
        assert not signalscope.is_installed()
        signalscope.install()
        assert patching.recorder.active
        signalscope.uninstall()
        assert not patching.recorder.active

    def test_a_fault_of_ours_leaves_the_line_as_it_is(self, lines, monkeypatch):
        from signalscope import surroundings

        def logs(**_):
            logging.getLogger("shop").info("sold")

        def faulty(_):
            raise RuntimeError("a fault")

        monkeypatch.setattr(surroundings, "running_call", faulty)
        with listening(), connected(logs):
            assert signal.send(sender=int) == [(logs, None)]
        assert lines[0].getMessage() == "sold"
        assert patching.recorder._reported
        patching.recorder._reported = False

    def test_in_dict_config_before_a_queue(self):
        """As the documentation has it: the filter in the thread that logs, the text elsewhere."""
        waiting = queue.SimpleQueue()
        with tracked():
            logging.config.dictConfig(
                {
                    "version": 1,
                    "disable_existing_loggers": False,
                    "filters": {
                        "signals": {
                            "()": f"{SignalContextFilter.__module__}.{SignalContextFilter.__name__}"
                        }
                    },
                    "handlers": {
                        "queue": {"()": QueueHandler, "queue": waiting, "filters": ["signals"]}
                    },
                    "loggers": {"shop": {"handlers": ["queue"], "level": "INFO"}},
                }
            )

            def logs(**_):
                logging.getLogger("shop").info("sold")

            with listening(), connected(logs):
                signal.send(sender=int)
        logging.getLogger("shop").handlers.clear()
        logging.getLogger("shop").setLevel(logging.NOTSET)
        record = waiting.get_nowait()
        line = json.dumps({key: vars(record)[key] for key in CONTEXT_KEYS})
        assert json.loads(line)["receiver"] == name_of(logs)
