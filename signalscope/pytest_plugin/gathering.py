"""What all tests did together, gathered from their reports, whichever process these come from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from signalscope.pytest_plugin.items import RECORDING

if TYPE_CHECKING:
    from collections.abc import Generator

    from signalscope.pytest_plugin.options import Options

__all__ = ["Gathering"]

_OF_REPORT = "signalscope"
"""The attribute of a test's last report that holds its facts. pytest-xdist sends it along."""


class Gathering:
    """A plugin that is there where a summary or a report is asked for."""

    def __init__(self, wanted: Options) -> None:
        from signalscope.rendering.suite import Suite

        self._wanted = wanted
        self._suite = Suite()
        self._outcomes: dict[str, str] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach to the last report of a test what was recorded of it."""
        report = yield
        if call.when == "teardown":
            from signalscope.rendering.suite import facts_of_test

            recording = item.stash.get(RECORDING, None)
            facts = None if recording is None else facts_of_test(recording)
            setattr(report, _OF_REPORT, facts)
            if recording is not None:
                # A rerun gets a new one; and no test's is kept until the last has ended.
                del item.stash[RECORDING]
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what a test's reports say, whichever process it ran in."""
        if report.when != "teardown":
            told: str = report.outcome
            if hasattr(report, "wasxfail"):
                told = {"skipped": "xfailed", "passed": "xpassed"}.get(told, told)
            self._outcomes[report.nodeid] = told
            return
        outcome = self._outcomes.pop(report.nodeid, "unknown")
        if report.failed:
            outcome = "error"
        facts = getattr(report, _OF_REPORT, None)
        if facts is not None:
            self._suite.add(report.nodeid, outcome, facts)
        elif outcome != "skipped":
            self._suite.unseen += 1

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the summary, and where the reports are."""
        from signalscope.rendering.suite import summary

        # Those whose process ended before they did.
        self._suite.unseen += len(self._outcomes)
        self._outcomes.clear()
        if self._wanted.summary:
            terminalreporter.section("signalscope")
            for line in summary(self._suite):
                terminalreporter.write_line(line)
        for path in self._wanted.reports:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(self._rendered(path.suffix), encoding="utf-8")
            except OSError as error:
                terminalreporter.write_line(
                    f"signalscope: {path} is not written: {error}", red=True
                )
            else:
                terminalreporter.write_line(f"signalscope: report in {path}")

    def _rendered(self, suffix: str) -> str:
        if suffix == ".json":
            return json.dumps(self._suite.to_dict(), indent=1)
        from signalscope.rendering.suite_page import page

        return page(self._suite)
