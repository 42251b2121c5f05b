"""Run Django's own tests without us and with us recording, and compare test by test.

``python -m tests.fidelity.django_suite`` takes the tests of the installed Django from its source
distribution, since wheels have none. Exit status: 0 where each test had the same outcome, 1 where
one had another, 2 where the tests could not be had.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

import django

LABELS = (
    "dispatch",
    "signals",
    "m2m_signals",
    "transaction_hooks",
    "async",
    "transactions",
    "settings_tests",
    "delete",
    "save_delete_hooks",
    "many_to_many",
    "fixtures",
    "test_utils",
    "handlers",
)
ROOT = Path(__file__).parents[2]

# Runs in the interpreter of Django's tests: notes the outcome of each test, and records around all.
BOOTSTRAP = """
import json, os, runpy, sys, unittest

if os.environ["RECORD"]:
    import django.dispatch
    from signalscope import patching
    from signalscope.recorder import Collector

    patching.install()
    collector = Collector(limit=1000)
    patching.recorder.open(collector)

outcomes = {}

def note(method, outcome):
    original = getattr(unittest.TestResult, method)

    def noting(self, test, *rest):
        if rest and rest[-1] is None:  # a subtest that passed
            return original(self, test, *rest)
        outcomes[test.id()] = outcome
        return original(self, test, *rest)

    setattr(unittest.TestResult, method, noting)

for method, outcome in {
    "addSuccess": "passed", "addFailure": "failed", "addError": "error", "addSkip": "skipped",
    "addExpectedFailure": "failed as expected", "addUnexpectedSuccess": "passed unexpectedly",
    "addSubTest": "failed",
}.items():
    note(method, outcome)

sys.argv = ["runtests.py", "--parallel=1", "--verbosity=0", *sys.argv[1:]]
try:
    runpy.run_path("runtests.py", run_name="__main__")
finally:
    seen = 0
    if os.environ["RECORD"]:
        assert patching.is_installed(), "a test took the hooks away"
        assert not patching.recorder._reported, "the recorder had a fault"
        seen = len(collector.kept) + collector.dropped
    with open(os.environ["OUTCOMES"], "w") as file:
        json.dump({"outcomes": outcomes, "dispatches": seen}, file)
"""


def main() -> int:
    """Fetch, run twice, compare."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            tests = fetch(Path(folder)) / "tests"
        except (subprocess.CalledProcessError, IndexError) as error:
            print(f"The source of Django {django.get_version()} is not to be had: {error}")
            return 2
        labels = [label for label in LABELS if (tests / label).is_dir()]
        without = run(tests, labels, record=False)
        recorded = run(tests, labels, record=True)
    return report(without, recorded)


def fetch(folder: Path) -> Path:
    """Download and unpack the source distribution of the installed Django."""
    requirement = f"Django=={django.get_version()}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    subprocess.run([*command, "--no-binary", ":all:", "--dest", folder, requirement], check=True)
    archive = next(iter(folder.glob("*.tar.gz")))
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


def run(tests: Path, labels: list[str], *, record: bool) -> dict[str, object]:
    """Run Django's tests; return the outcome by test, and how many dispatches were recorded."""
    outcomes = tests / "outcomes.json"
    environment = {
        **os.environ,
        "OUTCOMES": str(outcomes),
        "RECORD": "yes" if record else "",
        "PYTHONPATH": str(ROOT),
    }
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", BOOTSTRAP, *labels],
        cwd=tests,
        env=environment,
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=None if os.environ.get("VERBOSE") else subprocess.DEVNULL,
    )
    return json.loads(outcomes.read_text())


def report(without: dict, recorded: dict) -> int:
    """Print the table; return the exit status."""
    before, after = without["outcomes"], recorded["outcomes"]
    print(f"Django {django.get_version()}: {len(before)} tests without us, {len(after)} recorded,")
    print(f"{recorded['dispatches']} dispatches seen.")
    for outcome in sorted({*before.values(), *after.values()}):
        counts = (Counter(each.values())[outcome] for each in (before, after))
        print(f"  {outcome:20}", *(f"{count:6}" for count in counts))
    differing = [test for test in sorted({*before, *after}) if before.get(test) != after.get(test)]
    for test in differing:
        print(f"DIFFERS {test}: {before.get(test)} without us, {after.get(test)} recorded")
    if not before or not recorded["dispatches"]:
        print("Nothing was compared.")
        return 1
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
