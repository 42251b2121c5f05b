"""What a line of a log is told about where it was written: receiver, dispatch and trace."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from signalscope import patching
from signalscope.context import current, parent_and_scope
from signalscope.records import Continuation, ReceiverCall

if TYPE_CHECKING:
    from signalscope.context import Current

__all__ = ["CONTEXT_KEYS", "TRACE_KEYS", "running_call", "surroundings", "trace_ids"]

CONTEXT_KEYS = ("signal", "sender", "receiver", "dispatch_id")
"""What a line has that the application logs inside a receiver."""

TRACE_KEYS = ("trace_id", "span_id")
"""What it has as well where an OpenTelemetry span is current."""


def running_call(found: Current) -> ReceiverCall | None:
    """Return the innermost receiver call that still runs around `found`, None outside of any.

    A callback on commit belongs to the receiver that asked for it, though that has ended. A task
    or thread that outlives its receiver belongs to the next one around that still runs.
    """
    while found is not None:
        if type(found) is ReceiverCall:
            if found.ended is None:
                return found
            # When the dispatch has ended, what was around it is known by its parent alone.
            found = found.dispatch.outer or found.dispatch.parent
        elif type(found) is Continuation:
            if not found.over:
                return parent_and_scope(found)[0]
            found = found.of
        else:
            found = found.outer  # type: ignore[union-attr]  # a Scope
    return None


def surroundings() -> dict[str, Any]:
    """Return `CONTEXT_KEYS` of the receiver whose code runs here, and `TRACE_KEYS` if there are.

    Empty outside of receivers. Never raises.
    """
    found = current.get()
    if found is None:
        return {}
    try:
        call = running_call(found)
        if call is None:
            return {}
        dispatch = call.dispatch
        return {
            "signal": dispatch.signal_name,
            "sender": dispatch.sender_name,
            "receiver": call.receiver_name,
            "dispatch_id": dispatch.id,
            **trace_ids(),
        }
    except RecursionError:
        return {}
    except Exception:  # noqa: BLE001 - no fault of ours may reach the program
        patching.recorder.report()
        return {}


def trace_ids() -> dict[str, str]:
    """Return `TRACE_KEYS` of the current OpenTelemetry span, in hex; empty where there is none.

    OpenTelemetry is asked only where the program has loaded it.
    """
    trace = sys.modules.get("opentelemetry.trace")
    current_span = getattr(trace, "get_current_span", None)
    if current_span is None:
        return {}
    context = current_span().get_span_context()
    if not context.is_valid:
        return {}
    return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}
