"""The current span of a context, at the price of a look into a dict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry import context as context_api
from opentelemetry.context import Context
from opentelemetry.trace import get_current_span, set_span_in_context

from signalscope.integrations.opentelemetry.live import LiveSpan

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Token

    from opentelemetry.trace import Span

__all__ = ["SPAN_KEY", "attach", "detach", "get_current", "restore"]

SPAN_KEY: str = next(iter(set_span_in_context(get_current_span(), Context())))
"""The key of the current span in a context, which the API does not publish."""

# The functions of the module `opentelemetry.context` do no more than to call these.
_runtime = getattr(context_api, "_RUNTIME_CONTEXT", context_api)
attach: Callable[[Context], Token[Context]] = _runtime.attach
detach: Callable[[Token[Context]], None] = _runtime.detach
get_current: Callable[[], Context] = _runtime.get_current


def restore(span: Any) -> None:
    """Undo what was attached for a synchronous call that left something else behind."""
    now = get_current()
    if now.get(SPAN_KEY) is (span.span if type(span) is LiveSpan else span):
        # All but the span stays, as it would without us.
        before: Span = get_current_span(span.outer)
        attach(set_span_in_context(before, now))
