"""Names, places and numbers as they are shown to people."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["NOWHERE", "Place", "count", "place_of", "share", "short_path", "split_name", "word"]


class Place(NamedTuple):
    """A line of source: `text` to read, and file and line to open."""

    text: str
    """``bookstore/signals.py:31``."""
    title: str
    """What is there, with the full path: ``Sent at /srv/bookstore/signals.py:31``."""
    file: str
    line: int


NOWHERE = (None, None)
"""File and line of what has none."""


def place_of(what: str, file: str | None, line: int | None) -> Place | None:
    """Return the place of `what`, None where it is not known."""
    if not file or line is None:
        return None
    return Place(f"{short_path(file)}:{line}", f"{what} {file}:{line}", file, line)


def split_name(dotted: str) -> tuple[str, str]:
    """Return the name to read and the module it is in.

    ``shop.signals.log_sale`` gives ``log_sale`` and ``shop.signals``; classes and enclosing
    functions stay with the name: ``Handler.on_save``, ``connect.<locals>.receiver``.
    """
    if dotted.startswith("functools.partial(") and dotted.endswith(")"):
        name, module = split_name(dotted[len("functools.partial(") : -1])
        return f"partial({name})", module
    parts = dotted.split(".")
    start = len(parts) - 1
    while start > 0 and (
        "<locals>" in (parts[start], parts[start - 1]) or parts[start - 1][:1].isupper()
    ):
        start -= 1
    return ".".join(parts[start:]), ".".join(parts[:start])


def short_path(path: str) -> str:
    """Return the last folder and the file: ``bookstore/signals.py``."""
    return "/".join(re.split(r"[\\/]", path)[-2:])


def count(number: int, singular: str, plural: str = "") -> str:
    """Return ``1,250 receivers``."""
    return f"{number:,} {word(number, singular, plural)}"


def word(number: int, singular: str, plural: str = "") -> str:
    """Return the noun that goes with `number`."""
    return singular if number == 1 else plural or f"{singular}s"


def share(part: int, whole: int) -> str:
    """Return `part` of `whole` in percent."""
    if not whole:
        return "0%"
    percent = 100 * part / whole
    return f"{percent:.0f}%" if percent >= 1 or not percent else "under 1%"
