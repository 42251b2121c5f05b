"""The bookstore's server, and visitors who stall."""

from __future__ import annotations

import itertools
import signal
import socket
import subprocess
import sys
import threading
from http.client import HTTPConnection
from pathlib import Path

import pytest

from demo_bookstore import server as serving
from demo_bookstore.server import MAX_BODY, ShopRequestHandler, ShopServer

ROOT = Path(__file__).parents[2]
PATIENCE = 30
"""Seconds after which what a test waits for has not happened."""


def application(environ, start_response):
    """Answer with the length of what was sent, or without end."""
    if environ["PATH_INFO"] == "/endless":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return itertools.repeat(b"x" * 65536)
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [f"{len(body):05}".encode()]


@pytest.fixture
def serve():
    """Serve that application, by a handler of the test's choice, and return the address."""
    running = []

    def serve(handler=ShopRequestHandler):
        server = ShopServer(("127.0.0.1", 0), handler)
        server.set_app(application)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.append((server, thread))
        return server.server_address

    yield serve
    for server, thread in running:
        server.shutdown()
        server.server_close()
        thread.join(PATIENCE)
        assert not thread.is_alive()


@pytest.fixture
def knock():
    """Open connections that say just this, and close them when the test is over."""
    opened = []

    def knock(address, words=b""):
        connection = socket.create_connection(address, timeout=PATIENCE)
        opened.append(connection)
        connection.sendall(words)
        return connection

    yield knock
    for connection in opened:
        connection.close()


def visit(address, body=b""):
    """Ask as everyone does, and return the status and what was answered."""
    connection = HTTPConnection(*address, timeout=PATIENCE)
    try:
        connection.request("POST", "/", body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class Impatient(ShopRequestHandler):
    """Gives up at once."""

    timeout = 0.05


STALLED = {
    "silent": b"",
    "half a line": b"GET /",
    "half a head": b"GET / HTTP/1.1\r\nHost: shop\r\nX-More: ",
    "half a body": b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 100\r\n\r\nhalf",
    "kept open": b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n",
}


class TestStalling:
    def test_others_are_served_meanwhile(self, serve, knock):
        """Each has a thread of its own."""
        address = serve()
        for words in STALLED.values():
            knock(address, words)
        assert visit(address, b"abc") == (200, b"00003")

    @pytest.mark.parametrize("words", STALLED.values(), ids=STALLED)
    def test_who_falls_silent_is_not_waited_for(self, serve, knock, words):
        """The connection is closed, whatever was still to come; by the shop itself in due time."""
        assert 0 < ShopRequestHandler.timeout <= PATIENCE
        connection = knock(serve(Impatient), words)
        while connection.recv(65536):
            pass

    def test_who_does_not_read_is_not_waited_for(self, serve, knock):
        """A thread does not hang on to an answer that nobody takes."""
        closed = threading.Event()

        class Watched(Impatient):
            def finish(self):
                super().finish()
                closed.set()

        knock(serve(Watched), b"GET /endless HTTP/1.1\r\nHost: shop\r\n\r\n")
        assert closed.wait(PATIENCE)

    def test_the_oldest_gives_way(self, serve, knock, monkeypatch):
        """To drip a byte now and then keeps a thread busy, but never the shop."""
        monkeypatch.setattr(serving, "MAX_CONNECTIONS", 3)
        address = serve()
        oldest, *others = [knock(address, b"GET / HTTP/1.1\r\n") for _ in range(3)]
        assert visit(address) == (200, b"00000")
        assert oldest.recv(1) == b""
        for each in others:
            each.sendall(b"Host: shop\r\n\r\n")
            assert each.recv(12) == b"HTTP/1.1 200"


class TestBodies:
    @pytest.mark.parametrize(
        ("head", "status"),
        [
            (f"Content-Length: {MAX_BODY + 1}", b"413"),
            (f"Content-Length: {'9' * 5000}", b"413"),
            ("Content-Length: -1", b"400"),
            ("Content-Length: -5", b"400"),
            ("Content-Length: many", b"400"),
            ("Content-Length: 1_0", b"400"),
            ("Content-Length:", b"400"),
            ("Transfer-Encoding: chunked", b"411"),
        ],
    )
    def test_one_without_a_length_that_fits_is_refused(self, serve, knock, head, status):
        """At once, without waiting for it, and nothing after it is taken for a request."""
        connection = knock(serve(), f"POST / HTTP/1.1\r\nHost: shop\r\n{head}\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert answer.split()[1] == status
        assert answer.count(b"HTTP/1.1 ") == 1

    def test_one_that_fits_is_taken(self, serve):
        """To the last byte."""
        assert visit(serve(), b"x" * 20000) == (200, b"20000")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent")
def test_closing_waits_for_nobody(knock):
    """An open connection, or half a request, does not keep the shop from closing."""
    pytest.importorskip("debug_toolbar", reason="the bookstore shows its signals in the toolbar")
    command = [sys.executable, "-m", "demo_bookstore", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        overdue = threading.Timer(2 * PATIENCE, process.kill)
        overdue.start()
        try:
            opened = process.stdout.readline()
            host, port = opened.strip().rpartition("http://")[2].rstrip("/").split(":")
            for words in STALLED.values():
                knock((host, int(port)), words)
            # Answered only when those before it have been taken in.
            assert visit((host, int(port)))[0] in {200, 403}
            folder = next(line for line in process.stdout if "Its data is in" in line).split()[4]
            assert Path(folder).is_dir()
            process.send_signal(signal.SIGTERM)
            assert process.wait() == 0
            assert not Path(folder).exists()
        finally:
            overdue.cancel()
            process.kill()
