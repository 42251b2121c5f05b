"""Sends traces to an OTLP/HTTP endpoint. Imported only when that was asked for."""

from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

SERVICE_NAME = "demo-bookstore"


def traces_endpoint(url: str) -> str:
    """Return where spans are posted: the standard path, unless the URL names one itself."""
    if urlsplit(url).path in {"", "/"}:
        return url.rstrip("/") + "/v1/traces"
    return url


def start(url: str, instrumentor: type) -> TracerProvider:
    """Turn `instrumentor` on and export what it sees, until the caller shuts the provider down."""
    provider = TracerProvider(resource=Resource.create({"service.name": SERVICE_NAME}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(traces_endpoint(url))))
    instrumentor().instrument(tracer_provider=provider)
    return provider
