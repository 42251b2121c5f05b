"""Metrics of dispatches and receiver calls, with attributes of low cardinality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.metrics import NoOpMeterProvider, get_meter_provider
from opentelemetry.trace import INVALID_SPAN, set_span_in_context

from signalscope.integrations.opentelemetry.attributes import (
    CODE_FUNCTION_NAME,
    ERROR_TYPE,
    METHOD,
    SENDER,
    SIGNAL,
)
from signalscope.integrations.opentelemetry.tracing import NAME, version

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter

    from signalscope.records import Dispatch, ReceiverCall

__all__ = ["Metrics"]

_MOST_KNOWN = 2000
"""How many sets of attributes are kept to be used again."""

BUCKETS: list[float] = [
    0.0001,
    0.00025,
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1,
    5,
]
"""In seconds: a receiver takes anything from microseconds to as long as a request may."""


class Metrics:
    """The instruments, and what is recorded with them."""

    def __init__(self, provider: Any = None, *, exemplars: bool = True) -> None:
        self._provider = provider
        # Exemplars ask the current span for its identity, and what has one is exported: so they
        # have to do without where short spans are to be left out.
        self._context = None if exemplars else set_span_in_context(INVALID_SPAN)
        self.is_on: bool = False
        """Whether there is a provider: nobody wants metrics otherwise."""

    def look(self) -> None:
        """Look for a provider, which may be set later than we are."""
        provider = self._provider or get_meter_provider()
        # What stands in for one until it is set is not public.
        if not isinstance(provider, NoOpMeterProvider) and "Proxy" not in type(provider).__name__:
            self._make(provider.get_meter(NAME, version()))
            self.is_on = True

    def _make(self, meter: Meter) -> None:
        self._duration = meter.create_histogram(
            "django.signal.receiver.duration",
            unit="s",
            description="Duration of receiver calls, what they sent in turn included.",
            explicit_bucket_boundaries_advisory=BUCKETS,
        )
        self._dispatches = meter.create_counter(
            "django.signal.dispatches",
            unit="{dispatch}",
            description="Sends that called receivers.",
        )
        self._errors = meter.create_counter(
            "django.signal.receiver.errors",
            unit="{error}",
            description="Receiver calls that raised, whether the send kept the error or not.",
        )
        self._recursions = meter.create_counter(
            "django.signal.recursions",
            unit="{dispatch}",
            description="Dispatches inside of one of the same signal, sender and instance.",
        )
        # By facts, which live as long as what they describe, and as the records of it.
        self._known: dict[Any, dict[str, Any]] = {}

    def dispatched(self, dispatch: Dispatch) -> None:
        """Count a dispatch that ended."""
        key = dispatch.signal_facts, dispatch.sender_facts, dispatch.method
        attributes = self._known.get(key)
        if attributes is None:
            attributes = self._note(key, _of(dispatch) | {METHOD: dispatch.method})
        self._dispatches.add(1, attributes, self._context)
        if dispatch.parent is not None and dispatch.recursive:
            self._recursions.add(1, attributes, self._context)

    def called(self, call: ReceiverCall) -> None:
        """Measure a receiver call that ended."""
        dispatch = call.dispatch
        key = dispatch.signal_facts, dispatch.sender_facts, call.receiver_facts
        attributes = self._known.get(key)
        if attributes is None:
            attributes = self._note(key, _of(dispatch) | {CODE_FUNCTION_NAME: call.receiver_name})
        duration = call.duration_ns
        if duration is not None:
            self._duration.record(duration / 1e9, attributes, self._context)
        if call.error is not None:
            self._errors.add(1, attributes | {ERROR_TYPE: call.error.type}, self._context)

    def _note(self, key: Any, attributes: dict[str, Any]) -> dict[str, Any]:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[key] = attributes
        return attributes


def _of(dispatch: Dispatch) -> dict[str, Any]:
    sender = dispatch.sender_name
    return {SIGNAL: dispatch.signal_name} | ({} if sender is None else {SENDER: sender})
