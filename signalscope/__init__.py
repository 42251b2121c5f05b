"""Signalscope makes Django's signals visible: what ran, in what order, for how long, and why.

The public names are imported here and nowhere else needed::

    import signalscope

    with signalscope.record() as recording:
        book.save()
    print(recording.tree())
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from signalscope.diagnosis.findings import Finding
    from signalscope.errors import (
        ConfigurationError,
        InstallError,
        RecursionLimitExceeded,
        SignalscopeError,
    )
    from signalscope.muting import muted
    from signalscope.patching import add_sink, install, is_installed, remove_sink, uninstall
    from signalscope.places import Location
    from signalscope.recording import Recording, record
    from signalscope.records import Dispatch, ReceiverCall
    from signalscope.registry import Connection, Reason, Why, connections, why
    from signalscope.sinks import Sink
    from signalscope.values import Bypass, ErrorInfo, NotCalled, Queries

__all__ = [
    "Bypass",
    "ConfigurationError",
    "Connection",
    "Dispatch",
    "ErrorInfo",
    "Finding",
    "InstallError",
    "Location",
    "NotCalled",
    "Queries",
    "Reason",
    "ReceiverCall",
    "Recording",
    "RecursionLimitExceeded",
    "SignalscopeError",
    "Sink",
    "Why",
    "add_sink",
    "connections",
    "install",
    "is_installed",
    "muted",
    "record",
    "remove_sink",
    "uninstall",
    "why",
]

__version__ = "0.1.0"

_HOMES = {
    "Bypass": "values",
    "ConfigurationError": "errors",
    "Connection": "registry",
    "Dispatch": "records",
    "ErrorInfo": "values",
    "Finding": "diagnosis.findings",
    "InstallError": "errors",
    "Location": "places",
    "NotCalled": "values",
    "Queries": "values",
    "Reason": "registry",
    "ReceiverCall": "records",
    "Recording": "recording",
    "RecursionLimitExceeded": "errors",
    "SignalscopeError": "errors",
    "Sink": "sinks",
    "Why": "registry",
    "add_sink": "patching",
    "connections": "registry",
    "install": "patching",
    "is_installed": "patching",
    "muted": "muting",
    "record": "recording",
    "remove_sink": "patching",
    "uninstall": "patching",
    "why": "registry",
}
"""The public names, and the module that each is from."""


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for.

    The pytest plugin is a module of this package, and pytest imports it wherever Signalscope is
    installed: that must not import Django.
    """
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
