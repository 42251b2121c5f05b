"""The servers that are soaked: uvicorn and gunicorn, each plain and with Signalscope."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from tests.backends.otlp import HttpReceiver
from tests.backends.processes import PATIENCE, ROOT, django, environment, otel, program, run
from tests.soak.seen import Outcome

LISTENS = re.compile(r"(?:Listening at: |running on )(http://\S+)")
WORKERS = {"ASGI, uvicorn": 1, "WSGI, gunicorn": 2}
COMMANDS = {
    "ASGI, uvicorn": [
        *(sys.executable, "-m", "uvicorn", "tests.soak.site.asgi:application"),
        *("--host", "127.0.0.1", "--port", "0", "--no-access-log", "--lifespan", "off"),
    ],
    "WSGI, gunicorn": [
        *(program("gunicorn"), "--bind", "127.0.0.1:0", "--workers", "2", "--threads", "4"),
        *("--no-control-socket", "--keep-alive", "30", "tests.soak.site.wsgi"),
    ],
}
SETTLED = 6
"""How often in a row nothing must have been going on for a server to be at rest."""


def fill(folder):
    """Make the shop that each server gets a copy of."""
    settings = {"DJANGO_SETTINGS_MODULE": "tests.soak.site.settings"}
    run(django("prepare"), environment(folder, **settings))


class Server:
    """A server that runs, the lines that it writes, and the collector that it sends spans to."""

    def __init__(self, name, variant, folder, sabotage=""):  # the folder has a filled shop
        self.name, self.variant = name, variant
        self.collector = HttpReceiver()
        self.said, self.complained = [], []
        variables = {
            "DJANGO_SETTINGS_MODULE": "tests.soak.site.settings",
            "SOAK_VARIANT": variant,
            "SOAK_SABOTAGE": sabotage,
            # One heap for all threads, which else is spread over as many as happened to compete.
            "MALLOC_ARENA_MAX": "1",
            "PYTHONUNBUFFERED": "1",
        }
        # A queue that takes what comes in between two exports, and its usual delay.
        limits = {"OTEL_BSP_MAX_QUEUE_SIZE": "16384", "OTEL_BSP_SCHEDULE_DELAY": "500"}
        env = environment(folder, **otel(self.collector.url, **limits), **variables)
        self.process = subprocess.Popen(
            COMMANDS[name],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._readers = [
            threading.Thread(target=lines.extend, args=(pipe,), daemon=True)
            for lines, pipe in [
                (self.said, self.process.stdout),
                (self.complained, self.process.stderr),
            ]
        ]
        for reader in self._readers:
            reader.start()
        try:
            self.url = self._wait_for_url()
        except RuntimeError:
            self.stop()
            raise

    @property
    def label(self):
        return f"{self.name}, {self.variant}"

    def _wait_for_url(self):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            found = LISTENS.search("".join(self.complained))
            if found:
                return found[1]
            time.sleep(0.05)
        raise RuntimeError(f"{self.label} does not listen:\n{''.join(self.complained)}")

    def stop(self):
        """Stop it as its supervisor would, and see to it that it is gone.

        Return what went wrong, in words.
        """
        self.collector.release.set()
        if self.process.poll() is not None:
            wrong = [f"it ended by itself, with {self.process.returncode}"]
        else:
            wrong = []
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            wrong.append(f"it did not stop within {PATIENCE} s")
        finally:
            # Its session is its own, so that this reaches its workers and nobody else.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE)
            for reader in self._readers:
                reader.join(PATIENCE)
            self.process.stdout.close()
            self.process.stderr.close()
            self.collector.release.set()
            self.collector.close()
        return wrong

    # --- At rest ----------------------------------------------------------------------------------

    def _ask(self, query):
        address = f"{self.url}/soak/census/?{query}"
        with urllib.request.urlopen(address, timeout=PATIENCE) as response:  # noqa: S310 - our own
            return json.load(response)

    def census(self, query=""):
        """Return what each worker tells of itself, by its process id.

        Which worker answers is chance, so they are asked until each has.
        """
        found = {}
        with ThreadPoolExecutor(4) as askers:
            for _ in range(100):
                asked = 1 if WORKERS[self.name] == 1 else 4
                for told in askers.map(self._ask, [query] * asked):
                    found[told["pid"]] = told
                if len(found) >= WORKERS[self.name]:
                    return found
        raise RuntimeError(f"{self.label}: only {sorted(found)} of its workers answer.")

    def settle(self):
        """Wait until nothing is going on in it; return the census, or None where that never is.

        A client that hung up leaves a thread behind that knows nothing of it and goes on, between
        two dispatches too; so there has to be silence for a while.
        """
        deadline = time.monotonic() + PATIENCE
        silent, before = 0, None
        while time.monotonic() < deadline:
            try:
                now = self.census()
            except OSError:  # it does not answer any more
                return None
            busy = any(told["in_flight"] or told["open_dispatches"] for told in now.values())
            marks = {pid: told["begun"] for pid, told in now.items()}
            silent = 0 if busy or marks != before else silent + 1
            if silent == SETTLED:
                return now
            before = marks
            time.sleep(0.05)
        return None

    def weigh(self):
        """Return the census with what is left in memory, once all spans are sent; None as above."""
        try:
            return self.census("flush&deep")
        except OSError:
            return None

    def take_spans(self):
        """Return the spans that came since this was asked last."""
        return self.collector.collected.take()

    def take_lines(self):
        """Return what it wrote to stdout since this was asked last."""
        return _take(self.said)

    def take_complaints(self):
        """Return what it wrote to stderr since this was asked last."""
        return _take(self.complained)


def _take(lines):
    # Only a reader appends, so what is there now is not touched by it.
    taken = lines[:]
    del lines[: len(taken)]
    return taken


class Visitors:
    """The process that makes the requests."""

    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.soak.load"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def visit(self, **asked):
        """Play a round, and return what came of each request."""
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The visitors ended with {self._process.wait()}.")
        return [Outcome(*each) for each in json.loads(line)]

    def stop(self):
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._process.stdout.close()
