"""The exceptions that Signalscope raises on purpose; every one derives from `SignalscopeError`."""

__all__ = [
    "ConfigurationError",
    "InstallError",
    "RecursionLimitExceeded",
    "SignalscopeError",
    "UnknownName",
]


class SignalscopeError(Exception):
    """The base of every error that Signalscope raises on purpose."""


class ConfigurationError(SignalscopeError):
    """The ``SIGNALSCOPE`` setting holds an unknown key or a value that cannot be used."""


class InstallError(SignalscopeError):
    """Django's dispatcher does not look as expected, so nothing was patched."""


class RecursionLimitExceeded(SignalscopeError, RecursionError):
    """A dispatch re-entered the same cycle ``MAX_DEPTH`` times.

    It is a `RecursionError`, since that is what the same cycle ends in without a limit.
    Raised from ``Signal.send`` (and its siblings), and only when ``MAX_DEPTH`` is set.
    `cycle` holds the names from the first entry of the cycle back to itself.
    """

    def __init__(self, cycle: tuple[str, ...], depth: int) -> None:
        self.cycle = cycle
        self.depth = depth
        super().__init__(
            f"{depth} rounds of one cycle, where MAX_DEPTH allows no more: {' → '.join(cycle)}"
        )


class UnknownName(SignalscopeError):
    """A string that names no signal, or no sender, of this process."""
