"""Fails a run where a rule about what is connected finds something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from signalscope.diagnosis.findings import Finding

__all__ = ["WiringGuard"]


class WiringGuard:
    """A plugin that is there where such a rule is named by ``--signalscope-fail-on``."""

    def __init__(self, ids: tuple[str, ...]) -> None:
        self._ids = ids
        self._found: list[Finding] = []

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Look, while nothing is connected but what the project itself connects."""
        from django.apps import apps

        if not apps.ready:
            raise pytest.UsageError(
                f"--signalscope-fail-on: {', '.join(self._ids)} can only be found once Django is "
                "set up. Install pytest-django, or leave them out."
            )
        from signalscope import conf
        from signalscope.diagnosis.wiring.rules import diagnose_wiring

        found = diagnose_wiring(conf.load().silenced)
        self._found = [each for each in found if each.id in self._ids]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Let the run fail."""
        if self._found and session.exitstatus in (
            pytest.ExitCode.OK,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what was found, and where."""
        if not self._found:
            return
        terminalreporter.section("signalscope: what is connected")
        for each in self._found:
            place = f"{each.places[0]}: " if each.places else ""
            terminalreporter.write_line(f"{place}{each.id} {each.message}")
