"""Who asked for the hooks, and for how long: install and uninstall, hold and release, sinks."""

from __future__ import annotations

import contextlib
import logging
import threading

from signalscope import conf
from signalscope.errors import ConfigurationError, SignalscopeError
from signalscope.matching import SignalFilter
from signalscope.naming import name_signals, signal_facts
from signalscope.patching.hooking import hook, unhook
from signalscope.patching.instance import recorder
from signalscope.patching.targets import FOR_RECORDINGS, IF_LOADED
from signalscope.registry.senders import all_signals
from signalscope.sinks import Sink

__all__ = [
    "add_sink",
    "configure",
    "configured",
    "hold",
    "install",
    "install_or_warn",
    "name_for_sinks",
    "release",
    "remove_sink",
    "track",
    "uninstall",
]

_GUARD = "MAX_DEPTH"
"""Stands in the recorder's list of listeners while a limit of depth is to be watched."""

logger: logging.Logger = logging.getLogger("signalscope")

_lock = threading.RLock()


class _State:
    """Who asked for the hooks: somebody for good, and how many for a while."""

    for_good = False
    holders = 0
    settings: conf.Settings | None = None
    tracks = False


def install() -> None:
    """Hook Django's signals, as the settings say; installing again changes nothing.

    Raises `InstallError` where Django's dispatcher is not one that the hooks fit, and
    `ConfigurationError` where the settings cannot be used.
    """
    with _lock:
        configure()
        hook()
        _State.for_good = True
        if recorder.max_depth is not None and _GUARD not in recorder.active:
            # The limit holds where nobody records, too.
            recorder.active.append(_GUARD)
        if _State.tracks:
            recorder.follow()


def configure() -> conf.Settings:
    """Read the settings, and let the recorder follow them; return them.

    Raises `ConfigurationError` where they cannot be used.
    """
    settings = conf.load()
    if settings != _State.settings:
        _State.settings = settings
        recorder.max_depth = settings.max_depth
        recorder.max_records = settings.max_records
        recorder.sinks_want = SignalFilter(allow=settings.allow, deny=settings.deny)
    return settings


def configured() -> conf.Settings:
    """Return the settings as `configure` read them last, which takes no time.

    Raises `ConfigurationError` where it has to read them first, and they cannot be used.
    """
    return _State.settings or configure()


def install_or_warn() -> None:
    """Install; where that cannot be, say so in the log and leave the program as it is."""
    try:
        install()
    except SignalscopeError as error:
        logger.warning("Signalscope sees no signals: %s", error)


def uninstall() -> None:
    """Give every function its own code back; uninstalling again changes nothing.

    Open recordings stay open and see nothing more. Sends that are under way finish under the code
    that they began with.
    """
    with _lock:
        _State.for_good = False
        _State.holders = 0
        if _GUARD in recorder.active:
            recorder.active.remove(_GUARD)
        recorder.unfollow()
        unhook()


def add_sink(sink: Sink) -> None:
    """Tell `sink` of all dispatches, in all contexts, from now on; see `Sink`.

    It hears nothing while Signalscope is not installed, and nothing of the signals that the
    settings leave out. Adding it once more changes nothing. Raises `ConfigurationError` where it
    has not the methods of a sink.
    """
    if not isinstance(sink, Sink):
        raise ConfigurationError(
            f"add_sink() got a value of type {type(sink).__name__}, which has not the four methods "
            "of signalscope.Sink. Give it an object that does; a class has to be called first."
        )
    configure()
    recorder.add_sink(sink)
    name_for_sinks()


def name_for_sinks() -> None:
    """Look for the names of all signals that there are, if there is a sink.

    Most sinks read names while the program runs, where a search for each would be a part of what
    they measure.
    """
    if not recorder.sinks:
        return
    with contextlib.suppress(Exception):  # no fault of ours may reach the program
        for signal in all_signals():
            signal_facts(signal)
        name_signals()


def remove_sink(sink: Sink) -> None:
    """Tell `sink` no more; removing one that was not added changes nothing."""
    recorder.remove_sink(sink)


def track() -> None:
    """Let it be known from now on which receiver runs, wherever Signalscope is installed.

    It is known without this while there is a sink, and within a recording.
    """
    with _lock:
        _State.tracks = True
        if _State.for_good:
            recorder.follow()


def hold(*, records: bool = False) -> None:
    """Install until the matching `release`, unless somebody has installed for longer.

    `records` tells that it is for a recording.

    Raises `InstallError` as `install` does.
    """
    with _lock:
        hook(FOR_RECORDINGS if records else IF_LOADED)
        _State.holders += 1


def release() -> None:
    """End what `hold` began."""
    with _lock:
        _State.holders = max(_State.holders - 1, 0)
        if not _State.holders and not _State.for_good:
            unhook()
