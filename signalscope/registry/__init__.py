"""What is connected now, where that was done, and why a receiver would or would not run."""

from signalscope.errors import UnknownName
from signalscope.registry.answers import UNKNOWN_SENDER, Connection, Reason, Why
from signalscope.registry.inquiry import why
from signalscope.registry.live import connections
from signalscope.registry.log import ConnectLog, connect_log, missed

__all__ = [
    "UNKNOWN_SENDER",
    "ConnectLog",
    "Connection",
    "Reason",
    "UnknownName",
    "Why",
    "connect_log",
    "connections",
    "missed",
    "why",
]
