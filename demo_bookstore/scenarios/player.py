"""Plays scenarios, and compares what was recorded with what must be."""

from __future__ import annotations

import difflib
import inspect
from contextlib import nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core import checks
from django.test.utils import override_settings
from django.utils.module_loading import import_string

from demo_bookstore.scenarios.outline import outline

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from demo_bookstore.scenarios.base import Scenario

DEPENDS_ON_THE_MACHINE = frozenset({"W103"})
"""A receiver may be slow because the machine is: that is held against a scenario only where it
says so itself."""


class CannotBePlayedError(Exception):
    """Something that the scenario needs is not installed."""


@dataclass(frozen=True, kw_only=True)
class Played:
    """A scenario that was played, with its recording and what the system checks said meanwhile."""

    scenario: Scenario
    recording: Any
    found: list[Any]
    """What the rules found: as the next two, under the settings of the scenario."""
    tree: str
    saved: dict[str, Any]
    warnings: list[checks.CheckMessage]

    @property
    def trace(self) -> str:
        """The outline of what happened."""
        return outline(self.recording, self.scenario.facts)

    @property
    def findings(self) -> list[str]:
        """The ids of all that was found, each once."""
        found = {finding.id for finding in self.found}
        found |= {warning.id.rpartition(".")[2] for warning in self.warnings}
        ignored = DEPENDS_ON_THE_MACHINE.difference(self.scenario.findings)
        return sorted(found - ignored)

    @property
    def as_expected(self) -> bool:
        """Whether that is what had to happen, and what had to be found."""
        return self._happened() == self._expected()

    def difference(self) -> str:
        """Return a unified diff from what was expected to what was recorded."""
        return "\n".join(
            difflib.unified_diff(
                self._expected(), self._happened(), "expected", "recorded", lineterm=""
            )
        )

    def _expected(self) -> list[str]:
        return [*self.scenario.trace.splitlines(), _found(sorted(self.scenario.findings))]

    def _happened(self) -> list[str]:
        return [*self.trace.splitlines(), _found(self.findings)]


def _found(ids: list[str]) -> str:
    return f"found: {', '.join(ids) or 'nothing'}"


def play(
    scenario: Scenario, watched: Callable[[], AbstractContextManager[Any]] = nullcontext
) -> Played:
    """Play a scenario in the database as it is, with real commits.

    It relies on no row but its own. What it leaves behind is the caller's to clear. `watched` is
    entered for as long as the recording lasts. Raises `CannotBePlayedError` where something that
    the scenario needs is not installed.
    """
    missing = [name for name in scenario.needs if find_spec(name) is None]
    if missing:
        raise CannotBePlayedError(
            f"{scenario.slug} needs {', '.join(missing)}: install the dependency group “demo”."
        )
    run = scenario.run
    if inspect.iscoroutinefunction(run):
        # Its synchronous parts come back to this thread, and so to this database connection.
        run = async_to_sync(run)
    with override_settings(**scenario.settings), scenario.around():
        record = import_string(settings.TRACE_RECORDER)
        prepared = scenario.prepare()
        with scenario.wired():
            warnings = _warnings(scenario) if scenario.wires or scenario.findings else []
            with watched(), record(*scenario.signals) as recording:
                run(prepared)
        return Played(
            scenario=scenario,
            recording=recording,
            found=list(recording.findings),
            tree=recording.tree(),
            saved=recording.to_dict(),
            warnings=warnings,
        )


def _warnings(scenario: Scenario) -> list[checks.CheckMessage]:
    """Return what the system checks say about the code that the scenario shows."""
    return [
        warning
        for warning in checks.run_checks(tags=[settings.TRACE_CHECKS])
        if isinstance(warning.obj, str) and scenario.shows_line(warning.obj)
    ]
