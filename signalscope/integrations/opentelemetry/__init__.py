"""Spans and metrics for OpenTelemetry: every dispatch and receiver call in its place in the trace.

``SignalscopeInstrumentor().instrument()`` turns it on, as does ``opentelemetry-instrument``.

The way through this package: `instrumentor` checks what it is given and installs; `sink` hears of
dispatches and receiver calls and decides which of them get a span, `placing` under which parent,
and `currents` knows the span that is current; `late` makes spans whose content is worked out when
they are exported; `live` starts them at once, where somebody has to see them begin; `budget` counts
what is over a trace's limit; `findings` chooses the span that tells what a rule found; `attributes`
says what a span tells, and `metrics` measures.
"""

try:
    # Asked for here, so that their absence has a remedy.
    import opentelemetry.instrumentation as _instrumentation  # noqa: F401
    import opentelemetry.trace as _trace  # noqa: F401
except ModuleNotFoundError as _error:
    if not (_error.name or "").startswith("opentelemetry"):
        raise
    raise ModuleNotFoundError(
        "SignalscopeInstrumentor needs opentelemetry-api and opentelemetry-instrumentation; "
        'install them with: python -m pip install "django-signalscope[otel]"',
        name=_error.name,
    ) from _error

from signalscope.integrations.opentelemetry.instrumentor import SignalscopeInstrumentor

__all__ = ["SignalscopeInstrumentor"]
