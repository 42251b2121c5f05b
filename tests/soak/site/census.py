"""What is under way in a worker, what is left at rest, and how large it is."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import threading
import time
from collections import Counter
from pathlib import Path

KEPT = {"Dispatch", "ReceiverCall", "LateSpan", "LiveSpan", "Tree"}
"""Classes of Signalscope of which nothing may be left at rest."""

_lock = threading.Lock()
_flying = 0


@contextlib.contextmanager
def in_flight():
    """Count a request as long as it is answered."""
    global _flying  # noqa: PLW0603 - one figure
    with _lock:
        _flying += 1
    try:
        yield
    finally:
        with _lock:
            _flying -= 1


class Tally:
    """A sink that counts what begins and what ends."""

    def __init__(self):
        self.begun = self.open_dispatches = self.open_calls = 0

    def dispatch_started(self, dispatch):
        with _lock:
            self.begun += 1
            self.open_dispatches += 1

    def dispatch_finished(self, dispatch):
        # Up to Django 6.0 another one's error leaves them running, and nobody sees how they end.
        left = sum(call.left_open for call in dispatch.calls)
        with _lock:
            self.open_dispatches -= 1
            self.open_calls -= left

    def receiver_started(self, call):
        with _lock:
            self.open_calls += 1

    def receiver_finished(self, call):
        with _lock:
            self.open_calls -= 1


SINK = Tally()


def taken(*, deep):
    """Return the figures of now; those that need a collection of garbage only if it is `deep`."""
    figures = {
        "pid": os.getpid(),
        "in_flight": _flying,
        "begun": SINK.begun,
        "open_dispatches": SINK.open_dispatches,
        "open_calls": SINK.open_calls,
        "with_us": "signalscope" in sys.modules,
        "cpu": time.process_time(),
    }
    if deep:
        gc.collect()
        figures["left"] = _left()
        figures["memory"] = _memory()
    return figures


def _left():
    ours = (each for each in gc.get_objects() if type(each).__name__ in KEPT)
    return Counter(
        type(each).__name__ for each in ours if type(each).__module__.startswith("signalscope.")
    )


def _memory():
    """Return the bytes of resident memory that this process has to itself.

    Pages of files, such as libraries and SQLite's shared index, are left out: they come and go with
    what else the machine reads.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("There is no RssAnon in /proc/self/status; the soak needs Linux.")
