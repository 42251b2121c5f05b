"""Links that open a line of source in an editor.

Neither Django nor the toolbar has a convention for these. The toolbar keeps the options of its
panels in ``DEBUG_TOOLBAR_CONFIG``, so ours stands there as well: ``SIGNALSCOPE_EDITOR``.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from debug_toolbar.settings import get_config
from django.core.checks import Error

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

    from signalscope.rendering.words import Place

__all__ = ["OPTION", "Editor", "chosen", "problems"]

OPTION = "SIGNALSCOPE_EDITOR"
"""The key of ``DEBUG_TOOLBAR_CONFIG``: a name of `EDITORS`, or an address with ``{file}``."""

EDITORS = {
    "vscode": ("VS Code", "vscode://file/{file}:{line}"),
    "pycharm": ("PyCharm", "pycharm://open?file={file}&line={line}"),
    "text": ("", ""),
}
"""What each is called, and its addresses; plain text has none."""

# What a browser would run rather than hand on.
_RUN = re.compile(r"\s*(javascript|data|vbscript|blob):", re.IGNORECASE)


class Editor:
    """The editor that places are opened with; plain text for anything that is none."""

    def __init__(self, option: object) -> None:
        name, address = "your editor", option
        if isinstance(option, str) and option in EDITORS:
            name, address = EDITORS[option]
        fits = isinstance(address, str) and "{file}" in address and not _RUN.match(address)
        self.name = name
        self._address = str(address) if fits else ""

    def address(self, place: Place) -> str:
        """Return the address that opens `place`; empty where the editor could not find it."""
        file = place.file.replace("\\", "/")
        if not self._address or not (file.startswith("/") or file[1:3] == ":/"):
            return ""
        # Not `format`, which would read the attributes of what it is given.
        return self._address.replace("{file}", quote(file, safe="/:")).replace(
            "{line}", str(place.line)
        )


def chosen() -> Editor:
    """Return the editor that the project's settings name."""
    return Editor(get_config().get(OPTION, "vscode"))


def problems() -> list[CheckMessage]:
    """Return what is wrong with the option, for ``manage.py check``."""
    option = get_config().get(OPTION, "vscode")
    if isinstance(option, str) and (
        option in EDITORS or ("{file}" in option and not _RUN.match(option))
    ):
        return []
    near = difflib.get_close_matches(str(option).lower(), EDITORS, n=1, cutoff=0.5)
    shown = repr(option) if isinstance(option, str) else f"a value of type {type(option).__name__}"
    names = ", ".join(repr(name) for name in EDITORS)
    usable = f"Make it one of {names}, or an address such as 'zed://file{{file}}:{{line}}'."
    return [
        # Not a warning: W001 and on are the ids of rules, and a wrong value of SIGNALSCOPE is no
        # warning either (`signalscope.checks`).
        Error(
            f"DEBUG_TOOLBAR_CONFIG[{OPTION!r}] is {shown}, which names no editor, so places are "
            "plain text.",
            hint=f"Did you mean {near[0]!r}? {usable}" if near else usable,
            id="signalscope.E002",
        )
    ]
