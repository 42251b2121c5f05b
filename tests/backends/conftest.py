"""Collects these tests only where what they talk to is installed."""

from __future__ import annotations

from importlib.util import find_spec

NEEDED = ("grpc", "opentelemetry.exporter.otlp.proto.http", "debug_toolbar")
"""For all of them."""


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even its package
        return False


READY = all(map(_is_there, NEEDED))
collect_ignore_glob = [] if READY else ["*"]
if not _is_there("celery"):
    collect_ignore_glob += ["test_processes.py", "test_worker.py", "test_bad_collector.py"]
if READY:
    from tests.backends.fixtures import (  # noqa: F401 - fixtures are found by their names here
        filled,
        folder,
        http_receiver,
        protocol,
        receiver,
        shop,
    )
