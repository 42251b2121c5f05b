"""Links that open a line of source in an editor.

Neither Django nor the toolbar has a convention for these. The toolbar keeps the options of its
panels in ``DEBUG_TOOLBAR_CONFIG``, so ours stands there as well: ``SIGNALSCOPE_EDITOR``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from debug_toolbar.settings import get_config
from django.core.checks import Warning as CheckWarning

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
    names = ", ".join(repr(name) for name in EDITORS)
    return [
        CheckWarning(
            f"DEBUG_TOOLBAR_CONFIG[{OPTION!r}] names no editor, so places are plain text.",
            hint=f"Make it one of {names}, or an address such as 'zed://file{{file}}:{{line}}'.",
            id="signalscope.W201",
        )
    ]
