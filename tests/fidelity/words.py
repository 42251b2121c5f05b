"""Words for frames, types and messages that are the same in every run."""

from __future__ import annotations

import functools
import re
import sys
import threading
from typing import Any

__all__ = ["place", "plain", "short", "stack", "thread", "type_name"]


def type_name(cls: type) -> str:
    """Return the name of a class without asking its metaclass."""
    name: str = type.__dict__["__name__"].__get__(cls)
    return name


def stack() -> tuple[Any, ...]:
    """Return all frames above the caller, up to the start of the thread."""
    frames = []
    frame: Any = sys._getframe(2)
    while frame is not None:
        frames.append(place(frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return tuple(frames)


def place(code: Any, line: int | None) -> str:
    """Read ``folder/file.py:line function``."""
    return f"{short(code.co_filename)}:{line} {code.co_name}"


@functools.lru_cache(maxsize=1024)
def short(path: str) -> str:
    """Keep of a path the file and its folder."""
    return "/".join(path.split("/")[-2:])


def thread() -> str:
    """Return whose thread this is."""
    return re.sub(r"\d+", "…", threading.current_thread().name)


# Addresses, counters, how long a query took, and the thread's number in a savepoint's name.
_CHANCE = re.compile(
    r"0x[0-9a-f]+|(?<=Task-)\d+|(?<=Thread-)\d+|(?<=\()\d+\.\d{3}(?=\))|(?<=\bs)\d+(?=_x)"
)


def plain(text: Any) -> Any:
    """Take out what differs from run to run."""
    return _CHANCE.sub("…", text) if isinstance(text, str) else text
