"""What a scenario is."""

from __future__ import annotations

import inspect
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Source(NamedTuple):
    """A function's name and its text as it stands in its file."""

    name: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Something that happens in the shop, and the receivers that must answer.

    `prepare` runs before the recording and brings what `run` needs; `run` may be a coroutine
    function. `receivers` are shown beside it, from source. `expected` is an outline, as
    `outline.py` makes them.
    """

    slug: str
    title: str
    shows: str
    prepare: Callable[[], Any]
    run: Callable[[Any], Any]
    receivers: tuple[Callable[..., Any], ...]
    expected: str

    @property
    def trace(self) -> str:
        """The expected outline without the indentation that it has in its module."""
        return textwrap.dedent(self.expected).strip()

    def sources(self) -> list[Source]:
        """Return the code: what runs, what was prepared for it, and the receivers."""
        return [
            Source(function.__name__, inspect.getsource(function))
            for function in (self.run, self.prepare, *self.receivers)
        ]
