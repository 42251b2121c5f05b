"""Hooks of a receiver call: what the woven code does not do inline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signalscope.naming import receiver_facts
from signalscope.recorder.listening import Listening
from signalscope.values import error_info

if TYPE_CHECKING:
    from signalscope.naming import ReceiverFacts
    from signalscope.records import ReceiverCall

__all__ = ["CallHooks"]


class CallHooks(Listening):
    """The part of the recorder that hears of synchronous calls; `AwaitedHooks` of the others."""

    def facts_of_receiver(self, receiver: object) -> ReceiverFacts:
        """Describe a receiver, whatever it is."""
        try:
            return receiver_facts(receiver)
        except RecursionError:
            return _NAMELESS
        except Exception:  # noqa: BLE001 - no fault of ours may reach the program
            self.report()
            return _NAMELESS

    def entered(self, call: ReceiverCall) -> None:
        """Tell the sinks of a synchronous call that is about to be made."""
        try:
            # Written out, as in `begin`.
            call.error = call.span = None
            call.is_async = call.left_open = False
            if not call.dispatch.silent:
                for sink, method in self.sinks.on_call:
                    try:
                        method(call)
                    except Exception as fault:  # noqa: BLE001 - the program must not see it
                        self.sinks.failed(sink, "receiver_started", fault)
        except RecursionError:  # a full stack: not even `no_fault` has a frame left
            return
        except Exception:  # noqa: BLE001 - no fault of ours may reach the program
            self.report()

    def left(self, call: ReceiverCall) -> None:
        """Tell the sinks of a synchronous call that returned."""
        try:
            # Written out, as in `begin`.
            call.error = None
            call.is_async = False
            if self._doubts:
                self.look_at(call, raised=False)
            if not call.dispatch.silent:
                for sink, method in self.sinks.on_return:
                    try:
                        method(call)
                    except Exception as fault:  # noqa: BLE001 - the program must not see it
                        self.sinks.failed(sink, "receiver_finished", fault)
        except RecursionError:  # a full stack: not even `no_fault` has a frame left
            return
        except Exception:  # noqa: BLE001 - no fault of ours may reach the program
            self.report()

    def fail(self, call: ReceiverCall, error: BaseException) -> None:
        """Close the record of a synchronous call that raised."""
        try:
            call.ended = self.clock()
            call.error = error_info(error)
            if self._doubts:
                self.look_at(call, raised=True)
            if self.sinks and not call.dispatch.silent:
                self.sinks.receiver_finished(call)
        except RecursionError:  # a full stack: not even `no_fault` has a frame left
            return
        except Exception:  # noqa: BLE001 - no fault of ours may reach the program
            self.report()


def _nameless() -> None:
    """Stand in for a receiver that could not be described."""


_NAMELESS = receiver_facts(_nameless)
