"""Switches the spans and metrics on and off."""

from __future__ import annotations

import difflib
import logging
import os
from typing import TYPE_CHECKING, Any

from opentelemetry.instrumentation.instrumentor import (  # type: ignore[attr-defined]
    BaseInstrumentor,
)

from signalscope import patching
from signalscope.conf import DEFAULT_DENY
from signalscope.errors import ConfigurationError, SignalscopeError
from signalscope.integrations.opentelemetry.metrics import Metrics
from signalscope.integrations.opentelemetry.sink import TracingSink
from signalscope.integrations.opentelemetry.tracing import Tracing
from signalscope.matching import SignalFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

__all__ = ["SignalscopeInstrumentor"]

logger: logging.Logger = logging.getLogger("signalscope")

PREFIX = "OTEL_PYTHON_SIGNALSCOPE_"
DEFAULT_MAX_SPANS = 1000
# Django sends the last two outside of all middleware: each would be a trace of its own.
DENIED = (
    *DEFAULT_DENY,
    "django.core.signals.request_started",
    "django.core.signals.request_finished",
)


class SignalscopeInstrumentor(BaseInstrumentor):  # type: ignore[misc]
    """Traces Django's signals: a span for each dispatch, and below it one for each receiver call.

    There is one instrumentor in a process, whatever is called. ``instrument()`` takes:

    - ``tracer_provider`` and ``meter_provider``: where spans and metrics go; by default the global
      ones, also where these are set later.
    - ``allow`` and ``deny``: lists of signals, as objects or as dotted names in which ``*`` matches
      anything; by default all but ``pre_init``, ``post_init``, ``request_started`` and
      ``request_finished``. What the setting ``SIGNALSCOPE`` leaves out stays out.
    - ``min_duration_ms``: leave out what is shorter, unless it raised or something hangs under it.
    - ``max_spans``: how many spans a trace may have from here; what is over that is summed up on
      the span around it. By default 1000; None for no limit.
    - ``findings``: tell what the rules find, in events of the spans; by default True.
    - ``dispatch_hook(span, dispatch)`` and ``receiver_hook(span, call)``: called right before a
      span ends, with the record of what it stands for.

    The environment variables ``OTEL_PYTHON_SIGNALSCOPE_ALLOW``, ``_DENY`` (names with commas),
    ``_MIN_DURATION_MS``, ``_MAX_SPANS`` (a number, or ``none``) and ``_FINDINGS`` (``true`` or
    ``false``) stand in for what is not given.

    Wrong options raise `ConfigurationError`; a wrong variable is left out with a line in the log,
    as the program may not know of it.
    """

    _sink: TracingSink | None = None

    def instrumentation_dependencies(self) -> Collection[str]:
        """Return what has to be installed for this to make sense."""
        return ("Django >= 5.2",)

    def _instrument(self, **options: Any) -> None:
        _check(options)
        chosen = {**_from_environment(), **options}
        tracing = Tracing(chosen.get("tracer_provider"))
        tracing.is_ready()  # if it can be: what it imports shall not be a part of the first trace
        sink = TracingSink(
            tracing,
            Metrics(chosen.get("meter_provider"), exemplars=not chosen.get("min_duration_ms")),
            wants=SignalFilter(
                allow=chosen.get("allow") or (),
                deny=DENIED if chosen.get("deny") is None else chosen["deny"],
            ),
            min_duration_ns=round((chosen.get("min_duration_ms") or 0) * 1e6),
            max_spans=chosen.get("max_spans", DEFAULT_MAX_SPANS),
            dispatch_hook=chosen.get("dispatch_hook"),
            receiver_hook=chosen.get("receiver_hook"),
            findings=chosen.get("findings", True),
        )
        try:
            patching.hold()
        except SignalscopeError as error:
            logger.warning("Signalscope sends no traces: %s", error)
            return
        try:
            patching.add_sink(sink)
        except SignalscopeError as error:
            patching.release()
            logger.warning("Signalscope sends no traces: %s", error)
            return
        self._sink = sink

    def _uninstrument(self, **_options: Any) -> None:
        sink, self._sink = self._sink, None
        if sink is None:
            return

        def leave() -> None:
            patching.remove_sink(sink)
            patching.release()

        sink.stop(leave)


# --- Options --------------------------------------------------------------------------------------


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def _is_limit(value: object) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0)


def _are_signals(value: object) -> bool:
    return value is None or (
        isinstance(value, (list, tuple, set, frozenset))
        and all(isinstance(each, str) or hasattr(each, "send") for each in value)
    )


def _is_hook(value: object) -> bool:
    return value is None or callable(value)


def _is_provider(of: str) -> Callable[[object], bool]:
    return lambda value: value is None or hasattr(value, of)


_OPTIONS: dict[str, tuple[Callable[[object], bool], str]] = {
    "tracer_provider": (_is_provider("get_tracer"), "a TracerProvider"),
    "meter_provider": (_is_provider("get_meter"), "a MeterProvider"),
    "allow": (_are_signals, "a list of signals or of their dotted names"),
    "deny": (_are_signals, "a list of signals or of their dotted names"),
    "min_duration_ms": (lambda value: value is None or _is_number(value), "a number, 0 or more"),
    "max_spans": (_is_limit, "None or a whole number above 0"),
    "findings": (lambda value: isinstance(value, bool), "True or False"),
    "dispatch_hook": (_is_hook, "a function of a span and a dispatch"),
    "receiver_hook": (_is_hook, "a function of a span and a receiver call"),
}


def _check(options: dict[str, Any]) -> None:
    for name, value in options.items():
        if name not in _OPTIONS:
            near = difflib.get_close_matches(name, _OPTIONS, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(_OPTIONS)}."
            raise ConfigurationError(f"instrument() takes no {name!r}. {hint}")
        fits, wanted = _OPTIONS[name]
        if not fits(value):
            raise ConfigurationError(f"instrument() got {name}={_shown(value)}. Make it {wanted}.")


def _shown(value: object) -> str:
    plain = isinstance(value, (str, int, float, bool))
    return repr(value) if plain else f"a value of type {type(value).__name__}"


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


_VARIABLES: dict[str, Callable[[str], Any]] = {
    "allow": _names,
    "deny": _names,
    "min_duration_ms": float,
    "max_spans": lambda text: None if text.strip().lower() == "none" else int(text),
    "findings": lambda text: {"true": True, "false": False}.get(text.strip().lower(), text),
}


def _from_environment() -> dict[str, Any]:
    found = {}
    for name, read in _VARIABLES.items():
        variable = PREFIX + name.upper()
        text = os.environ.get(variable, "")
        if not text.strip():
            continue
        fits, wanted = _OPTIONS[name]
        try:
            value = read(text)
        except ValueError:
            value = text
        if value != text and fits(value):
            found[name] = value
        else:
            logger.warning("%s is %r, which is left out. Make it %s.", variable, text, wanted)
    return found
