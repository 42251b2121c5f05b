"""Plain `logging`: dispatches and receiver calls as lines, and the receiver on all other lines."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from signalscope import patching
from signalscope.logs import LOGGER, LogSink, wrong
from signalscope.surroundings import CONTEXT_KEYS, surroundings

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LoggingSink", "SignalContextFilter"]

_NOTHING = object()


class LoggingSink(LogSink):
    """A sink that writes ``signal.dispatch``, ``signal.receiver``, ``signal.finding`` to a logger.

    The message is the event's name; the keys are attributes of the log record, as those given by
    ``extra`` are. Levels: debug; info from `slow_ms` on; for a recursive dispatch warning; for an
    error error. A finding is a warning or info, as its rule says.

    `slow_ms` is in milliseconds, by default the setting ``SLOW_MS``. `sample` is the share of
    trees, 0 to 1, whose lines of level debug are written, and whose findings; the other lines
    always are. `findings` says whether findings are looked for. `logger` is a logger or its name.

    Raises `signalscope.ConfigurationError` where a value cannot be used.
    """

    def __init__(
        self,
        *,
        logger: str | logging.Logger = LOGGER,
        slow_ms: float | None = None,
        sample: float = 1.0,
        findings: bool = True,
    ) -> None:
        super().__init__(slow_ms=slow_ms, sample=sample, findings=findings)
        if isinstance(logger, str):
            logger = logging.getLogger(logger)
        if not isinstance(logger, logging.Logger):
            raise wrong(self, "logger", logger, "Give a logging.Logger or the name of one.")
        self._logger = logger
        self.enabled: Callable[[int], bool] = logger.isEnabledFor

    def write(self, level: int, event: str, keys: dict[str, Any]) -> None:
        """Write a line."""
        logger = self._logger
        # Not by `extra`, which raises where the program's own record factory has set such a name.
        record = logger.makeRecord(logger.name, level, __file__, 0, event, (), None, "write")
        vars(record).update(keys)
        logger.handle(record)


class SignalContextFilter(logging.Filter):
    """A filter that lets everything pass, and says in which receiver a line was written.

    Inside a receiver a log record gets the attributes ``signal``, ``sender``, ``receiver`` and
    ``dispatch_id``; where an OpenTelemetry span is current, ``trace_id`` and ``span_id`` as well.
    An attribute that is there already is left as it is. Outside of receivers nothing is set,
    unless `absent` is given: then each of the first four is that.

    It has to run in the thread that logs: put it on the ``QueueHandler``, not behind it. As soon
    as there is one, running receivers are kept track of wherever Signalscope is installed.
    """

    def __init__(self, *, absent: Any = _NOTHING) -> None:
        super().__init__()
        self._outside = {} if absent is _NOTHING else dict.fromkeys(CONTEXT_KEYS, absent)
        patching.track()

    def filter(self, record: logging.LogRecord) -> bool:
        """Set the attributes; return True."""
        attributes = vars(record)
        for name, value in (surroundings() or self._outside).items():
            attributes.setdefault(name, value)
        return True
