"""A receiver of OTLP over HTTP and over gRPC that keeps all it gets, and misbehaves on demand.

It listens on the loopback address only. What is answered with success has been kept before.
"""

from __future__ import annotations

import gzip
import socket
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

import grpc
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from tests.backends.spans import Forest, points_of, spans_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.backends.spans import Point, Span

HOST = "127.0.0.1"
WAIT = 30.0
"""Seconds until a test that waits gives up; far more than anything here takes."""

OK, FAIL, HANG = "ok", "fail", "hang"


class Collected:
    """What has arrived so far, and a way to wait for more."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.points: list[Point] = []
        self.headers: list[dict[str, str]] = []
        self.requests = 0
        """How many exports have come, whether they were answered well or not."""
        self._changed = threading.Condition()

    def count_request(self, headers: dict[str, str]) -> None:
        """Note that an export has come, before it is looked at."""
        with self._changed:
            self.requests += 1
            self.headers.append(headers)
            self._changed.notify_all()

    def add(self, message: Any) -> None:
        """Keep an export."""
        traces = isinstance(message, trace_service_pb2.ExportTraceServiceRequest)
        kept = spans_of(message) if traces else points_of(message)
        with self._changed:
            (self.spans if traces else self.points).extend(kept)
            self._changed.notify_all()

    def take(self) -> list[Span]:
        """Return the spans of now, and forget them, so that they do not pile up."""
        with self._changed:
            taken, self.spans = self.spans, []
            return taken

    def wait_for(self, condition: Callable[[Collected], Any], timeout: float = WAIT) -> Any:
        """Return the first true value of `condition`, which is asked whenever something came.

        After `timeout` seconds an AssertionError tells what has come instead.
        """
        with self._changed:
            found = self._changed.wait_for(lambda: condition(self), timeout)
            if not found:
                names = "\n  ".join(f"{span.name}  [{span.scope}]" for span in self.spans)
                raise AssertionError(
                    f"Waited {timeout} s in vain. {self.requests} exports came, with "
                    f"{len(self.points)} data points and {len(self.spans)} spans:\n  {names}"
                )
            return found

    def wait_for_span(self, name: str) -> Span:
        """Return the first span of that name as soon as it is there."""
        return self.wait_for(lambda come: next((s for s in come.spans if s.name == name), None))

    def forest(self) -> Forest:
        """Return the spans of now as trees."""
        with self._changed:
            return Forest(self.spans)


class Receiver:
    """What both protocols share: what has come, and how the next export is answered."""

    url: str

    def __init__(self) -> None:
        self.collected = Collected()
        self.answer = OK
        self.release = threading.Event()
        """Lets go of the exports that hang."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self.close()

    def close(self) -> None:
        """Stop listening."""
        raise NotImplementedError

    def hold(self) -> None:
        """Hold a request as long as this receiver hangs."""
        if self.answer == HANG:
            self.release.wait(WAIT)
            self.release.set()  # who waits for it would wait for each export anew


class HttpReceiver(Receiver):
    """OTLP over HTTP with protobuf bodies, at `url`/v1/traces and `url`/v1/metrics."""

    def __init__(self) -> None:
        super().__init__()
        self._port = 0
        self.open()
        self.url = f"http://{HOST}:{self._port}"

    def open(self) -> None:
        """Listen; after `close()`, at the same port again."""
        self._server = _Server((HOST, self._port), _Handler)
        self._server.receiver = self
        self._port = self._server.server_port
        # Asked often whether to stop, so that closing takes no half second.
        serve = lambda: self._server.serve_forever(poll_interval=0.02)  # noqa: E731
        self._thread = threading.Thread(target=serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop, and wait for the requests that are being answered."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(WAIT)


class _Server(ThreadingHTTPServer):
    receiver: HttpReceiver
    daemon_threads = False  # then closing waits for them
    block_on_close = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """An exporter that lost its patience has closed the connection; that is its right."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = WAIT

    def do_POST(self) -> None:
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers["Content-Length"]))
        receiver.collected.count_request({k.lower(): v for k, v in self.headers.items()})
        receiver.hold()
        if receiver.answer == FAIL:
            self._reply(500, b"")
            return
        messages = {
            "/v1/traces": trace_service_pb2.ExportTraceServiceRequest,
            "/v1/metrics": metrics_service_pb2.ExportMetricsServiceRequest,
        }
        kind = messages.get(self.path)
        if kind is None:
            self._reply(404, b"")
            return
        if self.headers.get_content_type() != "application/x-protobuf":
            self._reply(415, b"")
            return
        try:
            message = kind.FromString(_decoded(body, self.headers.get("Content-Encoding")))
        except (OSError, ValueError, zlib.error, DecodeError):
            self._reply(400, b"")
            return
        receiver.collected.add(message)
        # The empty message is the response that says that all was taken.
        self._reply(200, b"")

    def _reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the library
        """Say nothing: what counts is what was kept."""


def _decoded(body: bytes, encoding: str | None) -> bytes:
    if encoding in {None, "identity"}:
        return body
    if encoding == "gzip":
        return gzip.decompress(body)
    if encoding == "deflate":
        return zlib.decompress(body)
    raise ValueError(f"unknown content encoding {encoding!r}")


class GrpcReceiver(Receiver):
    """OTLP over gRPC; `url` has the scheme by which exporters know that it is not encrypted."""

    def __init__(self) -> None:
        super().__init__()
        self._server = grpc.server(ThreadPoolExecutor(4))
        traces = trace_service_pb2.ExportTraceServiceResponse
        metrics = metrics_service_pb2.ExportMetricsServiceResponse
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(
            _Service(self, traces), self._server
        )
        metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(
            _Service(self, metrics), self._server
        )
        self.url = f"http://{HOST}:{self._server.add_insecure_port(f'{HOST}:0')}"
        self._server.start()

    def close(self) -> None:
        """Stop, without waiting for exports that nobody finishes."""
        self._server.stop(grace=None).wait(WAIT)


class _Service:
    def __init__(self, receiver: GrpcReceiver, response: type) -> None:
        self._receiver = receiver
        self._response = response

    def Export(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802 - gRPC's
        receiver = self._receiver
        receiver.collected.count_request(
            {**dict(context.invocation_metadata()), "peer": context.peer()}
        )
        receiver.hold()
        if receiver.answer == FAIL:
            context.abort(grpc.StatusCode.INTERNAL, "told to fail")
        receiver.collected.add(request)
        return self._response()


def refusing_url() -> str:
    """Return the URL of a port at which nobody listens."""
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
    return f"http://{HOST}:{port}"
