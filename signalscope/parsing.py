r"""Sources become syntax trees, and nobody is warned of how they are written.

Whoever imports a module is told of its odd strings and numbers; we only read it. The parser has no
switch for that, and to change the filters of `warnings` for a moment, as `warnings.catch_warnings`
does, is to change them for all threads: whatever another one sets meanwhile would be lost, or ours
would stay. So the parser is given a text in which there is nothing to warn of, with others in place
of the characters that it would warn of, and the tree gets back what was there. (An octal escape
that is too large stays as it is written.)

CPython 3.11 to 3.14 warn while they parse, rather than when they compile, which we do not, of
backslashes that begin no escape, of octal escapes beyond ``\377``, and of a number that runs into a
keyword, as ``1if``. (3.14.0 also did of a ``return`` in ``finally``.)
"""

from __future__ import annotations

import ast
import importlib.util
import re

__all__ = ["parse"]

_ESCAPE = re.compile(r"\\(?:([4-7][0-7]{2}|[^\\'\"abfnrtvxNuU0-7\r\n])|.)", re.DOTALL)
"""A backslash and what follows; that is a group where it is no escape, or one beyond the range."""
_BYTES = re.compile(
    r"(?<!\w)[bB](?:('''|\"\"\")(?:\\.|(?!\1).)*\1|(['\"])(?:\\.|(?!\2)[^\\\n])*\2)", re.DOTALL
)
"""A literal of bytes, in which ``\\N``, ``\\u`` and ``\\U`` are no escapes."""
_NO_ESCAPE_IN_BYTES = re.compile(r"\\(?:([NuU])|.)", re.DOTALL)
_NUMBER = re.compile(
    r"((?<![\w.])(?:0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+)"
    r"|(?:(?<![\w.])\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?[jJ]?)"
    r"(?=and|else|for|if|in|is|not|or)"
)
"""A number that a keyword follows without a space."""
_MARK = "\x05\x02\x07\x03"
"""Stands for a backslash. Strings and comments may hold these characters; none has them so."""
_GAP = "\f\t \f"
"""Stands between a number and a keyword, where like a space it means nothing."""


def parse(source: str | bytes) -> ast.Module:
    """Return the tree of a source; its columns may be off by a few.

    Raises what `ast.parse` raises where a source is not Python's.
    """
    text = importlib.util.decode_source(source) if isinstance(source, bytes) else source
    marked = _NUMBER.sub(rf"\g<1>{_GAP}", text)
    if "\\" in marked:
        marked = _BYTES.sub(lambda found: _marked(_NO_ESCAPE_IN_BYTES, found[0]), marked)
        marked = _marked(_ESCAPE, marked)
    module = ast.parse(marked)
    if marked != text:
        _restore(module)
    return module


def _marked(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(lambda found: _MARK + found[1] if found[1] else found[0], text)


def _restore(module: ast.Module) -> None:
    for node in ast.walk(module):
        if isinstance(node, ast.Constant):
            value = node.value
            if isinstance(value, str):
                node.value = value.replace(_MARK, "\\").replace(_GAP, "")
            elif isinstance(value, bytes):
                node.value = value.replace(_MARK.encode(), b"\\").replace(_GAP.encode(), b"")
