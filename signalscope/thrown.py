"""Exceptions that the program throws into whatever runs, ours among it.

A handler of the system's signals may raise (Celery's soft time limit does, and what it raises is
an `Exception`), and so may a tracing function, or another thread by ``PyThreadState_SetAsyncExc``.
If that strikes while code of ours runs, it is the program's all the same, and goes on to it.
"""

from __future__ import annotations

import functools
import signal
import sys
import types
from typing import Any

from signalscope.reading import bases_of, class_dict, class_module, plain_text

__all__ = ["no_fault", "thrown_in"]

_OURS = sys.stdlib_module_names | {"asgiref", "django", "signalscope"}
"""Where the classes come from that a fault of ours can be of."""


def thrown_in(error: BaseException, *, by_own_code: bool = True) -> bool:
    """Tell whether an exception that a guard of ours caught was thrown in.

    Told from a fault by its class, which may be one that nothing of ours raises, and by its
    traceback, which may go through a handler of the system's signals. With `by_own_code` off the
    guard is around code of the program's, as a sink is, which may raise any class. What another
    thread throws in of a class of Python's own cannot be told from a fault.
    """
    if by_own_code:
        module = plain_text(class_module.__get__(type(error)))
        if module is not None and module.partition(".")[0] not in _OURS:
            return True
    # By id: woven code has constants without a hash. Handlers that are set keep theirs alive.
    handlers = {id(_code_of(signal.getsignal(number))) for number in signal.valid_signals()}
    at = error.__traceback__
    while at is not None:
        if id(at.tb_frame.f_code) in handlers:
            return True
        at = at.tb_next
    return False


def _code_of(handler: Any) -> types.CodeType | None:
    """Return the code that runs when a handler is called; None where it is in C, or none is set."""
    while True:
        kind = type(handler)
        if kind is types.FunctionType:
            code: types.CodeType = handler.__code__
            return code
        if kind is types.MethodType:
            handler = handler.__func__
        elif kind is functools.partial:
            handler = handler.func
        else:
            called = [each for base in bases_of(kind) if (each := _call_of(base)) is not None]
            if not called or type(called[0]) is not types.FunctionType:
                return None
            handler = called[0]


def _call_of(cls: type) -> Any:
    return class_dict.__get__(cls).get("__call__")


class _NoFault:
    """Suppresses what code of ours raises within: no fault of ours may reach the program."""

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _at: object) -> bool:
        return isinstance(error, Exception) and (
            isinstance(error, RecursionError) or not thrown_in(error)
        )


no_fault: _NoFault = _NoFault()
