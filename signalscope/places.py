"""Lines of source, and whose code they are."""

from __future__ import annotations

import os
import sys
import sysconfig
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from signalscope.reading import plain_text

if TYPE_CHECKING:
    import types

__all__ = ["CARRIER", "PACKAGE", "USER", "Location", "file_kinds", "line_of", "short_path"]


class Location(NamedTuple):
    """A line of source: `file` is the path as the interpreter knows it, `line` counts from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        """Read ``file:line``, the form that editors and terminals link."""
        return f"{self.file}:{self.line}"


def line_of(code: types.CodeType, offset: int) -> int | None:
    """Return the line, from 1, of an instruction; None where the code does not tell."""
    position = next(islice(code.co_positions(), max(offset, 0) // 2, None), None)
    return None if position is None else position[0]


def short_path(file: str) -> str:
    """Return a path as it is below the longest entry of ``sys.path``; else the path itself."""
    roots = [plain_text(entry) for entry in list(sys.path)]
    below = [
        file[len(folder) :]
        for folder in (os.path.join(root, "") for root in roots if root)  # noqa: PTH118 - text
        if file.startswith(folder)
    ]
    return min(below, key=len, default=file)


# --- Kinds of code by where they live -------------------------------------------------------------

USER, PACKAGE, CARRIER = 0, 1, 2
"""A project's own code; an installed package's; and what carries a send rather than causes it:
Django, asgiref, Signalscope and the standard library."""

_package_roots = tuple({sysconfig.get_path(name) for name in ("purelib", "platlib")})
_carrier_roots = (
    *{sysconfig.get_path(name) for name in ("stdlib", "platstdlib")},
    "<frozen",
)


_MOST_GENERATED = 100


class _FileKinds(dict[str, int]):
    """Kind by file name; worked out when a name is first asked for."""

    def __init__(self) -> None:
        self.user: set[str] = set()
        """The project's own files, which are asked for most."""
        self._carriers: tuple[str, ...] = ()
        self._generated = 0
        self.add_carrier(str(Path(__file__).parent))

    def __missing__(self, file: str) -> int:
        # First, since Signalscope and Django are packages once they are installed.
        if file.startswith(self._carriers):
            kind = CARRIER
        elif file.startswith(_package_roots) or "site-packages" in file:
            # The packages usually lie below the standard library's folder.
            kind = PACKAGE
        elif file.startswith(_carrier_roots):
            kind = CARRIER
        else:
            kind = USER
        if kind == USER and file.startswith("<"):
            # A shell names a file for each piece of code that it makes: most of those pass by.
            if self._generated >= _MOST_GENERATED:
                return kind
            self._generated += 1
        self[file] = kind
        if kind == USER:
            self.user.add(file)
        return kind

    def add_carrier(self, folder: str) -> None:
        """Count the code below `folder` as a carrier, also where it is an installed package."""
        folder = os.path.join(folder, "")  # noqa: PTH118 - not its neighbours, as django_filters
        if folder not in self._carriers:
            self._carriers = (*self._carriers, folder)
            self.clear()
            self.user.clear()


file_kinds: _FileKinds = _FileKinds()
