"""Which dispatches and receiver calls get a span, and what is current inside."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from opentelemetry.context import Context
from opentelemetry.trace import set_span_in_context

from signalscope.integrations.opentelemetry.budget import More
from signalscope.integrations.opentelemetry.currents import (
    SPAN_KEY,
    attach,
    detach,
    get_current,
    restore,
)
from signalscope.integrations.opentelemetry.findings import has_open_span, tell
from signalscope.integrations.opentelemetry.live import LiveSpan
from signalscope.integrations.opentelemetry.placing import Placing
from signalscope.sightings import sightings
from signalscope.thrown import thrown_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from signalscope.integrations.opentelemetry.metrics import Metrics
    from signalscope.integrations.opentelemetry.tracing import Tracing
    from signalscope.matching import SignalFilter
    from signalscope.records import Dispatch, ReceiverCall
    from signalscope.trees import Tree

__all__ = ["TracingSink"]

logger: logging.Logger = logging.getLogger("signalscope")


class TracingSink(Placing):
    """Hears of dispatches and receiver calls, and makes spans of them.

    While a receiver runs, its span is OpenTelemetry's current one; afterwards the one before is,
    whatever the receiver did. A span is current for each step of an asynchronous receiver alone, as
    receivers that run concurrently may share a context.
    """

    wants_tree: Callable[[Dispatch], bool] | None = None
    """What `FanOut` asks at a root; None where spans are not to tell of findings."""
    tree_finished: Callable[[Tree], None] | None = None

    def __init__(  # noqa: PLR0913 - the instrumentor's options
        self,
        tracing: Tracing,
        metrics: Metrics,
        *,
        wants: SignalFilter,
        min_duration_ns: int = 0,
        max_spans: int | None = None,
        dispatch_hook: Callable[[Any, Dispatch], None] | None = None,
        receiver_hook: Callable[[Any, ReceiverCall], None] | None = None,
        findings: bool = True,
    ) -> None:
        super().__init__(tracing, max_spans)
        self._metrics = metrics
        self._verdicts: Any = wants.verdicts
        self._wants = wants
        self._min_duration_ns = min_duration_ns
        self._dispatch_hook = dispatch_hook
        self._receiver_hook = receiver_hook
        self._finishes_plainly = not min_duration_ns and receiver_hook is None
        self._complained = False
        self._on_idle: Callable[[], None] | None = None
        if findings:
            self.wants_tree = has_open_span
            self.tree_finished = self._tell_findings

    def stop(self, on_idle: Callable[[], None]) -> None:
        """Start no more traces; call `on_idle` as soon as what is traced has ended."""
        self._on_idle = on_idle
        self._rest()

    def _rest(self) -> None:
        if not self._traced and self._on_idle is not None:
            on_idle, self._on_idle = self._on_idle, _nothing
            on_idle()

    # --- Dispatches -------------------------------------------------------------------------------

    def dispatch_started(self, dispatch: Dispatch) -> bool:
        """Give it a span, unless it is not wanted, not sampled, or over the budget.

        False where there is nothing to tell of it.
        """
        try:
            wanted = self._verdicts[dispatch.signal_facts]
        except KeyError:
            wanted = self._wants(dispatch.signal_facts, dispatch.sender_facts)  # type: ignore[arg-type]
        # A dispatch that runs on commit brings the span of the call that asked for that.
        link = None if dispatch.span is None else _asked_by(dispatch.span)
        dispatch.span = None
        if not wanted or self._on_idle is not None:
            return False
        if not self._metrics.is_on:
            self._metrics.look()
        tracing = self._tracing
        if tracing.tracer is None and not tracing.is_ready():
            return self._metrics.is_on
        around: Any = get_current().get(SPAN_KEY)
        late = tracing.late
        if late is None or not late.is_unseen():
            self._live(dispatch, around, link)
        elif type(around) is late.kind:
            self._nest(dispatch, around, around.trace, late, link)
        else:
            self._join(dispatch, around, late, link)
        return dispatch.span is not None or self._metrics.is_on

    def dispatch_finished(self, dispatch: Dispatch) -> None:
        """End its span."""
        span = dispatch.span
        if span is not None:
            if type(span) is More:
                around = span.under
                if around is not None and around.is_recording():
                    around.set_attributes(span.attributes())
            else:
                for call in dispatch.calls:
                    # Up to Django 6.0 it goes on after another has made `asend` raise.
                    if call.left_open and call.span is not None and not call.span.is_over:
                        self._finish(call, call.span, self._receiver_hook)
                self._finish(dispatch, span, self._dispatch_hook)
                self._traced.discard(dispatch)
                if self._on_idle is not None:
                    self._rest()
        if self._metrics.is_on and self._verdicts.get(dispatch.signal_facts):
            self._metrics.dispatched(dispatch)

    def _tell_findings(self, tree: Tree) -> None:
        for each in sightings(tree):
            # What another sink hears of may be no business of this one.
            if self._verdicts.get(each.dispatch.signal_facts):
                tell(each, tree.root)

    # --- Receiver calls ---------------------------------------------------------------------------

    def receiver_started(self, call: ReceiverCall) -> None:
        """Give it a span, which is current from here on where the call is synchronous."""
        around = call.dispatch.span
        if around is None or type(around) is More:
            return
        trace = around.trace
        if trace.left <= 0:
            return
        trace.left -= 1
        if type(around) is LiveSpan:
            if around.span.is_recording():
                context = set_span_in_context(around.span)
                span: Any = self._tracing.live(call, trace, context=context)
            else:
                span = LiveSpan.passing(around.span, trace)
            current: Any = span.span
        else:
            current = span = self._tracing.late.span(call, around, trace)  # type: ignore[union-attr]
        call.span = span
        outer = get_current()
        inside = span.inside = Context(outer)
        dict.__setitem__(inside, SPAN_KEY, current)  # which a context itself refuses
        if call.is_async:
            return
        span.outer = outer
        span.token = attach(inside)

    def receiver_finished(self, call: ReceiverCall) -> None:
        """End its span; what was current before is current again."""
        span = call.span
        if span is None:
            around = call.dispatch.span
            if around is not None:
                self._count(call, around)
        else:
            if not call.is_async:
                if get_current() is span.inside:
                    detach(span.token)
                else:
                    restore(span)
            if self._finishes_plainly and type(span) is not LiveSpan:
                self._tracing.late.finish(span)  # type: ignore[union-attr]
            else:
                self._finish(call, span, self._receiver_hook)
        if self._metrics.is_on and self._verdicts.get(call.dispatch.signal_facts):
            self._metrics.called(call)

    def receiver_resumed(self, call: ReceiverCall) -> None:
        """Make its span current for a step."""
        span = call.span
        if span is not None:
            # One that Django left running has a span that is over.
            span.outer = None if span.is_over else get_current()
            if span.outer is not None:
                attach(span.inside)

    def receiver_suspended(self, call: ReceiverCall) -> None:
        """Make current what was before the step."""
        span = call.span
        if span is not None and span.outer is not None:
            span.inside = get_current()
            attach(span.outer)

    @staticmethod
    def _count(call: ReceiverCall, around: Any) -> None:
        if type(around) is not More:
            if around.more is None:
                around.more = More()
            around = around.more
        around.add(call)

    # --- Ends -------------------------------------------------------------------------------------

    def _finish(self, record: Any, span: Any, hook: Callable[[Any, Any], None] | None) -> None:
        if hook is not None:
            self._call(hook, span, record)
        if type(span) is LiveSpan:
            span.finish(record)
            return
        if (
            self._min_duration_ns
            and span.given is None
            and not span.is_needed
            and record.error is None
            and not span.is_filled
            and not span.findings
            and record.ended is not None
            and record.ended - record.started < self._min_duration_ns
        ):
            span.is_over = True
            span.trace.left += 1
            return
        around = span.around
        if type(around) is type(span):
            around.is_needed = True
        self._tracing.late.finish(span)  # type: ignore[union-attr]

    def _call(self, hook: Callable[[Any, Any], None], span: Any, record: Any) -> None:
        try:
            hook(span.span if type(span) is LiveSpan else span, record)
        except Exception as error:  # the program must not see it
            if thrown_in(error, by_own_code=False):
                raise
            if not self._complained:
                self._complained = True
                logger.exception(
                    "The hook %r of SignalscopeInstrumentor failed; this is said once", hook
                )


def _nothing() -> None:
    """Stand for what has been done."""


def _asked_by(asked: Any) -> Any:
    """Return the identity of the receiver call that asked for a callback on commit."""
    if asked is None or (asked.is_over and not asked.is_exported):
        return None
    return asked.span.get_span_context() if type(asked) is LiveSpan else asked.get_span_context()
