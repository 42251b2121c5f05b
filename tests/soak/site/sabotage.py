"""Faults that Signalscope has not, put in on purpose: each must make the soak fail.

SOAK_SABOTAGE names one. They are what shows that the checks can fail, and nothing else runs them.
"""

from __future__ import annotations

import itertools
import os
import time
from collections import deque
from inspect import iscoroutinefunction

from django.http import HttpResponse
from django.utils.decorators import sync_and_async_middleware
from opentelemetry import context as context_api
from opentelemetry import trace

CHOSEN = os.environ.get("SOAK_SABOTAGE", "")

_number = itertools.count(1)
_kept = []
_earlier = deque(maxlen=50)


def _each(nth):
    return next(_number) % nth == 0


class Leak:
    """Keeps some memory for each root."""

    def dispatch_started(self, dispatch):
        if dispatch.depth == 0:
            _kept.append(b"%d" % next(_number) * 16384)  # written to, so that it is resident

    def dispatch_finished(self, dispatch):
        pass

    receiver_started = receiver_finished = dispatch_finished


class Hoard(Leak):
    """Keeps some records themselves."""

    def dispatch_started(self, dispatch):
        if _each(20):
            _kept.append(dispatch)


class Slow(Leak):
    """Holds the program up at each root."""

    def dispatch_started(self, dispatch):
        if dispatch.depth == 0:
            time.sleep(0.06)


class Raises(Leak):
    """Fails, which the library says in the log."""

    def dispatch_started(self, dispatch):
        raise ValueError("sabotage")


SINKS = {"leak": Leak, "hoard": Hoard, "slow": Slow, "line": Raises}
NAMES = (*SINKS, "blocking", "reparent", "status", "swap", "unended")


def begin():
    """Put the fault in."""
    if CHOSEN in SINKS:
        import signalscope

        signalscope.add_sink(SINKS[CHOSEN]())
    elif CHOSEN == "blocking":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor

        # Sends each span before the program goes on.
        trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
    elif CHOSEN in {"unended", "reparent"}:
        from signalscope.integrations.opentelemetry.late import LateTracer

        finish = LateTracer.finish

        def unended(self, span):
            if not _each(400):
                finish(self, span)

        def reparent(self, span):
            # Hangs it under the request, wherever it was: complete, but of another shape.
            if _each(400) and span.around is not None:
                while hasattr(span.around, "around"):
                    span.around = span.around.around
            finish(self, span)

        LateTracer.finish = {"unended": unended, "reparent": reparent}[CHOSEN]


@sync_and_async_middleware
def middleware(get_response):
    """Spoil some requests."""

    def spoilt():
        if CHOSEN not in {"status", "swap"} or not trace.get_current_span().is_recording():
            return None
        _earlier.append(context_api.get_current())
        if _each(40):
            if CHOSEN == "status":
                return HttpResponse("sabotage", status=503)
            context_api.attach(_earlier[0])  # that of another request
        return None

    if iscoroutinefunction(get_response):

        async def inner(request):
            return spoilt() or await get_response(request)

    else:

        def inner(request):
            return spoilt() or get_response(request)

    return inner
