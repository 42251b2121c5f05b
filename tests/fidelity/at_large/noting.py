"""Runs within a suite: notes what each test came to, and records around all if it is told to.

The suite has a `tests` of its own, so this file is put beside it under another name, and imports
nothing of ours but the installed library. ``python -m signalscope_noting SCRIPT ...`` runs a script
that runs unittest, ``-m MODULE`` a module; as a plugin of pytest it is ``-p signalscope_noting``.
"""

from __future__ import annotations

import json
import os
import re
import runpy
import sys
import time
import unittest
import warnings
from pathlib import Path

RECORDS = bool(os.environ["SUITE_RECORDS"])
OUTSIDE = "outside of the tests"
OTHER_EACH_TIME = re.compile(
    r"\b(0x[0-9a-f]{6,}|tmp[a-z0-9_]{8}|\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?)"
)
"""Addresses, temporary names and times."""
OUTCOMES = {
    "addSuccess": "passed",
    "addFailure": "failed",
    "addError": "error",
    "addSkip": "skipped",
    "addExpectedFailure": "failed as expected",
    "addUnexpectedSuccess": "passed unexpectedly",
    "addSubTest": "failed",
}


class Notes:
    """What the tests came to, by test."""

    def __init__(self):
        self.tests = {}
        self.running = [OUTSIDE]
        self.watched = False

    def of(self, test):
        """Return the notes on a test."""
        name = OTHER_EACH_TIME.sub("*", test)
        return self.tests.setdefault(name, {"outcomes": [], "queries": 0, "warnings": []})

    def start(self, test):
        """A test begins; from now on it is what queries and warnings are put down to."""
        self.running.append(test)
        self.watch_queries()

    def stop(self, test):
        """A test is over, and so are those that began within it and never ended."""
        if test in self.running:
            del self.running[len(self.running) - 1 - self.running[::-1].index(test) :]

    def outcome(self, test, outcome):
        """Note one outcome; a test that fails and then is not torn down either has two.

        Tests of test runners run tests of their own, which may well have to fail.
        """
        outermost = self.running[1:2]
        within = f" within {outermost[0]}" if outermost and outermost[0] != test else ""
        self.of(test + within)["outcomes"].append(outcome)

    def warning(self, category, message, filename, line, test=None):
        """Note a warning with the line that it names.

        What is found by the garbage collector is found where the program happens to be then.
        """
        place = "" if issubclass(category, ResourceWarning) else f" at {filename}:{line}"
        text = OTHER_EACH_TIME.sub("*", f"{category.__name__}: {message}")
        self.of(test or self.running[-1])["warnings"].append(text + place)

    def watch_queries(self):
        """Count what reaches SQLite, below all that the library hooks, once Django is there."""
        module = sys.modules.get("django.db.backends.sqlite3.base")
        if self.watched or not hasattr(module, "SQLiteCursorWrapper"):
            return
        self.watched = True
        for name in ("execute", "executemany"):
            self._watch(module.SQLiteCursorWrapper, name)

    def _watch(self, cls, name):
        original = getattr(cls, name)

        def counting(*args, **kwargs):
            self.of(self.running[-1])["queries"] += 1
            return original(*args, **kwargs)

        setattr(cls, name, counting)


class Counting:
    """A sink that reads what others would write down, and counts."""

    def __init__(self):
        self.dispatches = self.calls = 0

    def dispatch_started(self, dispatch):
        """It is read when it has ended."""

    def dispatch_finished(self, dispatch):
        """Read all of it."""
        self.dispatches += 1
        read = [dispatch.label, dispatch.kwargs, dispatch.recursive, str(dispatch.location)]
        json.dumps(read, default=sorted)  # update_fields is a set

    def receiver_started(self, call):
        """It is read when it has ended."""

    def receiver_finished(self, call):
        """Read all of it."""
        self.calls += 1
        json.dumps([call.receiver_name, call.file, call.line, call.duration_ns, call.order])


