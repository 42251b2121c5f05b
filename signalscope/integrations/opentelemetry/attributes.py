"""What spans tell of a dispatch and of a receiver call: names, attributes and events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signalscope.records import ReceiverCall

if TYPE_CHECKING:
    from signalscope.diagnosis.findings import Finding
    from signalscope.records import Dispatch
    from signalscope.values import ErrorInfo

__all__ = [
    "CODE_FILE_PATH",
    "CODE_FUNCTION_NAME",
    "CODE_LINE_NUMBER",
    "CYCLE",
    "DEPTH",
    "ERROR_TYPE",
    "FINDING",
    "FINDING_COUNT",
    "FINDING_ID",
    "FINDING_MESSAGE",
    "FINDING_NAME",
    "FINDING_SEVERITY",
    "METHOD",
    "ORDER",
    "RECURSION",
    "RECURSIVE",
    "SENDER",
    "SIGNAL",
    "UNFINISHED",
    "attributes_of",
    "exception_attributes",
    "finding_attributes",
    "name_of",
]

SIGNAL = "django.signal.name"
SENDER = "django.signal.sender"
METHOD = "django.signal.method"
RECURSIVE = "django.signal.recursive"
DEPTH = "django.signal.depth"
ORDER = "django.signal.receiver.order"
UNFINISHED = "django.signal.receiver.unfinished"
RECURSION = "django.signal.recursion"
"""Name of the event of a dispatch that repeats one around it."""
CYCLE = "django.signal.cycle"
FINDING = "django.signal.finding"
"""Name of the event of what a rule found."""
FINDING_ID = "django.signal.finding.id"
FINDING_NAME = "django.signal.finding.name"
FINDING_SEVERITY = "django.signal.finding.severity"
FINDING_MESSAGE = "django.signal.finding.message"
FINDING_COUNT = "django.signal.finding.count"

# From OpenTelemetry's semantic conventions; by name, since which module has them as constants
# depends on the release.
CODE_FUNCTION_NAME = "code.function.name"
CODE_FILE_PATH = "code.file.path"
CODE_LINE_NUMBER = "code.line.number"
ERROR_TYPE = "error.type"
EXCEPTION_TYPE = "exception.type"
EXCEPTION_MESSAGE = "exception.message"


def name_of(record: Dispatch | ReceiverCall) -> str:
    """Return ``post_save bookstore.Book`` for a dispatch, the receiver's dotted name for a call."""
    return record.receiver_name if isinstance(record, ReceiverCall) else record.label


def attributes_of(record: Dispatch | ReceiverCall) -> dict[str, Any]:
    """Return the attributes of its span that are known when it begins."""
    if isinstance(record, ReceiverCall):
        return _of_call(record)
    return _of_dispatch(record)


def _of_dispatch(dispatch: Dispatch) -> dict[str, Any]:
    # The place is that of the send.
    found: dict[str, Any] = {
        SIGNAL: dispatch.signal_name,
        METHOD: dispatch.method,
        DEPTH: dispatch.depth,
        RECURSIVE: dispatch.recursive,
    }
    if dispatch.sender_name is not None:
        found[SENDER] = dispatch.sender_name
    location = dispatch.location
    if location is not None:
        found[CODE_FILE_PATH] = location.file
        found[CODE_LINE_NUMBER] = location.line
    return found


def _of_call(call: ReceiverCall) -> dict[str, Any]:
    # The place is the receiver's.
    found: dict[str, Any] = {
        SIGNAL: call.dispatch.signal_name,
        CODE_FUNCTION_NAME: call.receiver_name,
    }
    optional = {
        SENDER: call.dispatch.sender_name,
        ORDER: call.order,
        CODE_FILE_PATH: call.file,
        CODE_LINE_NUMBER: call.line,
    }
    found.update({key: value for key, value in optional.items() if value is not None})
    return found


def exception_attributes(error: ErrorInfo) -> dict[str, str]:
    """Return the attributes of an event ``exception``; there is no stack, as none is recorded."""
    return {EXCEPTION_TYPE: error.type, EXCEPTION_MESSAGE: error.message}


def finding_attributes(finding: Finding) -> dict[str, Any]:
    """Return the attributes of an event `FINDING`, which may be on a span around the place."""
    optional = {
        SIGNAL: finding.signal,
        SENDER: finding.sender,
        CODE_FUNCTION_NAME: finding.receiver,
    }
    return {
        FINDING_ID: finding.id,
        FINDING_NAME: finding.name,
        FINDING_SEVERITY: finding.severity,
        FINDING_MESSAGE: finding.message,
        FINDING_COUNT: finding.evidence["count"],
        **{key: value for key, value in optional.items() if value is not None},
    }
