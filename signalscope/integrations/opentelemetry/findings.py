"""What the rules find, as events of the spans in which they found it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signalscope.integrations.opentelemetry.attributes import finding_attributes
from signalscope.integrations.opentelemetry.budget import More
from signalscope.integrations.opentelemetry.live import LiveSpan

if TYPE_CHECKING:
    from signalscope.records import Dispatch
    from signalscope.sightings import Sighting

__all__ = ["has_open_span", "tell"]


def has_open_span(root: Dispatch) -> bool:
    """Tell whether a root has a span of ours that will be exported: one to tell findings to.

    Where the budget of its trace is used up, there is only somebody else's, whose own events
    ours would push out, as the SDK keeps a limited number of them.
    """
    span = root.span
    if type(span) is LiveSpan:
        return span.span.is_recording()
    return span is not None and type(span) is not More


def tell(sighting: Sighting, root: Dispatch | None) -> None:
    """Add the event to the span of the call, else of its dispatch, else of the root.

    A span that is exported, or was left out, takes no more events. That of the root still does.
    """
    attributes = finding_attributes(sighting.finding)
    for record in (sighting.call, sighting.dispatch, root):
        span: Any = None if record is None else record.span
        if span is not None and type(span) is not More and span.tell(attributes):
            return
