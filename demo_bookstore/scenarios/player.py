"""Plays scenarios, and compares what was recorded with what must be."""

from __future__ import annotations

import difflib
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.utils.module_loading import import_string

from demo_bookstore.scenarios.outline import outline

if TYPE_CHECKING:
    from demo_bookstore.scenarios.base import Scenario


@dataclass(frozen=True)
class Played:
    """A scenario that was played, with its recording."""

    scenario: Scenario
    recording: Any

    @property
    def trace(self) -> str:
        """The outline of what happened."""
        return outline(self.recording)

    @property
    def as_expected(self) -> bool:
        """Whether that is what had to happen."""
        return self.trace == self.scenario.trace

    def difference(self) -> str:
        """Return a unified diff from the expected outline to the one that was recorded."""
        return "\n".join(
            difflib.unified_diff(
                self.scenario.trace.splitlines(),
                self.trace.splitlines(),
                "expected",
                "recorded",
                lineterm="",
            )
        )


def play(scenario: Scenario) -> Played:
    """Play a scenario in the database as it is, with real commits.

    It relies on no row but its own. What it leaves behind is the caller's to clear.
    """
    record = import_string(settings.TRACE_RECORDER)
    prepared = scenario.prepare()
    run = scenario.run
    if inspect.iscoroutinefunction(run):
        # Its synchronous parts come back to this thread, and so to this database connection.
        run = async_to_sync(run)
    with record() as recording:
        run(prepared)
    return Played(scenario, recording)
