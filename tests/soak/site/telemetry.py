"""OpenTelemetry as a program sets it up by hand: its SDK, a batch processor, OTLP over HTTP."""

from __future__ import annotations

from django.conf import settings
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def start():
    """Export the spans of this process to where the OTEL variables say."""
    provider = TracerProvider(resource=Resource.create())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    if settings.WITH_US:
        from signalscope.integrations.opentelemetry import SignalscopeInstrumentor
        from tests.soak.site import sabotage

        SignalscopeInstrumentor().instrument()
        sabotage.begin()
