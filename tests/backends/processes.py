"""Processes of a test: started with an environment of their own, and stopped whatever happens."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds that a process may take to do what it was started for."""


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """Return the environment of a process that writes into `folder` only.

    No OTEL variable of the person who runs the tests gets in.
    """
    outer = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    folder.mkdir(exist_ok=True)
    return {
        **outer,
        "TMPDIR": str(folder),
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "tests.backends.site.settings",
        **variables,
    }


def otel(url: str, protocol: str = "http/protobuf", **variables: str) -> dict[str, str]:
    """Return the variables by which OpenTelemetry sends traces to `url`, and soon."""
    return {
        "OTEL_SERVICE_NAME": "bookstore",
        "OTEL_EXPORTER_OTLP_ENDPOINT": url,
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_BSP_SCHEDULE_DELAY": "50",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "5",
        **variables,
    }


def program(name: str) -> str:
    """Return the path of a command that is installed beside this Python."""
    return str(Path(sys.executable).parent / name)


def instrumented(*command: str) -> list[str]:
    """Return `command` as ``opentelemetry-instrument`` runs it."""
    return [program("opentelemetry-instrument"), *command]


def django(*arguments: str) -> list[str]:
    """Return a command of the site: what ``manage.py`` does."""
    return [sys.executable, "-m", "django", *arguments]


def run(command: list[str], env: dict[str, str]) -> str:
    """Run a command to its end, and return what it wrote; fail with its errors if it fails."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


class Running:
    """A process that goes on, and the lines that it has written."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self._lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def output(self) -> str:
        """All that it has written so far."""
        with self._changed:
            return "".join(self._lines)

    def wait_for_line(self, wanted: Callable[[str], bool]) -> str:
        """Return the first line that is `wanted`, as soon as it is written."""

        def found() -> str | None:
            return next(filter(wanted, self._lines), None)

        with self._changed:
            self._changed.wait_for(lambda: found() or self._ended, PATIENCE)
            line = found()
        assert line is not None, f"not said:\n{self.output}"
        return line

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end, and see to it that it and what it started does."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(PATIENCE)
        finally:
            # Its session is its own, so that this reaches its children and nobody else.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE)
            self._reader.join(PATIENCE)
            assert self.process.stdout is not None
            self.process.stdout.close()


@contextlib.contextmanager
def running(command: list[str], env: dict[str, str]) -> Iterator[Running]:
    """Start a process, and stop it at the end."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**env, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    started = Running(process)
    try:
        yield started
    finally:
        started.stop()
