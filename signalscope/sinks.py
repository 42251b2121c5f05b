"""The protocol of sinks, and the fence that keeps their faults from the program."""

from __future__ import annotations

import contextlib
import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

from signalscope.errors import ConfigurationError
from signalscope.reading import dotted_name
from signalscope.thrown import thrown_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from signalscope.records import Dispatch, ReceiverCall
    from signalscope.trees import Tree

__all__ = ["MAX_FAILURES", "FanOut", "Sink", "does_nothing", "imported", "made_from"]

logger: logging.Logger = logging.getLogger("signalscope")

_Method = TypeVar("_Method", bound="Callable[..., None]")

MAX_FAILURES = 10
"""A sink that failed this often is dropped."""


@runtime_checkable
class Sink(Protocol):
    """What is told of dispatches and receiver calls as they begin and end.

    The methods run inside the program's own sends, in its threads and tasks, so they should be
    quick. What they raise is logged once to the logger ``signalscope``; after `MAX_FAILURES` of
    them the sink is dropped. The program never sees it.
    """

    def dispatch_started(self, dispatch: Dispatch) -> bool | None:
        """A send found live receivers and is about to call the first.

        A sink that wants to hear no more of this dispatch may return False; where all sinks do,
        none of them does.
        """

    def dispatch_finished(self, dispatch: Dispatch) -> None:
        """The send returned or raised; its duration and error are known."""

    def receiver_started(self, call: ReceiverCall) -> None:
        """A receiver is about to run."""

    def receiver_finished(self, call: ReceiverCall) -> None:
        """A receiver returned or raised; its duration and error are known.

        Up to Django 6.0 an asynchronous receiver that raises makes ``asend`` raise while others go
        on. How these end is not told: their duration is None when ``dispatch_finished`` is.
        """


def imported(entry: Any) -> Any:
    """Return what the dotted path in ``SINKS`` names; another entry is itself.

    Raises `ConfigurationError` where nothing can be imported by that path.
    """
    if not isinstance(entry, str):
        return entry
    module, _, name = entry.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except Exception as error:
        raise ConfigurationError(
            f"SIGNALSCOPE['SINKS'] has {entry!r}, which cannot be imported "
            f"({type(error).__name__}: {error}). Name a sink, or a callable that makes one."
        ) from error


def made_from(entry: Any) -> Sink:
    """Return the sink that an entry of ``SINKS`` stands for.

    It is a sink, a callable that makes one, or the dotted path of either. Raises
    `ConfigurationError` where it is none of these.
    """
    shown = entry if isinstance(entry, str) else dotted_name(type(entry))
    found = imported(entry)
    try:
        if isinstance(found, type) or not isinstance(found, Sink):
            found = found()
    except Exception as error:
        raise ConfigurationError(
            f"SIGNALSCOPE['SINKS'] has {shown!r}, which gives no sink "
            f"({type(error).__name__}: {error}). Name a sink, or a callable that makes one."
        ) from error
    if not isinstance(found, Sink):
        raise ConfigurationError(
            f"SIGNALSCOPE['SINKS'] has {shown!r}, which gives {dotted_name(type(found))}: that has "
            "not the four methods of signalscope.Sink."
        )
    return found


def does_nothing(method: _Method) -> _Method:
    """Mark a method of a sink that is only there for the protocol: it need not be called."""
    method.does_nothing = True  # type: ignore[attr-defined]
    return method


