"""What the pytest plugin does, for ``manage.py test``: a test runner, and a mixin for one's own."""

from __future__ import annotations

import json
import sys
import unittest
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError
from django.test.runner import DiscoverRunner, ParallelTestSuite, RemoteTestResult, RemoteTestRunner

from signalscope.budgets import Budget
from signalscope.context import current
from signalscope.errors import SignalscopeError
from signalscope.recording import record
from signalscope.rendering.suite import Suite, facts_of_test, summary
from signalscope.rendering.suite_page import page

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from signalscope.rendering.suite import Test

__all__ = ["SignalscopeRunner", "SignalscopeRunnerMixin"]

_REPORTS = (".html", ".json")
_LIMITS = {"max_ms": float, "max_queries": int, "max_depth": int}


@dataclass(frozen=True)
class _Wanted:
    """What is asked of the tests of this process."""

    records: bool = False
    budget: Budget = field(default_factory=Budget)


class _State:
    # What a process of a parallel run cannot be handed but by its module.
    wanted = _Wanted()


class _Recorded(unittest.TestResult):
    """A result that records each test from its set-up to its tear-down."""

    replays = False
    """Whether what it is told of happened in another process."""
    _open: Any = None
    _recording: Any = None
    _outcome = "passed"

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's name
        super().startTest(test)
        self._outcome = "passed"
        if _State.wanted.records and not self.replays:
            self._open = record()
            self._recording = self._open.__enter__()
            # An IsolatedAsyncioTestCase runs in a context that is as old as itself.
            context = getattr(test, "_asyncioTestContext", None)
            if context is not None:
                context.run(current.set, current.get())

    def addSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's name
        failure = None
        if self._recording is not None:
            try:
                failure = _State.wanted.budget.failure(self._recording)
            except SignalscopeError as error:
                failure = str(error)
        if failure is None:
            super().addSuccess(test)
            return
        self.addFailure(test, (AssertionError, AssertionError(failure), None))

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802 - as above
        self._outcome = "failed"
        super().addFailure(test, err)

    def addError(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802 - as above
        self._outcome = "error"
        super().addError(test, err)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:  # noqa: N802 - as above
        self._outcome = "skipped"
        super().addSkip(test, reason)

    def addExpectedFailure(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        self._outcome = "xfailed"
        super().addExpectedFailure(test, err)

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802 - as above
        self._outcome = "xpassed"
        super().addUnexpectedSuccess(test)

    def stopTest(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's name
        if self._open is not None:
            self._open.__exit__(None, None, None)
            facts = facts_of_test(self._recording)
            self._open = self._recording = None
            if self._outcome != "skipped" or facts["dispatches"]:
                self.add_signals(test, self._outcome, facts)
        super().stopTest(test)

    def add_signals(self, test: unittest.TestCase, outcome: str, facts: Test) -> None:
        """Take in what was recorded of a test."""
        raise NotImplementedError


class _RemoteResult(_Recorded, RemoteTestResult):
    """The result in a process of a parallel run; the parent replays its events."""

    def add_signals(self, test: unittest.TestCase, outcome: str, facts: Test) -> None:
        del test  # the parent knows it by its index
        self.events.append(("add_signals", self.test_index, outcome, facts))


class _RemoteRunner(RemoteTestRunner):
    resultclass = _RemoteResult


class _ParallelSuite(ParallelTestSuite):
    runner_class = _RemoteRunner

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.process_setup_args = (_State.wanted, *self.process_setup_args)

    # Django takes the function off its instance, so that its first argument is the first given.
    def process_setup(wanted: _Wanted, *_more: Any) -> None:  # type: ignore[misc] # noqa: N805
        _State.wanted = wanted

    def run(self, result: Any) -> Any:  # type: ignore[override]
        result.replays = True
        return super().run(result)


class SignalscopeRunnerMixin:
    """Adds to a test runner the options of the pytest plugin; see `SignalscopeRunner`.

    Put it before the runner: ``class Runner(SignalscopeRunnerMixin, MyRunner)``. A runner with a
    ``parallel_test_suite`` of its own keeps that, and then nothing is told of parallel tests.
    """

    parallel_test_suite: Any

    def __init__(  # noqa: PLR0913 - the options
        self,
        *args: Any,
        signalscope: bool = False,
        signalscope_report: list[str] | None = None,
        signalscope_max_ms: float | None = None,
        signalscope_max_queries: int | None = None,
        signalscope_max_depth: int | None = None,
        signalscope_fail_on: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._shows_signals = signalscope
        self._reports = [Path(each) for each in signalscope_report or ()]
        for path in self._reports:
            if path.suffix not in _REPORTS:
                raise CommandError(
                    f"--signalscope-report={path}: the file's name ends in {' or '.join(_REPORTS)}"
                )
        given = {
            "max_ms": signalscope_max_ms,
            "max_queries": signalscope_max_queries,
            "max_depth": signalscope_max_depth,
            "forbid": [each.strip() for each in (signalscope_fail_on or "").split(",") if each],
        }
        try:
            budget = Budget.of({name: value for name, value in given.items() if value is not None})
        except SignalscopeError as error:
            raise CommandError(f"Signalscope: {error}") from None
        self._signals = Suite()
        _State.wanted = _Wanted(
            records=bool(signalscope or self._reports or budget != Budget()), budget=budget
        )
        if getattr(self, "parallel_test_suite", None) is ParallelTestSuite:
            self.parallel_test_suite = _ParallelSuite

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        """Add the options."""
        super().add_arguments(parser)  # type: ignore[misc]
        parser.add_argument(
            "--signalscope",
            action="store_true",
            help="Record each test, and end with the slowest and most called receivers.",
        )
        parser.add_argument(
            "--signalscope-report",
            action="append",
            metavar="FILE",
            help="Write what was recorded to FILE: .html to read, .json to work with.",
        )
        parser.add_argument(
            "--signalscope-fail-on",
            metavar="ID,...",
            help="Fail each test in whose recording one of these is found.",
        )
        for name, kind in _LIMITS.items():
            parser.add_argument(
                f"--signalscope-{name.replace('_', '-')}",
                type=kind,
                metavar="N",
                help="Fail each test whose signals take more than this.",
            )

    def get_test_runner_kwargs(self) -> dict[str, Any]:
        """Let the result of the run record."""
        kwargs: dict[str, Any] = super().get_test_runner_kwargs()  # type: ignore[misc]
        if _State.wanted.records:
            base = kwargs.get("resultclass") or unittest.TextTestResult
            suite = self._signals

            class Result(_Recorded, base):  # type: ignore[misc, valid-type]
                def add_signals(self, test: unittest.TestCase, outcome: str, facts: Test) -> None:
                    suite.add(test.id(), outcome, facts)

            kwargs["resultclass"] = Result
        return kwargs

    def run_suite(self, suite: Any, **kwargs: Any) -> Any:
        """Run the tests; then print the summary and write the reports."""
        result = super().run_suite(suite, **kwargs)  # type: ignore[misc]
        if self._shows_signals:
            lines = ["", "Signals", *summary(self._signals)]
            sys.stderr.write("\n".join([*lines, ""]))
        for path in self._reports:
            data = path.suffix == ".json"
            text = json.dumps(self._signals.to_dict(), indent=1) if data else page(self._signals)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            except OSError as error:
                raise CommandError(f"--signalscope-report={path} is not written: {error}") from None
        return result


class SignalscopeRunner(SignalscopeRunnerMixin, DiscoverRunner):
    """Django's own runner with the options of the pytest plugin.

    For the setting ``TEST_RUNNER``, or ``manage.py test --testrunner``:
    ``--signalscope``, ``--signalscope-report FILE``, ``--signalscope-max-ms N`` (and
    ``-max-queries``, ``-max-depth``), ``--signalscope-fail-on ID,...``; with ``--parallel`` too.
    """
