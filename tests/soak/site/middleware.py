"""A span around each request, under that of its client; and who visits."""

from __future__ import annotations

import contextlib
from functools import partial
from inspect import iscoroutinefunction

from django.utils.decorators import sync_and_async_middleware
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import SimpleLazyObject
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from demo_bookstore.bookstore.middleware import _reader
from tests.soak.site import census
from tests.soak.site.lines import request_id

propagator = TraceContextTextMapPropagator()
tracer = trace.get_tracer("soak")


@contextlib.contextmanager
def _known(request):
    sent = request.headers.get("traceparent", "")
    if not sent:
        yield  # the soak itself asks, between two rounds of load
        return
    token = request_id.set(sent.split("-")[1])
    around = propagator.extract({"traceparent": sent})
    kind = trace.SpanKind.SERVER
    try:
        with census.in_flight(), tracer.start_as_current_span("request", around, kind=kind):
            yield
    finally:
        request_id.reset(token)


@sync_and_async_middleware
def known_request(get_response):
    """Take the request's id from its header, into two channels that know nothing of each other."""
    if iscoroutinefunction(get_response):

        async def middleware(request):
            with _known(request):
                return await get_response(request)

    else:

        def middleware(request):
            with _known(request):
                return get_response(request)

    return middleware


class Reader(MiddlewareMixin):
    """The shop's `reader_at_the_counter`, also for the event loop."""

    def process_request(self, request):
        request.user = SimpleLazyObject(partial(_reader, request, request.user))
