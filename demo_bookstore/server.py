"""The server: Django's own for development, which visitors who stall or never end cannot hold up.

Each connection has a thread, and browsers keep connections open. So a silent one is closed after a
while, one that is silent in a cleverer way gives way to those that come after it, and a body has to
say how long it is, and be no longer than the shop has use for.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

if TYPE_CHECKING:
    from typing import Any

MAX_CONNECTIONS = 100
"""More than a few people's browsers open, and fewer than a process has file descriptors."""

MAX_BODY = 10 * 1024 * 1024
"""In bytes: room for a cover, which is the largest thing that the back office takes."""

SILENCE = 20
"""Seconds without a byte, in one direction or the other, after which a connection is closed."""


class ShopServer(ThreadedWSGIServer):
    """One thread a connection; where there are too many, the oldest connection is closed."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._connections: dict[socket.socket, None] = {}
        self._lock = threading.Lock()
        super().__init__(*arguments, **options)

    def process_request(self, request: socket.socket, client_address: Any) -> None:
        """Make room for a connection, and serve it."""
        with self._lock:
            self._connections[request] = None
            oldest = next(iter(self._connections))
            if len(self._connections) > MAX_CONNECTIONS:
                del self._connections[oldest]
                # It is closed by its own thread, which whatever it waits for comes to an end of.
                with suppress(OSError):
                    oldest.shutdown(socket.SHUT_RDWR)
        super().process_request(request, client_address)

    def close_request(self, request: socket.socket) -> None:
        """Forget a connection that is over."""
        with self._lock:
            self._connections.pop(request, None)
        super().close_request(request)


class ShopRequestHandler(WSGIRequestHandler):
    """Reads requests, and gives up on those that do not arrive."""

    timeout = SILENCE

    def handle(self) -> None:
        """Serve what comes over a connection. That a visitor has gone is no error of ours."""
        with suppress(OSError):
            super().handle()

    def parse_request(self) -> bool:
        """Read the head, and refuse a body that has no length or too great a one.

        The rest of a body is read after the answer, whatever the application made of it, and all of
        it into memory; one that is not announced would be taken for the next request.
        """
        if not super().parse_request():
            return False
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers:
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
        elif not (length.isascii() and length.isdigit()):
            self.send_error(HTTPStatus.BAD_REQUEST, "Content-Length is no number")
        elif len(length) > len(str(MAX_BODY)) or int(length) > MAX_BODY:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            return True
        return False
