"""What there is beside the program that is timed.

A variant is set up once in its process. Whatever it opens and closes for a round (a recording, a
transaction) is opened and closed around the time that is taken.
"""

from __future__ import annotations

from contextlib import contextmanager


class Plain:
    """Django alone; Signalscope is not even imported."""

    def wrapped(self, receiver):
        """Return what is connected in place of `receiver`."""
        return receiver

    def sending(self, send):
        """Return what is called in place of `send`."""
        return send

    @contextmanager
    def open(self):
        yield


class Idle(Plain):
    """Installed, and nobody records."""

    def __init__(self):
        import signalscope

        signalscope.install()


class Recording(Idle):
    """Installed, and everything is recorded."""

    @contextmanager
    def open(self):
        import signalscope

        with signalscope.record() as recording:
            yield
        if recording.dropped:
            message = f"{recording.dropped} dispatches were not kept, so their cost was not seen."
            raise RuntimeError(message)


class LoggingFiltered(Idle):
    """A sink of plain `logging`, whose logger is at warning, as the root logger is."""

    def __init__(self):
        super().__init__()
        import signalscope
        from signalscope.integrations.logging import LoggingSink

        signalscope.add_sink(LoggingSink())


class LoggingSilent(Idle):
    """The same without findings, which are warnings: nothing of it is ever written."""

    def __init__(self):
        super().__init__()
        import signalscope
        from signalscope.integrations.logging import LoggingSink

        signalscope.add_sink(LoggingSink(findings=False))


class StructlogFiltered(Idle):
    """A sink of structlog, whose logger leaves out what is below warning."""

    def __init__(self):
        super().__init__()
        import logging

        import structlog

        import signalscope
        from signalscope.integrations.structlog import StructlogSink

        structlog.configure(wrapper_class=self.wrapper(structlog, logging.WARNING))
        signalscope.add_sink(StructlogSink())

    def wrapper(self, structlog, level):
        """Return the class that filters."""
        return structlog.make_filtering_bound_logger(level)


class StructlogStdlib(StructlogFiltered):
    """The same, with structlog in front of plain `logging`."""

    def wrapper(self, structlog, level):
        structlog.configure(logger_factory=structlog.stdlib.LoggerFactory())
        return structlog.stdlib.BoundLogger


class Tracked(Idle):
    """No sink, and the filter that says on each line of the program's in which receiver it is."""

    def __init__(self):
        super().__init__()
        from signalscope.integrations.logging import SignalContextFilter

        SignalContextFilter()


class Sentry(Plain):
    """Sentry's spans of receivers, in a transaction that goes nowhere."""

    def __init__(self):
        import sentry_sdk
        from sentry_sdk.integrations.django import DjangoIntegration
        from sentry_sdk.transport import Transport

        class Dropped(Transport):
            def capture_envelope(self, envelope):
                """Send nothing."""

        sentry_sdk.init(
            dsn="http://nobody@localhost/1",
            transport=Dropped,
            traces_sample_rate=1.0,
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[DjangoIntegration(signals_spans=True)],
        )

    @contextmanager
    def open(self):
        import sentry_sdk

        # It keeps a thousand spans of a transaction; what it drops beyond those costs less. The
        # programs that it is put beside run 900 receivers in a round.
        with sentry_sdk.start_transaction(name="a round"):
            yield


class OpenTelemetry(Plain):
    """A live span around each receiver, as one would write it by hand."""

    def __init__(self):
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import (
            BatchSpanProcessor,
            SpanExporter,
            SpanExportResult,
        )

        class Dropped(SpanExporter):
            def export(self, spans):
                return SpanExportResult.SUCCESS

        self._provider = TracerProvider()
        self._provider.add_span_processor(BatchSpanProcessor(Dropped()))
        self._tracer = self._provider.get_tracer("benchmark")

    def wrapped(self, receiver):
        start = self._tracer.start_as_current_span
        name = receiver.__qualname__

        def traced(**named):
            with start(name):
                return receiver(**named)

        return traced

    @contextmanager
    def open(self):
        yield
        self._provider.force_flush()


ATTRIBUTES = {
    "django.signal.name": "django.db.models.signals.post_save",
    "django.signal.sender": "bookstore.Book",
    "django.signal.receiver.order": 1,
    "code.function.name": "bookstore.signals.update_book_rating_stats",
    "code.file.path": "bookstore/signals.py",
    "code.line.number": 77,
}
"""As many as our spans have, known beforehand."""


class LiveSpans(OpenTelemetry):
    """The same around each send, too, in a request's trace; with attributes."""

    def wrapped(self, receiver):
        return self._around(receiver)

    def sending(self, send):
        return self._around(send)

    def _around(self, function):
        start = self._tracer.start_as_current_span
        name = function.__qualname__

        def traced(**named):
            with start(name, attributes=ATTRIBUTES):
                return function(**named)

        return traced

    @contextmanager
    def open(self):
        with self._tracer.start_as_current_span("request"):
            yield
        self._provider.force_flush()


class Traced(LiveSpans):
    """Our spans of dispatches and receiver calls, in a request's trace."""

    def __init__(self):
        from signalscope.integrations.opentelemetry import SignalscopeInstrumentor

        super().__init__()
        SignalscopeInstrumentor().instrument(tracer_provider=self._provider, max_spans=None)

    def _around(self, function):
        return function


class Unsampled(Traced):
    """The same, where the request is not sampled."""

    @contextmanager
    def open(self):
        from opentelemetry import context, trace

        identity = trace.SpanContext(1, 2, is_remote=False)
        around = trace.set_span_in_context(trace.NonRecordingSpan(identity))
        token = context.attach(around)
        try:
            yield
        finally:
            context.detach(token)


VARIANTS = {
    "plain": Plain,
    # Once more, in a process of its own: what a ratio shows where there is nothing to show.
    "control": Plain,
    "idle": Idle,
    "recording": Recording,
    "logging_filtered": LoggingFiltered,
    "logging_silent": LoggingSilent,
    "structlog_filtered": StructlogFiltered,
    "structlog_stdlib": StructlogStdlib,
    "tracked": Tracked,
    "sentry": Sentry,
    "opentelemetry": OpenTelemetry,
    "live_spans": LiveSpans,
    "traced": Traced,
    "unsampled": Unsampled,
}
