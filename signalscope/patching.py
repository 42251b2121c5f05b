"""Install and uninstall: the only file that knows which functions of Django are hooked.

Django's own code goes on dispatching. `install` takes the source of the functions below, puts hooks
into it (`signalscope.weaving`) and gives the new code to the existing functions, as
``Signal.send.__code__``. `uninstall` gives them back the code objects that they had.

What this buys over a wrapper, or over a dispatch loop of our own:

- Each Django dispatches exactly as that Django does, to the last log message and error.
- Receivers run at Django's own frame depth, sync and async alike, and tracebacks read the same.
- ``Signal.send`` stays the very object that it is, so it does not matter who else wrapped it,
  subclassed it or took a reference to it, nor when.
- While nobody records, the program runs Django's own statements behind one look at an empty list.

Where the source is not what it is expected to be, nothing is patched and `InstallError` says so.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import types
from importlib import import_module
from pathlib import Path
from typing import Any

import asgiref
import django
from django.db import connections
from django.db.models.signals import post_init, pre_init

from signalscope import conf, weaving
from signalscope.errors import ConfigurationError, InstallError, SignalscopeError
from signalscope.matching import SignalFilter
from signalscope.naming import name_signals, signal_facts
from signalscope.places import file_kinds
from signalscope.recorder import Recorder
from signalscope.registry import connect_log
from signalscope.registry.senders import all_signals
from signalscope.sinks import Sink
from signalscope.weaving import Weave

__all__ = [
    "add_sink",
    "configure",
    "configured",
    "hold",
    "install",
    "install_or_warn",
    "is_installed",
    "name_for_sinks",
    "recorder",
    "release",
    "remove_sink",
    "track",
    "uninstall",
]

recorder = Recorder()
recorder.wiring = connect_log
recorder.connections = connections
recorder.of_instances = (pre_init, post_init)

for _package in (django, asgiref):
    file_kinds.add_carrier(str(Path(str(_package.__file__)).parent))

Targets = dict[str, tuple[Weave, ...]]
"""Functions by the name of their module."""

SENDS = ("send", "send_robust", "asend", "asend_robust")

ESSENTIAL = {
    "django.dispatch.dispatcher": tuple(
        Weave("Signal", name, weaving.dispatching) for name in SENDS
    ),
}
"""Without these there is nothing to see."""

if django.VERSION >= (6, 1):
    ESSENTIAL["django.dispatch.dispatcher"] += (Weave(None, "_run_parallel", weaving.running),)
    recorder.hears_of_runs = True

FURTHER = {
    "django.dispatch.dispatcher": (
        *(Weave("Signal", name, weaving.connecting) for name in ("connect", "disconnect")),
        Weave("Signal", "__init__", weaving.creating),
    ),
    "django.db.models.signals": (Weave("ModelSignal", "connect", weaving.postponing),),
    "django.db.backends.utils": tuple(
        Weave("CursorWrapper", name, weaving.querying) for name in ("_execute", "_executemany")
    ),
    "django.db.backends.base.base": tuple(
        Weave("BaseDatabaseWrapper", name, weaving.deferring)
        for name in ("on_commit", "run_and_clear_commit_hooks")
    ),
    "django.db.models.query": tuple(
        Weave("QuerySet", name, weaving.bypassing)
        for name in ("bulk_create", "bulk_update", "update", "_raw_delete")
    ),
}
"""Where somebody else replaced one of these for good, its facts are missing from the records."""

IF_LOADED: dict[str, Targets] = {
    "django.test.testcases": {
        "django.test.testcases": (Weave("TestCase", "captureOnCommitCallbacks", weaving.deferring),)
    },
}
"""Nobody should load a test framework because of us."""

FOR_RECORDINGS: dict[str, Targets] = IF_LOADED | {
    "django.core.mail": {
        "django.core.mail": (Weave(None, "send_mass_mail", weaving.mailing),),
        "django.core.mail.message": (Weave("EmailMessage", "send", weaving.mailing),),
    },
    "django.tasks.base": {
        "django.tasks.base": tuple(
            Weave("Task", name, weaving.enqueuing) for name in ("enqueue", "aenqueue")
        )
    },
    # Celery loads its tasks' module with the first task that is used, which may be in a recording.
    "celery.app.base": {
        "celery.app.base": (Weave("Celery", "send_task", weaving.publishing),),
        "celery.app.task": (Weave("Task", "apply_async", weaving.publishing),),
    },
}
"""Nobody but a recording hears of mails and tasks, so these are hooked when one is opened; what a
program loads later, when the next one is."""

_GUARD = "MAX_DEPTH"
"""Stands in the recorder's list of listeners while a limit of depth is to be watched."""

logger = logging.getLogger("signalscope")

