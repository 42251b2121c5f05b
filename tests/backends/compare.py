"""Compares spans with the recording of the same run, span by span."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from signalscope import Recording
    from tests.backends.spans import Forest, Span

SCOPE = "signalscope"
ERROR = 2
"""OTLP's code of the status "error"."""


def differences(forest: Forest, recording: Recording) -> list[str]:
    """Return what the spans tell otherwise than the recording, in words; nothing if all is equal.

    Spans of other instrumentations may lie between ours, and are passed over.
    """
    ours = [span for span in forest.spans if span.scope == SCOPE]
    found: list[str] = []
    children: dict[str, list[Span]] = {}
    for span in ours:
        children.setdefault(_nearest(span, forest), []).append(span)
    _compare_all(
        "(root)",
        [(dispatch, _dispatch(dispatch)) for dispatch in recording.dispatches],
        children.get("", []),
        children,
        found,
    )
    expected = sum(1 + len(dispatch.calls) for dispatch in recording.walk())
    if len(ours) != expected:
        found.append(f"{expected} spans were due, and {len(ours)} came")
    return found


def _nearest(span: Span, forest: Forest) -> str:
    """Return the id of the nearest span of ours around `span`, and an empty one at a root."""
    parent = forest.parent(span)
    while parent is not None and parent.scope != SCOPE:
        parent = forest.parent(parent)
    return "" if parent is None else parent.span_id


def _compare_all(
    where: str,
    records: list[tuple[Any, dict[str, Any]]],
    spans: list[Span],
    children: dict[str, list[Span]],
    found: list[str],
) -> None:
    names = [_name(record) for record, _ in records]
    if sorted(names) != sorted(span.name for span in spans):
        found.append(f"under {where}: {names} were due, {[span.name for span in spans]} came")
        return
    if names != [span.name for span in spans]:
        found.append(f"under {where}: the order is {[span.name for span in spans]}, not {names}")
        return
    for (record, attributes), span in zip(records, spans, strict=True):
        place = f"{where} > {span.name}"
        _compare(place, record, attributes, span, found)
        below = children.get(span.span_id, [])
        found.extend(
            f"{place}: {child.name} is not within its time"
            for child in below
            if child.start < span.start or child.end > span.end
        )
        if hasattr(record, "calls"):
            inner = [(call, _call(call)) for call in record.calls]
        else:
            inner = [(dispatch, _dispatch(dispatch)) for dispatch in record.dispatches]
        _compare_all(place, inner, below, children, found)


def _compare(
    place: str, record: Any, attributes: dict[str, Any], span: Span, found: list[str]
) -> None:
    told = {key: span.attributes.get(key) for key in attributes}
    found.extend(
        f"{place}: {key} is {told[key]!r}, not {value!r}"
        for key, value in attributes.items()
        if told[key] != value
    )
    if span.end - span.start != record.duration_ns:
        found.append(f"{place}: took {span.end - span.start} ns, not {record.duration_ns}")
    failed = record.error is not None
    if (span.status == ERROR) != failed:
        found.append(f"{place}: its status is {span.status}, and its error {record.error}")
    events = [event.attributes for event in span.events if event.name == "exception"]
    due = [{"exception.type": record.error.type}] if failed else []
    told_errors = [{"exception.type": each.get("exception.type")} for each in events]
    if told_errors != due:
        found.append(f"{place}: its events tell of {told_errors}, not of {due}")
    if any(not span.start <= event.time <= span.end for event in span.events):
        found.append(f"{place}: an event is not within its time")


def _name(record: Any) -> str:
    return record.label if hasattr(record, "calls") else record.receiver_name


def _dispatch(dispatch: Any) -> dict[str, Any]:
    location = dispatch.location
    return {
        "django.signal.name": dispatch.signal_name,
        "django.signal.sender": dispatch.sender_name,
        "django.signal.method": dispatch.method,
        "django.signal.depth": dispatch.depth,
        "django.signal.recursive": dispatch.recursive,
        "code.file.path": None if location is None else location.file,
        "code.line.number": None if location is None else location.line,
    }


def _call(call: Any) -> dict[str, Any]:
    return {
        "django.signal.name": call.dispatch.signal_name,
        "django.signal.sender": call.dispatch.sender_name,
        "django.signal.receiver.order": call.order,
        "code.function.name": call.receiver_name,
        "code.file.path": call.file,
        "code.line.number": call.line,
    }
