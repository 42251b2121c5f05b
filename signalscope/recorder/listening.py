"""Who listens: recordings, sinks, and whoever asks which receiver runs."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from signalscope.awaited import AwaitedHooks
from signalscope.context import current, parent_and_scope
from signalscope.matching import SignalFilter
from signalscope.naming import signal_facts
from signalscope.orm import OrmHooks
from signalscope.records import Scope
from signalscope.sinks import FanOut
from signalscope.thrown import thrown_in
from signalscope.values import WallClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from signalscope.recorder.collector import Collector
    from signalscope.sinks import Sink

__all__ = ["Listening"]

logger: logging.Logger = logging.getLogger("signalscope")

_FOLLOWING = "FOLLOWING"
"""Stands in the list of listeners where `Listening.follow` is on."""


class Listening(AwaitedHooks, OrmHooks):
    """What the recorder knows of those who listen, which all of its hooks ask.

    `active` is empty as long as nobody does: the one thing that an idle send looks at.
    """

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        super().__init__()
        self.clock = clock
        self.active: list[object] = []
        self.sinks: FanOut = FanOut()
        self.tells: bool = False
        """Whether there are sinks; a plain bool, since it is asked at every step."""
        self.tells_starts: bool = False
        """Whether one of them wants to hear that a call begins."""
        self.follows: bool = False
        """Whether somebody asks which receiver runs (the context of log lines)."""
        self.sinks_want: SignalFilter = SignalFilter()
        self.max_depth: int | None = None
        self.max_records = 10_000
        """How much of a tree is kept for sinks; a recording has a limit of its own."""
        self.muting: list[object] = []
        self.of_instances: tuple[object, object] = (None, None)
        """``pre_init`` and ``post_init``: each instance of a model sends them, mostly to nobody."""
        self.hears_of_instances: bool = False
        """Whether a recording wants one of these."""
        self.hears_of_runs = False
        """Whether `ran` is told how gathered coroutines end (from Django 6.1 on)."""
        self._reported = False
        self._anywhere = Scope(None, (), self.wall_clock())

    def wall_clock(self) -> WallClock:
        """Read both clocks at once."""
        return WallClock(datetime.now(UTC), self.clock())

    def open(self, collector: Collector) -> Scope:
        """Let `collector` see what the current context starts from here on."""
        outer = current.get()
        parent, around = parent_and_scope(outer)
        collectors = (*around.collectors, collector) if around else (collector,)
        scope = Scope(parent, collectors, self.wall_clock())
        scope.outer = outer
        scope.wiring = self.wiring
        scope.counts_queries = collector.queries or (around is not None and around.counts_queries)
        self.active.append(scope)
        self._listen()
        current.set(scope)
        return scope

    def close(self, scope: Scope) -> None:
        """End what `open` began, in every context that inherited it."""
        # Tasks and threads that outlive the recording hold the scope still: what it lets see is
        # changed in place. This also parts the records from their collector, so that no cycle
        # keeps them.
        scope.collectors = scope.collectors[:-1]
        with contextlib.suppress(ValueError):
            self.active.remove(scope)
        self._listen()
        if current.get() is scope:
            current.set(scope.outer)

    def _listen(self) -> None:
        scopes = [each for each in list(self.active) if type(each) is Scope]
        wants = [collector.wants for scope in scopes for collector in scope.collectors]
        signals = list(map(signal_facts, self.of_instances))
        self.hears_of_instances = any(each.may_want(facts) for each in wants for facts in signals)

    def add_sink(self, sink: Sink) -> None:
        """Tell `sink` of everything, in all contexts."""
        if not self.sinks:
            self.active.append(self.sinks)
        self.sinks.add(sink)
        self.tells = True
        self.tells_starts = self.sinks.hears_starts

    def follow(self) -> None:
        """Keep track of which receiver runs, though nobody is told."""
        self.follows = True
        if _FOLLOWING not in self.active:
            self.active.append(_FOLLOWING)

    def unfollow(self) -> None:
        """End what `follow` began."""
        self.follows = False
        if _FOLLOWING in self.active:
            self.active.remove(_FOLLOWING)

    def remove_sink(self, sink: Sink) -> None:
        """Tell `sink` no more."""
        self.sinks.drop(sink)
        self.tells_starts = self.sinks.hears_starts
        if not self.sinks:
            self.tells = bool(self._doubts)
            # By identity: an empty list equals any other.
            self.active[:] = [each for each in self.active if each is not self.sinks]

    def report(self) -> None:
        """Log the fault at hand, once; what is none of ours is raised again.

        A full stack is no fault, and leaves no room for this.
        """
        error = sys.exc_info()[1]
        if error is not None and thrown_in(error):
            raise error
        if self._reported or isinstance(error, MemoryError):
            return
        self._reported = True
        with contextlib.suppress(Exception):  # a logging set-up that raises
            logger.error("Recording a signal failed; the record has a gap", exc_info=error)
