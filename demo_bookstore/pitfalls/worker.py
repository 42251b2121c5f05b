"""A Celery worker in a process of its own, for as long as a scenario lasts."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 60
"""Seconds that a task may take; most of them is the start of the worker."""

# Nothing in it comes from a visitor.
_COMMAND = (
    *(sys.executable, "-m", "celery", "--app", "demo_bookstore", "worker", "--pool", "solo"),
    # One worker has nobody to talk to.
    *("--without-mingle", "--without-gossip", "--without-heartbeat", "--loglevel", "ERROR"),
)


@contextmanager
def worker() -> Iterator[None]:
    """Start a worker that shares the database and the queue of this process, and stop it."""
    with (
        # It has things to say, of which user it is for one, and none is about the scenario.
        (settings.RUN_DIR / "worker.log").open("ab") as log,
        subprocess.Popen(_COMMAND, stdout=log, stderr=log) as process,  # noqa: S603 - as above
    ):
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