_lock = threading.RLock()
_replaced: dict[types.FunctionType, tuple[types.CodeType, types.CodeType]] = {}
"""Function → (the code it had, the code it got)."""


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
        _hook()
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
        _unhook()


def is_installed() -> bool:
    """Tell whether the send methods are hooked."""
    return bool(_replaced)


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
        _hook(FOR_RECORDINGS if records else IF_LOADED)
        _State.holders += 1


def release() -> None:
    """End what `hold` began."""
    with _lock:
        _State.holders = max(_State.holders - 1, 0)
        if not _State.holders and not _State.for_good:
            _unhook()


def _hook(if_loaded: dict[str, Targets] = IF_LOADED) -> None:
    found = {}
    if not _replaced:
        found = _functions(ESSENTIAL, essential=True) | _functions(FURTHER)
        connect_log.start(recorder.clock())
    for name in if_loaded.keys() - _loaded:
        if name in sys.modules and not _is_being_loaded(name):
            found |= _functions_if_known(name)
            _loaded.add(name)
    for function, woven in found.items():
        _replaced[function] = (function.__code__, woven)
        function.__code__ = woven


def _is_being_loaded(name: str) -> bool:
    """Tell whether another thread, or a caller of ours, is still running the module's code."""
    spec = getattr(sys.modules[name], "__spec__", None)
    return bool(getattr(spec, "_initializing", False))


def _functions_if_known(name: str) -> dict[types.FunctionType, types.CodeType]:
    """Return the functions of a module; none where its release is one that the hooks do not fit."""
    try:
        return _functions(FOR_RECORDINGS[name])
    except Exception as error:
        if name.startswith("django."):
            raise
        logger.info("%s is not watched: %s", name, error)
        return {}


_loaded: set[str] = set()
"""The names of `FOR_RECORDINGS` that are hooked."""

_woven: dict[str, dict[Weave, weaving.WovenCode]] = {}
"""Woven code by module; made once, since reading and compiling Django's source takes a while."""


def _functions(
    targets: Targets, *, essential: bool = False
) -> dict[types.FunctionType, types.CodeType]:
    """Return Django's functions with the code that they are to get."""
    functions = {}
    for name, weaves in targets.items():
        module = import_module(name)
        known = _woven.setdefault(name, {})
        if not known.keys() >= set(weaves):
            known.update(weaving.weave(module, weaves, recorder))
        for each in weaves:
            function = _original(_owner(module, each), each.name, known[each].plain)
            if function is not None:
                functions[function] = known[each].woven
            elif essential:
                raise _out_of_reach(name, each)
            else:
                logger.info("%s", _out_of_reach(name, each))
    return functions


def _unhook() -> None:
    connect_log.stop(recorder.clock())
    for function, (original, ours) in _replaced.items():
        if function.__code__ is ours:
            function.__code__ = original
    _replaced.clear()
    _loaded.clear()


# --- Finding Django's functions -------------------------------------------------------------------


def _owner(module: types.ModuleType, each: Weave) -> Any:
    return module if each.owner is None else getattr(module, each.owner)


def _original(owner: Any, name: str, plain: types.CodeType) -> types.FunctionType | None:
    """Return Django's own function, also from below a wrapper that somebody put around it."""
    seen: set[int] = set()
    queue: list[Any] = [owner.__dict__.get(name)]
    while queue:
        candidate = queue.pop(0)
        if isinstance(candidate, (classmethod, staticmethod)):
            candidate = candidate.__func__
        if not isinstance(candidate, types.FunctionType) or id(candidate) in seen:
            continue
        seen.add(id(candidate))
        if candidate.__code__ == plain:
            return candidate
        if len(seen) < 100:  # noqa: PLR2004 - wrappers are few; a search without end is no search
            queue += _within_reach(candidate)
    return None


def _within_reach(wrapper: types.FunctionType) -> list[Any]:
    """Return the places where a wrapper usually keeps what it wraps."""
    cells = []
    for cell in wrapper.__closure__ or ():
        try:
            cells.append(cell.cell_contents)
        except ValueError:  # an empty cell
            continue
    names = [wrapper.__globals__.get(name) for name in wrapper.__code__.co_names]
    return [wrapper.__dict__.get("__wrapped__"), *cells, *names, *(wrapper.__defaults__ or ())]


def _out_of_reach(module: str, each: Weave) -> InstallError:
    found = _owner(import_module(module), each).__dict__.get(each.name)
    return InstallError(
        f"{each.owner or module}.{each.name} is not Django {django.get_version()}'s own function "
        f"(it comes from {getattr(found, '__module__', type(found).__name__)}), and the original "
        "was not found behind it. Install Signalscope before whatever replaces it."
    )
