"""The recorder: which call is running, what hangs under what, and who is told.

Its hooks (`dispatching`, `calling`) are called from within Django's own dispatch loop, whose code
has the most frequent steps inline (`signalscope.weaving`). They never raise and never block, and
they leave no frame between a receiver and Django. Where the stack is full up to the last frame
or two, they cannot do their work: the record then has a gap, and the program its own error.

The running call is kept in one context variable (`signalscope.context`), since contexts are what
Python, asgiref and asyncio already carry into tasks and threads. The variable is set for exactly
as long as the code of a receiver runs: around a synchronous call, and around *each step* of an
asynchronous one (`signalscope.steps`). So it is right even where receivers that run concurrently
share one context, as they do from Django 6.1 on, and whatever a receiver starts inherits the
receiver as its parent.
"""

from __future__ import annotations

from typing import Any

from signalscope.context import current, sending
from signalscope.naming import known_receivers
from signalscope.recorder.calling import CallHooks
from signalscope.recorder.collector import Collector
from signalscope.recorder.dispatching import DispatchHooks
from signalscope.recorder.muting import MutingHooks
from signalscope.recorder.wiring import WiringHooks
from signalscope.records import ReceiverCall

__all__ = ["Collector", "Recorder"]


class Recorder(DispatchHooks, CallHooks, MutingHooks, WiringHooks):
    """Turns the hooks in Django's dispatch loop into records."""

    @property
    def constants(self) -> dict[str, Any]:
        """What stands in the woven code, by the name that `signalscope.weaving` has for it.

        These objects stay the same for as long as the recorder lives. What is only tested for truth
        is no constant, since the compiler would decide that at once.
        """
        return {
            "CALL": ReceiverCall,
            "CLOCK": self.clock,
            "GET": current.get,
            "ID": id,
            "KNOWN": known_receivers,
            "POST_INIT": self.of_instances[1],
            "PRE_INIT": self.of_instances[0],
            "RECORDER": self,
            "SENDING": sending.set,
            "SENDS": sending.get,
            "SET": current.set,
        }
