"""Signalscope makes Django's signals visible: what ran, in what order, for how long, and why.

The public names are imported here and nowhere else needed::

    import signalscope

    with signalscope.record() as recording:
        book.save()
    print(recording.tree())
"""

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
