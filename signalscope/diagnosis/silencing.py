"""The comment at a receiver that silences a rule there: ``# signalscope: ignore[W104] reason``."""

from __future__ import annotations

import linecache
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signalscope.diagnosis.findings import Finding

__all__ = ["ignored"]

_COMMENT = re.compile(r"#\s*signalscope:\s*ignore\[([^\]]*)\]")
_DEFINES = re.compile(r"\s*(?:async\s+def|def|class)\b|.*\blambda\b")
_MOST_DECORATORS = 40


def ignored(finding: Finding) -> bool:
    """Tell whether a comment at one of its places names its rule.

    A place is the first line of a receiver, its decorators included, or that of a bulk operation.
    The comment stands on the line of the definition, on one of a decorator, or alone on the line
    above. Sources are read, never imported.
    """
    return any(finding.id in _named(place.file, place.line) for place in finding.places[:1])


def _named(file: str, line: int) -> set[str]:
    if line < 1:
        return set()
    try:
        lines = linecache.getlines(file)
    except ValueError:  # a name that no file can have, from a recording that was saved elsewhere
        return set()
    found: set[str] = set()
    above = lines[line - 2 : line - 1] if line > 1 else []
    if above and above[0].lstrip().startswith("#"):
        found |= _ids(above[0])
    first = lines[line - 1 : line]
    decorated = bool(first) and first[0].lstrip().startswith("@")
    for text in lines[line - 1 : line - 1 + (_MOST_DECORATORS if decorated else 1)]:
        found |= _ids(text)
        if _DEFINES.match(text):
            break
    return found


def _ids(text: str) -> set[str]:
    return {each.strip() for match in _COMMENT.finditer(text) for each in match.group(1).split(",")}
