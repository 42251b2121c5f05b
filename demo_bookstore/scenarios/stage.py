"""Has scenarios played in a process of its own, and takes down what happened."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

import demo_bookstore

if TYPE_CHECKING:
    from demo_bookstore.scenarios.base import Scenario

AT_ONCE = 2
"""Scenarios that are played at one time. A visitor who comes meanwhile is asked to wait."""

PATIENCE = 120
"""Seconds that one may take; those with a worker take some ten."""

_stage = threading.BoundedSemaphore(AT_ONCE)


class StageBusyError(Exception):
    """As many scenarios are played as may be at one time."""


class StageFailedError(Exception):
    """The process has ended without an answer, or had none in time."""


def perform(scenarios: list[Scenario]) -> list[dict[str, Any]]:
    """Play the scenarios one after the other, and return what is to be shown of each.

    Raises `StageBusyError` or `StageFailedError`.
    """
    if not _stage.acquire(blocking=False):
        raise StageBusyError
    try:
        performed = _answer([scenario.slug for scenario in scenarios])
    finally:
        _stage.release()
    for each in performed:
        if "report" in each:
            _report_path(each["slug"]).parent.mkdir(parents=True, exist_ok=True)
            _report_path(each["slug"]).write_text(each.pop("report"), encoding="utf-8")
    return performed


def report(scenario: Scenario) -> str | None:
    """Return the page of the scenario's last recording, None if it was not played yet."""
    try:
        return _report_path(scenario.slug).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _report_path(slug: str) -> Path:
    return settings.RUN_DIR / "reports" / f"{slug}.html"


def _answer(slugs: list[str]) -> list[dict[str, Any]]:
    package = Path(demo_bookstore.__file__).parents[1]
    paths = [str(package), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    # Never the database of the shop: a scenario begins with an empty one.
    environment.pop("DATABASE_URL", None)
    try:
        done = subprocess.run(  # noqa: S603 - the slugs are those of the catalogue
            [sys.executable, "-m", "demo_bookstore.scenarios", *slugs],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=PATIENCE,
            check=True,
        )
        return json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as problem:
        raise StageFailedError(str(problem)) from problem