class Recorded:
    """The library at work: hooks, a sink, one recording around all and one around each test."""

    def __init__(self):
        import signalscope
        from signalscope import patching
        from signalscope.recorder import Collector

        self.signalscope, self.patching = signalscope, patching
        self.open = {}
        patching.install()
        self.sink = Counting()
        signalscope.add_sink(self.sink)
        self.collector = Collector(limit=10_000)
        patching.recorder.open(self.collector)

    def start(self, test):
        """A test begins."""
        block = self.signalscope.record()
        block.__enter__()
        self.open.setdefault(test, []).append(block)

    def stop(self, test):
        """A test is over."""
        if self.open.get(test):
            self.open[test].pop().__exit__(None, None, None)

    def faults(self):
        """Yield what is wrong with the recorder itself, whatever the tests came to."""
        recorder = self.patching.recorder
        if not self.patching.is_installed():
            yield "a test took the hooks away"
        if recorder._reported:
            yield "the recorder had a fault of its own"
        if recorder.sinks._failures or self.sink not in recorder.sinks:
            yield "the sink could not read what it was told"
        saved = self.signalscope.Recording(self.collector).to_dict()
        if len(json.loads(json.dumps(saved))["dispatches"]) < bool(self.sink.dispatches):
            yield "the recording is empty"


class Silent:
    """In the place of `Recorded`, where nothing is recorded."""

    def start(self, test):
        """A test begins."""

    stop = start


notes = Notes()
recorded = Recorded() if RECORDS else Silent()


def start(test):
    """A test begins."""
    notes.start(test)
    recorded.start(test)


def stop(test):
    """A test is over."""
    recorded.stop(test)
    notes.stop(test)


def save():
    """Write down what was noted, and what came to light of the library."""
    seconds = time.process_time()
    found = {"tests": notes.tests, "seconds": seconds, "dispatches": 0, "calls": 0, "faults": []}
    if RECORDS:
        found |= {
            "dispatches": recorded.sink.dispatches,
            "calls": recorded.sink.calls,
            "faults": list(recorded.faults()),
        }
    Path(os.environ["SUITE_NOTES"]).write_text(json.dumps(found))


def patch_unittest():
    """Note the outcome of each test, whichever runner there is."""

    def around(name, then):
        original = getattr(unittest.TestResult, name)

        def noting(self, test, *rest):
            then(test.id(), *rest)
            return original(self, test, *rest)

        setattr(unittest.TestResult, name, noting)

    for method, outcome in OUTCOMES.items():

        def add(test, *rest, outcome=outcome, within=method == "addSubTest"):
            if within and rest[-1] is None:  # a subtest that passed
                return
            notes.outcome(test, outcome)

        around(method, add)
    around("startTest", start)
    around("stopTest", stop)


def show_warning(message, category, filename, line, *_):
    """Take the place of `warnings.showwarning`."""
    notes.warning(category, message, filename, line)


def main():
    """Run the script or the module that the command line names, as Python would."""
    patch_unittest()
    warnings.showwarning = show_warning
    del sys.argv[0]
    try:
        if sys.argv[0] == "-m":
            del sys.argv[0]
            runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        else:
            sys.path.insert(0, str(Path(sys.argv[0]).resolve().parent))
            runpy.run_path(sys.argv[0], run_name="__main__")
    finally:
        save()


# --- As a plugin of pytest ------------------------------------------------------------------------


def pytest_runtest_logstart(nodeid):
    """A test begins."""
    start(nodeid)


def pytest_runtest_logfinish(nodeid):
    """A test is over."""
    stop(nodeid)


def pytest_runtest_logreport(report):
    """One of the three phases of a test is over."""
    if report.when == "call" or report.outcome != "passed":
        expected = hasattr(report, "wasxfail")
        names = {"skipped": "failed as expected", "passed": "passed unexpectedly"}
        outcome = names.get(report.outcome, report.outcome) if expected else report.outcome
        in_call = report.when == "call" or outcome != "failed"
        notes.outcome(report.nodeid, outcome if in_call else "error")


def pytest_collectreport(report):
    """A module of tests was imported, or not."""
    if report.outcome != "passed":
        notes.outcome(report.nodeid, "error" if report.failed else report.outcome)


def pytest_warning_recorded(warning_message, nodeid):
    """A warning was given, while tests are collected too."""
    told = warning_message
    notes.warning(told.category, told.message, told.filename, told.lineno, nodeid or OUTSIDE)


def pytest_unconfigure():
    """All is over."""
    save()


if __name__ == "__main__":
    main()
