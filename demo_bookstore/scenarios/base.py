"""What a scenario is."""

from __future__ import annotations

import inspect
import sys
import textwrap
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from django.dispatch import Signal


class Source(NamedTuple):
    """The name of a function, class or module, and its text as it stands in its file."""

    name: str
    source: str


class Wire:
    """A connection that is made for one scenario only: `signal.connect(receiver, **options)`.

    So the bad form of a pitfall cannot spoil the shop, nor another scenario.
    """

    def __init__(self, signal: Signal, receiver: Callable[..., Any], **options: Any) -> None:
        self.signal = signal
        self.receiver = receiver
        self.options = options

    def __str__(self) -> str:
        known = vars(sys.modules[self.receiver.__module__])
        signal = next(name for name, value in known.items() if value is self.signal)
        options = {
            key: value.__name__ if isinstance(value, type) else repr(value)
            for key, value in self.options.items()
        }
        given = [self.receiver.__name__, *(f"{key}={shown}" for key, shown in options.items())]
        return f"{signal}.connect({', '.join(given)})"

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Connect, and disconnect again."""
        self.signal.connect(self.receiver, **self.options)
        found_by = {
            key: self.options[key] for key in ("sender", "dispatch_uid") if key in self.options
        }
        try:
            yield
        finally:
            self.signal.disconnect(self.receiver, **found_by)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Something that happens in the shop, and the receivers that must answer.

    `prepare` runs before the recording and brings what `run` needs; `run` may be a coroutine
    function. `receivers` are shown beside it, from source: functions, classes, modules, or the path
    of a module that shall not be imported.
    `expected` is an outline, as `outline.py` makes them, and `findings` are the ids of what must be
    found, in the recording and by the system checks: these and no others.
    """

    slug: str
    title: str
    shows: str
    prepare: Callable[[], Any]
    run: Callable[[Any], Any]
    receivers: tuple[Any, ...]
    expected: str
    findings: tuple[str, ...] = ()
    wires: tuple[Wire, ...] = ()
    """Connections that last as long as the scenario."""
    around: Callable[[], AbstractContextManager[Any]] = nullcontext
    """What has to be there meanwhile: a worker, or connections that a `Wire` cannot make."""
    signals: tuple[Any, ...] = ()
    """Record these alone; by default all, but for those that are left out everywhere."""
    facts: tuple[str, ...] = ()
    """What signals bring that the outline shall name, such as `created`."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings of Django that hold meanwhile."""
    needs: tuple[str, ...] = ()
    """Modules of the dependency group `demo` without which it cannot be played."""
    apart: bool = False
    """Whether it needs the files of a run: a queue, or a database that others can read."""

    @property
    def trace(self) -> str:
        """The expected outline without the indentation that it has in its module."""
        return textwrap.dedent(self.expected).strip()

    @property
    def is_prepared(self) -> bool:
        """Whether anything has to be there before it runs."""
        return self.prepare.__name__ != "nothing"

    def sources(self) -> list[Source]:
        """Return the code: what runs, what was prepared for it, and the receivers."""
        return [
            Source(shown.name, shown.read_text(encoding="utf-8"))
            if isinstance(shown, Path)
            else Source(shown.__name__.rpartition(".")[2], inspect.getsource(shown))
            for shown in (self.run, *self.receivers, *([self.prepare] if self.is_prepared else []))
        ]

    def shows_line(self, place: str) -> bool:
        """Tell whether a place, as `signals.py:12` with some of its path, is in what is shown."""
        file, _, number = place.rpartition(":")
        return any(
            path.endswith(file) and int(number) in lines
            for path, lines in map(_extent, (self.run, *self.receivers))
        )

    @contextmanager
    def wired(self) -> Iterator[None]:
        """Make the scenario's connections, and undo them."""
        with ExitStack() as stack:
            for wire in self.wires:
                stack.enter_context(wire.connected())
            yield


def _extent(shown: Any) -> tuple[str, range]:
    """Return the file and the lines of something that is shown."""
    if isinstance(shown, Path):
        return str(shown), range(sys.maxsize)
    shown = inspect.unwrap(shown)  # a context manager is a function of contextlib's
    lines, first = inspect.getsourcelines(shown)
    return inspect.getfile(shown), range(first, first + max(len(lines), 1))


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two scenarios that do the same in two ways, to be seen side by side."""

    slug: str
    title: str
    shows: str
    first: Scenario
    second: Scenario
    labels: tuple[str, str]

    @property
    def sides(self) -> list[tuple[str, Scenario]]:
        """Return both, each with its label."""
        return list(zip(self.labels, (self.first, self.second), strict=True))


def pitfall(*, slug: str, title: str, shows: str, bad: Scenario, good: Scenario) -> Pair:
    """Return the pair of a pitfall: as it should not be done, and as it should."""
    return Pair(slug=slug, title=title, shows=shows, first=bad, second=good, labels=("Bad", "Good"))
