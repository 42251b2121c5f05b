"""The tracer that spans are made with, which may be there later than we are."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import NoOpTracerProvider, ProxyTracerProvider, get_tracer_provider

from signalscope.integrations.opentelemetry.live import LiveSpan

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from signalscope.integrations.opentelemetry.budget import Trace
    from signalscope.integrations.opentelemetry.late import LateTracer
    from signalscope.records import Dispatch, ReceiverCall

__all__ = ["NAME", "Tracing", "version"]

NAME = "signalscope"
"""The instrumentation scope of spans and metrics."""


def version() -> str:
    """Return the release of this package, which is loaded, as we are a part of it."""
    return str(sys.modules["signalscope"].__version__)


class Tracing:
    """A tracer, and what makes late spans for it; looked for until a provider is set."""

    def __init__(self, provider: Any = None) -> None:
        self._provider = provider
        self.tracer: Tracer | Any = None
        """None as long as there is no provider: nobody wants spans."""
        self.late: LateTracer | None = None
        """None where spans have to be started at once."""

    def live(self, record: Dispatch | ReceiverCall, trace: Trace | None, **given: Any) -> LiveSpan:
        """Start a span at once."""
        return LiveSpan(self.tracer, record, trace, **given)

    def is_ready(self) -> bool:
        """Tell whether there is a tracer, after another look."""
        if self.tracer is None:
            provider = self._provider or get_tracer_provider()
            if isinstance(provider, (ProxyTracerProvider, NoOpTracerProvider)):
                return False
            tracer = provider.get_tracer(NAME, version())
            # The SDK is no dependency of ours, and of no use unless the provider is its own.
            if "opentelemetry.sdk.trace" in sys.modules:
                from signalscope.integrations.opentelemetry.late import LateTracer  # noqa: PLC0415

                self.late = LateTracer.of(tracer, provider)
            self.tracer = tracer
        return True
