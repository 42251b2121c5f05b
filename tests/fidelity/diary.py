"""What is written down of a run, and in which words."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import gc
import logging
import re
import sys
import threading
import types
import warnings
import weakref
from typing import TYPE_CHECKING, Any

from django.dispatch.dispatcher import NO_RECEIVERS

from tests.fidelity import programs
from tests.fidelity.words import place, plain, short, type_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.dispatch import Signal

__all__ = ["VARIABLES", "Diary"]

VARIABLES = [contextvars.ContextVar(f"program's {i}") for i in range(programs.VARIABLES)]

OURS = "signalscope"
OPENTELEMETRY = "current_context"
"""OpenTelemetry's variable, which it is asked to set where signals are traced."""
"""The one variable that contexts may have besides the program's.

It is how the recorder finds its way into tasks and threads, and documented; what a context holds
otherwise is compared.
"""

_LATE = re.compile(r"was never (awaited|retrieved)")

PLAIN_TYPES = (int, str, bool, type(None))


class Diary:
    """Keeps the events of one run; looks at objects without running any code of theirs."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        """What happened, in order; each begins with a word for what it is."""
        self.late: list[Any] = []
        """Complaints about tasks and coroutines, whose order is that of addresses in a set."""
        self.lingering: list[frozenset[str]] = []
        """After each step, what was still alive before the garbage was collected."""
        self.senders: list[Any] = []
        self._lives: list[tuple[str, weakref.ref[Any]]] = []

    def note(self, what: str, *details: Any) -> None:
        """Write an event down."""
        self.events.append((what, *details))

    def track(self, label: str, target: Any) -> Any:
        """Watch how long `target` lives, and call it `label` from now on; return it."""
        self._lives.append((label, weakref.ref(target)))
        return target

    # --- While the program runs -------------------------------------------------------------------

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Write down what is logged, warned of, and raised where nobody catches it."""
        handler = _Handler(self)
        root = logging.getLogger()
        level, hooks = root.level, (sys.unraisablehook, threading.excepthook)
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        sys.unraisablehook = threading.excepthook = self._unraisable
        gc.disable()
        gc.freeze()  # what is there already needs no looking through
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("always")
                warnings.showwarning = self._warned
                yield
                gc.collect()
                self.events += sorted(self.late, key=repr)
        finally:
            gc.unfreeze()
            gc.enable()
            sys.unraisablehook, threading.excepthook = hooks
            root.setLevel(level)
            root.removeHandler(handler)

    @contextlib.contextmanager
    def caught(self, what: str, *, catches: bool) -> Iterator[None]:
        """Write down the error that ends a block, and that nothing of ours stays in the context."""
        ours = our_value()
        try:
            yield
        except BaseException as error:
            self.note(what, "raised", self.describe_error(error))
            if not catches:
                raise
        finally:
            if our_value() is not ours:
                self.note("our own context variable was not set back")

    def _warned(self, message: Any, category: Any, filename: Any, lineno: Any, *_: Any) -> None:
        text = plain(str(message))
        event = ("warning", category.__name__, text, short(filename), lineno)
        (self.late if _LATE.search(text) else self.events).append(event)

    def _unraisable(self, args: Any) -> None:
        self.note("unraisable", self.describe_error(args.exc_value))

    # --- What lasts -------------------------------------------------------------------------------

    def observe(self, signals: list[Signal]) -> None:
        """Write down all that lasts: context, registry, and who is alive."""
        self.lingering.append(frozenset(self.alive()))
        gc.collect()
        senders = {id(sender): f"sender {i}" for i, sender in enumerate(self.senders)}
        senders[id(None)] = "any sender"
        registry = tuple(self._connections(signal, senders) for signal in signals)
        self.note("afterwards", self.context(), registry, self.alive())

    def context(self) -> tuple[Any, ...]:
        """Return what the program's variables hold here, and the names of all that are set."""
        named = {var.name for var in contextvars.copy_context()}
        names = sorted(named - {OURS, OPENTELEMETRY})
        return tuple(variable.get(None) for variable in VARIABLES), tuple(names)

    def alive(self) -> tuple[str, ...]:
        """Return which of the tracked objects live."""
        return tuple(label for label, ref in self._lives if ref() is not None)

    def _connections(self, signal: Signal, senders: dict[int, str]) -> tuple[Any, ...]:
        connections = []
        for (key, sender), reference, *rest in signal.receivers:
            weak = isinstance(reference, weakref.ReferenceType)
            receiver = reference() if weak else reference
            label = "dead" if receiver is None else self.describe(receiver)
            uid = key if isinstance(key, str) else None
            of = senders.get(sender, "another sender")
            kind = type(reference).__name__ if weak else "strong"
            connections.append((label, uid, of, kind, rest[-1]))
        cache = [
            (senders.get(id(sender)), "none" if found is NO_RECEIVERS else len(found))
            for sender, found in signal.sender_receivers_cache.items()
        ]
        return tuple(connections), tuple(cache), signal._dead_receivers

    # --- Words for objects ------------------------------------------------------------------------

    def describe(self, value: Any) -> Any:  # noqa: PLR0911 - one for each kind of value
        """Name a value by its identity, or its type; runs no code of it."""
        kind = type(value)
        # Not `kind in (...)`: this asks the class whether it equals, and classes are watched too.
        if any(kind is each for each in PLAIN_TYPES):
            return value
        if issubclass(kind, BaseException):
            return self.describe_error(value)
        if kind is types.MethodType:
            return self.describe(value.__self__), value.__func__.__name__
        for label, ref in self._lives:
            if ref() is value:
                return label
        for i, sender in enumerate(self.senders):
            if sender is value:
                return f"sender {i}"
        if kind is list or kind is tuple:
            return [self.describe(each) for each in value]
        if kind is dict:
            return [(self.describe(key), self.describe(each)) for key, each in value.items()]
        return f"<{type_name(kind)}>"

    def describe_error(self, error: BaseException | None, depth: int = 4) -> Any:
        """Name all that an error carries, and the frames of its traceback."""
        if error is None or depth == 0:
            return error is None
        get = functools.partial(object.__getattribute__, error)
        frames = []
        traceback = get("__traceback__")
        while traceback is not None:
            code = traceback.tb_frame.f_code
            if not _may_be_missing(code):
                frames.append(place(code, traceback.tb_lineno))
            traceback = traceback.tb_next
        described: dict[str, Any] = {
            "type": type_name(type(error)),
            # The contents of a group follow below.
            "args": [plain(self.describe(arg)) for arg in get("args") if type(arg) is not list],
            "notes": list(get("__dict__").get("__notes__", ())),
            "frames": tuple(frames),
            "context": self.describe_error(get("__context__"), depth - 1),
            "cause": self.describe_error(get("__cause__"), depth - 1),
            "suppressed": get("__suppress_context__"),
            "identity": next((label for label, ref in self._lives if ref() is error), None),
        }
        if isinstance(error, BaseExceptionGroup):
            described["group"] = [self.describe_error(each, depth - 1) for each in error.exceptions]
        return described


class _Handler(logging.Handler):
    def __init__(self, diary: Diary) -> None:
        super().__init__()
        self._diary = diary

    def emit(self, record: logging.LogRecord) -> None:
        error = None if not record.exc_info else type_name(type(record.exc_info[1]))
        at = short(record.pathname), record.lineno, record.funcName
        message = plain(record.getMessage())
        event = ("log", record.name, record.levelname, message, error, at)
        late = _LATE.search(message)
        (self._diary.late if late else self._diary.events).append(event)


def our_value() -> Any:
    """Return what our context variable holds here, by its name: where it lives is our affair."""
    return next(
        (value for var, value in contextvars.copy_context().items() if var.name == OURS), None
    )


def _may_be_missing(code: Any) -> bool:
    """Tell whether Python leaves a frame out of some tracebacks.

    Up to 3.11 a coroutine into which an error is thrown while its caller handles another one is
    missing there, unless it has a handler of its own. Django's ``asend`` has none, and ours has.
    """
    return (
        sys.version_info < (3, 12)
        and code.co_name == "asend"
        and code.co_filename.endswith("dispatcher.py")
    )
