"""Providers that export to a receiver, within the process of the tests."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (
    OTLPSpanExporter as GrpcSpanExporter,
)
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import (
    OTLPSpanExporter as HttpSpanExporter,
)
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from signalscope.integrations.opentelemetry import SignalscopeInstrumentor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

RESOURCE = Resource.create({"service.name": "bookstore"})
DELAY_MS = 20
"""How long a batch is waited for: the tests wait for what comes, so that soon is best."""


def span_exporter(url: str, protocol: str, timeout: float = 5) -> Any:
    """Return OpenTelemetry's exporter; over HTTP it compresses if the protocol says so."""
    if protocol == "grpc":
        return GrpcSpanExporter(url, insecure=True, timeout=timeout)
    compression = Compression.Gzip if protocol == "http+gzip" else Compression.NoCompression
    return HttpSpanExporter(f"{url}/v1/traces", compression=compression, timeout=timeout)


@contextlib.contextmanager
def traced(exporter: Any, **options: Any) -> Iterator[TracerProvider]:
    """Trace signals with `exporter`, in a thread of OpenTelemetry's as in production."""
    provider = TracerProvider(resource=RESOURCE, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=DELAY_MS))
    instrumentor = SignalscopeInstrumentor()
    instrumentor.instrument(tracer_provider=provider, **options)
    try:
        yield provider
    finally:
        instrumentor.uninstrument()
        provider.shutdown()


@contextlib.contextmanager
def measured(url: str) -> Iterator[MeterProvider]:
    """Export metrics to `url`, once, at the end."""
    exporter = OTLPMetricExporter(f"{url}/v1/metrics", timeout=5)
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=float("inf"))
    provider = MeterProvider([reader], resource=RESOURCE, shutdown_on_exit=False)
    try:
        yield provider
        assert provider.force_flush()
    finally:
        provider.shutdown()
