"""What a suite needs, and one run of it: an environment, its source, a process, its notes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fidelity.suites import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.fidelity.suites import Pair, Suite

__all__ = ["ROOT", "Bench", "NotRun", "Notes", "build_wheel"]

ROOT = Path(__file__).parents[3]
NOTING = "signalscope_noting"
LONGEST = 3600
"""Seconds that one run may take."""


class NotRun(Exception):
    """The suite cannot be had, or cannot be run."""


@dataclass(frozen=True)
class Notes:
    """What one run came to."""

    tests: dict[str, dict[str, object]]
    seconds: float
    """Processor time of the process, from its start."""
    dispatches: int
    calls: int
    faults: list[str]

    @cached_property
    def outcomes(self) -> dict[str, str]:
        """What each test came to."""
        found = {test: " and ".join(noted["outcomes"]) for test, noted in self.tests.items()}
        return {test: outcome for test, outcome in found.items() if outcome}


def call(*command: object, why: str, cwd: Path | None = None) -> None:
    """Run a program that is silent unless it fails."""
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, check=False, text=True, capture_output=True, timeout=LONGEST
    )
    if done.returncode:
        raise NotRun(f"{why}: {_last_line(done.stderr or done.stdout)}")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def build_wheel(folder: Path) -> Path:
    """Build this checkout, so that each environment has what a user would install."""
    shutil.rmtree(folder, ignore_errors=True)
    call("uv", "build", "--quiet", "--wheel", "--out-dir", folder, ROOT, why="the wheel")
    return next(folder.glob("*.whl"))


class Bench:
    """A suite on one Django: its environment and its source, in a folder that is kept."""

    def __init__(self, suite: Suite, django: str, work: Path, python: str | None = None) -> None:
        self.suite = suite
        self.django = django
        self.label = f"{suite.name}-{django}"
        self.work = work
        self.python = python or str(work / "envs" / self.label / "bin" / "python")
        self.tree = work / "trees" / self.label
        self.log = work / "logs" / f"{self.label}.txt"
        self.archive: Path | None = None
        self.path = [str(ROOT)] if python else []
        """Where the library is, if the environment is not ours to install it into."""

    def prepare(self, pair: Pair, wheel: Path) -> None:
        """Make the environment, unless there is one with the same requirements; install us."""
        env = Path(self.python).parents[1]
        wanted = json.dumps([pair.python, pair.django, *self.suite.requirements])
        stamp = env / "requirements.json"
        if not stamp.exists() or stamp.read_text() != wanted:
            make = ["uv", "venv", "--quiet", "--clear", "--no-python-downloads"]
            call(*make, "--python", pair.python, env, why=f"Python {pair.python}")
            needed = [f"Django=={pair.django}", "pip", *self.suite.requirements]
            self._install(*needed, why="its requirements")
            stamp.write_text(wanted)
        self._install("--reinstall", "--no-deps", wheel, why="Signalscope")

    def _install(self, *what: object, why: str) -> None:
        call("uv", "pip", "install", "--quiet", "--python", self.python, *what, why=why)

    def fetch(self, version: str) -> None:
        """Download the source distribution, unless it is there."""
        folder = self.work / "sdists" / f"{self.suite.package}-{version}"
        if not (found := [*folder.glob("*.tar.gz")]):
            download = [self.python, "-m", "pip", "download", "--quiet", "--no-deps"]
            wanted = ["--no-binary", ":all:", "--dest", folder, f"{self.suite.package}=={version}"]
            call(*download, *wanted, why="its source distribution")
            found = [*folder.glob("*.tar.gz")]
        if not found:
            raise NotRun("its source distribution: there is none as .tar.gz")
        self.archive = found[0]

    def run(self, *, record: bool, labels: Iterable[str] | None = None) -> Notes:
        """Run the suite, or the tests that `labels` name, in a tree that is fresh each time.

        What a run left behind would be there for the next one, which may be of the other kind.
        """
        folder = self._fresh_tree() / self.suite.folder
        beside = self.work / "beside" / self.label
        beside.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(__file__).with_name("noting.py"), beside / f"{NOTING}.py")
        (beside / f"{SETTINGS}.py").write_text(self.suite.settings)
        notes = beside / "notes.json"
        notes.unlink(missing_ok=True)
        chosen = self.suite.labels_for(self.django) if labels is None else labels
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("w") as log:
            try:
                subprocess.run(
                    [self.python, "-W", "default", *self._command(record=record), *chosen],
                    cwd=folder,
                    env=self._environment(folder, beside, notes, record=record),
                    check=False,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    timeout=LONGEST,
                )
            except subprocess.TimeoutExpired as error:
                raise NotRun(f"it took more than {LONGEST} seconds") from error
        if not notes.exists():
            raise NotRun(f"it ended without a word: {_last_line(self.log.read_text())}")
        return Notes(**json.loads(notes.read_text()))

    def _fresh_tree(self) -> Path:
        shutil.rmtree(self.tree, ignore_errors=True)
        with tarfile.open(self.archive) as packed:
            # What is beside the folder of the tests is installed, and may be thousands of files.
            folder = "" if self.suite.folder == "." else f"{self.suite.folder}/"
            wanted = [
                member for member in packed if member.name.partition("/")[2].startswith(folder)
            ]
            packed.extractall(self.tree, wanted, filter="data")
        (inner,) = self.tree.iterdir()
        return inner

    def _command(self, *, record: bool) -> list[str]:
        program, *arguments = self.suite.command
        if program != "pytest":
            return ["-m", NOTING, program, *arguments]
        # Random order, and what failed last, would be differences of their own.
        without = ["no:cacheprovider", "no:randomly", *([] if record else ["no:signalscope"])]
        plugins = [part for name in (NOTING, *without) for part in ("-p", name)]
        return ["-m", "pytest", "-q", *plugins, *arguments]

    def _environment(
        self, folder: Path, beside: Path, notes: Path, *, record: bool
    ) -> dict[str, str]:
        ours = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST_", "PYTHON", "DJANGO_", "COVERAGE_", "SIGNALSCOPE_"))
        }
        return {
            **ours,
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": os.pathsep.join([str(beside), str(folder), *self.path]),
            "SUITE_NOTES": str(notes),
            "SUITE_RECORDS": "yes" if record else "",
            **self.suite.environment,
        }