class FanOut(list["Sink"]):
    """The sinks, each of which is told in turn.

    A list, since it is asked at every step of a dispatch whether it holds any. A sink may have two
    methods more than the protocol: ``receiver_resumed(call)`` and ``receiver_suspended(call)``
    are told of each step of an asynchronous receiver, from one suspension to the next. Both are
    called in the context that the step runs in.

    And it may have two more for the tree below a root dispatch, which is kept if one of the sinks
    wants it: ``wants_tree(dispatch)`` is asked when a root begins, and ``tree_finished(tree)``
    told when it has ended, before ``dispatch_finished``. Each such sink is told of each tree that
    is kept.
    """

    follows_steps: bool = False
    """Whether any sink wants to be told of steps."""
    asks_for_trees: bool = False
    """Whether any sink may want the tree of a root dispatch."""
    on_call: tuple[tuple[Sink, Callable[[Any], Any]], ...]
    on_return: tuple[tuple[Sink, Callable[[Any], Any]], ...]

    def __init__(self) -> None:
        super().__init__()
        self._failures: dict[int, int] = {}
        self._look_up()

    def add(self, sink: Sink) -> None:
        """Tell `sink` from now on; adding it once more changes nothing."""
        if not any(known is sink for known in self):
            self.append(sink)
            self._look_up()

    def drop(self, sink: Sink) -> None:
        """Tell `sink` no more; dropping an unknown one changes nothing."""
        self[:] = [known for known in self if known is not sink]
        self._failures.pop(id(sink), None)
        self._look_up()

    def _look_up(self) -> None:
        # Methods are looked up here, once, and not at each of the many times they are called.
        self._on_start = self._methods("dispatch_started")
        self._on_finish = self._methods("dispatch_finished")
        self.on_call = self._methods("receiver_started")
        self.on_return = self._methods("receiver_finished")
        self._on_resume = self._methods("receiver_resumed")
        self._on_suspend = self._methods("receiver_suspended")
        self.follows_steps = bool(self._on_resume or self._on_suspend)
        self._on_root = self._methods("wants_tree")
        self._on_tree = self._methods("tree_finished")
        self.asks_for_trees = bool(self._on_root)

    def _methods(self, event: str) -> tuple[tuple[Sink, Callable[[Any], Any]], ...]:
        found = ((sink, getattr(sink, event, None)) for sink in self)
        return tuple(
            (sink, method)
            for sink, method in found
            if method is not None and not getattr(method, "does_nothing", False)
        )

    @property
    def hears_starts(self) -> bool:
        """Whether any sink wants to be told that a receiver call begins."""
        return bool(self.on_call)

    def dispatch_started(self, dispatch: Dispatch) -> bool:
        """Tell that a dispatch began; return whether any sink wants to hear more of it."""
        wanted = len(self._on_start) < len(self)
        for sink, method in self._on_start:
            try:
                if method(dispatch) is not False:
                    wanted = True
            except Exception as error:  # noqa: BLE001 - the program must not see it
                self.failed(sink, "dispatch_started", error)
        return wanted

    def dispatch_finished(self, dispatch: Dispatch) -> None:
        """Tell that a dispatch ended."""
        for sink, method in self._on_finish:
            try:
                method(dispatch)
            except Exception as error:  # noqa: BLE001 - the program must not see it
                self.failed(sink, "dispatch_finished", error)

    def receiver_started(self, call: ReceiverCall) -> None:
        """Tell that a receiver call began."""
        for sink, method in self.on_call:
            try:
                method(call)
            except Exception as error:  # noqa: BLE001 - the program must not see it
                self.failed(sink, "receiver_started", error)

    def receiver_finished(self, call: ReceiverCall) -> None:
        """Tell that a receiver call ended."""
        for sink, method in self.on_return:
            try:
                method(call)
            except Exception as error:  # noqa: BLE001 - the program must not see it
                self.failed(sink, "receiver_finished", error)

    def receiver_resumed(self, call: ReceiverCall) -> None:
        """Tell that a step of an asynchronous call begins."""
        for sink, method in self._on_resume:
            try:
                method(call)
            except Exception as error:  # noqa: BLE001 - the program must not see it
                self.failed(sink, "receiver_resumed", error)

    def receiver_suspended(self, call: ReceiverCall) -> None:
        """Tell that a step of an asynchronous call ends."""
        for sink, method in self._on_suspend:
            try:
                method(call)
            except Exception as error:  # noqa: BLE001 - the program must not see it
                self.failed(sink, "receiver_suspended", error)

    def wants_tree(self, dispatch: Dispatch) -> bool:
        """Tell whether any sink wants the tree of a root dispatch that has begun."""
        wanted = False
        for sink, method in self._on_root:
            try:
                if method(dispatch):
                    wanted = True
            except Exception as error:  # noqa: BLE001 - the program must not see it
                self.failed(sink, "wants_tree", error)
        return wanted

    def tree_finished(self, tree: Tree) -> None:
        """Tell that a root dispatch ended whose tree was kept."""
        for sink, method in self._on_tree:
            try:
                method(tree)
            except Exception as error:  # noqa: BLE001 - the program must not see it
                self.failed(sink, "tree_finished", error)

    def failed(self, sink: Sink, event: str, error: Exception) -> None:
        """Report what a sink raised, the first time; drop it when it did so too often.

        Raises it again where the program threw it in.
        """
        if type(error) is RecursionError:
            return  # the program's stack is full, which is no fault of the sink's
        if thrown_in(error, by_own_code=False):
            raise error
        failures = self._failures[id(sink)] = self._failures.get(id(sink), 0) + 1
        name = dotted_name(type(sink))
        if failures >= MAX_FAILURES:
            self.drop(sink)
        # A handler of that logger may raise, too.
        with contextlib.suppress(Exception):
            if failures == 1:
                logger.error("Sink %s failed in %s", name, event, exc_info=error)
            if failures >= MAX_FAILURES:
                logger.error("Sink %s failed %d times and was dropped", name, failures)
