"""structlog: dispatches and receiver calls as events, and the receiver on the others' events.

As soon as this module is imported, running receivers are kept track of wherever Signalscope is
installed: that is what `add_signal_context` reads.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

try:
    import structlog
except ModuleNotFoundError as _error:
    if _error.name != "structlog":
        raise
    raise ModuleNotFoundError(
        "StructlogSink and add_signal_context need structlog; install it with: "
        'python -m pip install "django-signalscope[structlog]"',
        name="structlog",
    ) from _error

from signalscope import patching
from signalscope.logs import LOGGER, LogSink, wrong
from signalscope.surroundings import surroundings

if TYPE_CHECKING:
    from collections.abc import Callable

    from structlog.typing import EventDict, WrappedLogger

    from signalscope.records import Dispatch

__all__ = ["StructlogSink", "add_signal_context"]

_METHODS = {
    logging.DEBUG: "debug",
    logging.INFO: "info",
    logging.WARNING: "warning",
    logging.ERROR: "error",
}

_DROPS: Any = structlog.make_filtering_bound_logger(logging.CRITICAL).debug
"""What a logger that filters by level has in place of each method below that level."""

patching.track()


class StructlogSink(LogSink):
    """A sink that logs ``signal.dispatch``, ``signal.receiver``, ``signal.finding`` with structlog.

    Levels: debug; info from `slow_ms` on; for a recursive dispatch warning; for an error error. A
    finding is a warning or info, as its rule says.

    `slow_ms` is in milliseconds, by default the setting ``SLOW_MS``. `sample` is the share of
    trees, 0 to 1, whose events of level debug are logged, and whose findings; the other events
    always are. `findings` says whether findings are looked for. `logger` is what
    `structlog.get_logger` returns, or a name to call that with.

    Raises `signalscope.ConfigurationError` where a value cannot be used.
    """

    def __init__(
        self,
        *,
        logger: Any = LOGGER,
        slow_ms: float | None = None,
        sample: float = 1.0,
        findings: bool = True,
    ) -> None:
        super().__init__(slow_ms=slow_ms, sample=sample, findings=findings)
        if isinstance(logger, str):
            logger = structlog.get_logger(logger)
        if not callable(getattr(type(logger), "bind", None)):
            raise wrong(
                self, "logger", logger, "Give what structlog.get_logger() returns, or a name."
            )
        self._given = logger
        self._assemble(structlog.get_config())

    def dispatch_started(self, dispatch: Dispatch) -> None:
        """Prepare for what is asked at its end; follow what was configured since the last tree."""
        if dispatch.outer is None:
            config = structlog.get_config()
            if config != self._config:
                self._assemble(config)

    def write(self, level: int, event: str, keys: dict[str, Any]) -> None:
        """Log an event."""
        getattr(self._logger, _METHODS[level])(event, **keys)

    def _assemble(self, config: dict[str, Any]) -> None:
        # Once for a configuration, as `get_logger()` puts its logger together at every call.
        logger = self._given.bind()
        if hasattr(type(logger), "sync_bl"):
            # An asynchronous one gives coroutines, and a sink cannot await.
            logger = logger.sync_bl
        self._logger = logger
        cls = type(logger)
        if hasattr(cls, "isEnabledFor"):  # backed by the standard library's
            self.enabled: Callable[[int], bool] = logger.isEnabledFor
        else:
            self.enabled = {
                level: getattr(cls, name, None) is not _DROPS for level, name in _METHODS.items()
            }.__getitem__
        self._config = config


def add_signal_context(
    _logger: WrappedLogger, _method_name: str, event_dict: EventDict
) -> EventDict:
    """Say in which receiver an event was logged; a processor.

    Inside a receiver an event gets the keys ``signal``, ``sender``, ``receiver`` and
    ``dispatch_id``; where an OpenTelemetry span is current, ``trace_id`` and ``span_id`` as well.
    Outside of receivers nothing is added, and a key that is there already is left as it is.
    """
    found = surroundings()
    if found:
        try:
            for name, value in found.items():
                event_dict.setdefault(name, value)
        except AttributeError:  # it stands behind a renderer
            patching.recorder.report()
    return event_dict
