"""A provider, an instrumentor and signals to send; in either way that spans are made."""

from __future__ import annotations

import pytest
from django.dispatch import Signal
from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import INVALID_SPAN

import signalscope
from signalscope.integrations.opentelemetry import SignalscopeInstrumentor

HERE = __name__
outer, inner, other = Signal(), Signal(), Signal()


class Observer(SpanProcessor):
    """See spans begin, so that they have to be started at once."""

    def __init__(self):
        self.started = []

    def on_start(self, span, parent_context=None):
        self.started.append(span.name)


class Traced:
    """A provider, an instrumentor, and what was exported."""

    def __init__(self, way, **options):
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider(sampler=options.pop("sampler", None))
        self.observer = Observer()
        if way == "live":
            self.provider.add_span_processor(self.observer)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = self.provider.get_tracer("the program")
        self.instrumentor = SignalscopeInstrumentor()
        self.instrumentor.instrument(tracer_provider=self.provider, **options)

    @property
    def spans(self):
        return self.exporter.get_finished_spans()

    def named(self, name):
        (found,) = (span for span in self.spans if span.name.endswith(name))
        return found

    def parents(self):
        """Return ``{name: its parent's name}``, each without its module."""
        names = {span.context.span_id: short(span.name) for span in self.spans}
        assert len(set(names.values())) == len(names), "a name is not unique"
        return {
            short(span.name): None if span.parent is None else names[span.parent.span_id]
            for span in self.spans
        }


def short(name):
    return name.removeprefix(f"{HERE}.").rpartition("<locals>.")[2]


def first(sender, **kwargs):
    """Send in turn."""
    inner.send(sender=None)


def second(sender, **kwargs):
    """Do nothing."""


@pytest.fixture(params=["late", "live"])
def traced(request):
    """Return what switches the instrumentor on, in either way that it makes spans."""
    made = []

    def switch_on(**options):
        made.append(Traced(request.param, **options))
        return made[-1]

    switch_on.way = request.param
    yield switch_on
    for each in made:
        if each.instrumentor.is_instrumented_by_opentelemetry:
            each.instrumentor.uninstrument()
    assert trace.get_current_span() is INVALID_SPAN
    assert not signalscope.is_installed()


@pytest.fixture
def connect():
    """Connect receivers for one test."""
    connected = []

    def connect(signal, receiver, **options):
        signal.connect(receiver, **options)
        connected.append((signal, receiver, options.get("sender")))
        return receiver

    yield connect
    for signal, receiver, sender in connected:
        signal.disconnect(receiver, sender=sender)
