"""What the log and the spans say of a scenario while it is played."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOWN = {
    "method": "django.signal.method",
    "order": "django.signal.receiver.order",
    "line": "code.line.number",
    "error": "error.type",
}
"""What the name of a span does not tell: what it is called here, and the attribute."""


class _Lines(logging.Handler):
    """Keeps lines as a person reads them."""

    def __init__(self) -> None:
        super().__init__()
        self.plain = set(vars(logging.makeLogRecord({}))) | {"message"}
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        keys = {name: value for name, value in vars(record).items() if name not in self.plain}
        # What is None or False is in the record as well, and tells a person nothing.
        told = "".join(f" {name}={_short(value)}" for name, value in keys.items() if _tells(value))
        self.lines.append(f"{record.levelname.lower():8}{record.getMessage()}{told}")


def _tells(value: Any) -> bool:
    return value is not None and value is not False


def _short(value: Any) -> str:
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    return f'"{text}"' if " " in text else text


@contextmanager
def logged() -> Iterator[list[str]]:
    """Collect what is logged: each dispatch, each receiver call, and what receivers say."""
    sink = import_string(settings.TRACE_LOG)()
    handler = _Lines()
    logger = logging.getLogger()
    signals = logging.getLogger(settings.TRACE_LOGGER)
    before = signals.level
    logger.addHandler(handler)
    signals.setLevel(logging.DEBUG)
    import_string(settings.TRACE_ADD_SINK)(sink)
    try:
        yield handler.lines
    finally:
        import_string(settings.TRACE_REMOVE_SINK)(sink)
        signals.setLevel(before)
        logger.removeHandler(handler)


@contextmanager
def traced() -> Iterator[list[str]]:
    """Collect the spans, as an indented list when it is over; none without OpenTelemetry's SDK."""
    told: list[str] = []
    try:
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import (  # noqa: PLC0415
            InMemorySpanExporter,
        )

        instrumentor = import_string(settings.TRACE_EXPORTER)()
    except ImportError:
        yield told
        return
    provider, exporter = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor.instrument(tracer_provider=provider)
    try:
        yield told
    finally:
        instrumentor.uninstrument()
        told.extend(_outline(exporter.get_finished_spans()))


def _outline(spans: Any) -> list[str]:
    ids = {span.context.span_id for span in spans}
    below: dict[int | None, list[Any]] = {}
    for span in sorted(spans, key=lambda span: span.start_time):
        parent = span.parent.span_id if span.parent and span.parent.span_id in ids else None
        below.setdefault(parent, []).append(span)
    waiting = [(span, 0) for span in reversed(below.get(None, []))]
    lines = []
    while waiting:
        span, depth = waiting.pop()
        lines.append("  " * depth + _line(span))
        lines += ["  " * (depth + 1) + f"· {event.name} {_event(event)}" for event in span.events]
        waiting += [(each, depth + 1) for each in reversed(below.get(span.context.span_id, []))]
    return lines


def _line(span: Any) -> str:
    told = [
        f"{word}={span.attributes[name]}" for word, name in SHOWN.items() if name in span.attributes
    ]
    return " ".join((span.name, *told))


def _event(event: Any) -> str:
    for name in ("django.signal.finding.id", "exception.type", "django.signal.cycle"):
        value = event.attributes.get(name)
        if value:
            return str(value) if isinstance(value, str) else " → ".join(value)
    return ""
