"""The rules about errors of receivers: W105 swallowed-error, W106 skipped-after-error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signalscope.diagnosis.grouping import (
    Key,
    finding_about,
    grouped,
    key_of,
    label,
    names_of,
    times,
)
from signalscope.naming import short_name

if TYPE_CHECKING:
    from signalscope.diagnosis.findings import Finding
    from signalscope.records import Dispatch, ReceiverCall

__all__ = ["broken_transactions", "skipped_after_errors", "swallowed_errors"]

_VETOES = frozenset(
    {
        "django.core.exceptions.PermissionDenied",
        "django.core.exceptions.ValidationError",
        "django.db.models.deletion.ProtectedError",
        "django.db.models.deletion.RestrictedError",
    }
)
"""What a ``pre_`` receiver raises to forbid what was to come."""

_INTERRUPTS = frozenset({"GeneratorExit", "KeyboardInterrupt", "SystemExit"})


def swallowed_errors(dispatches: list[Dispatch]) -> list[Finding]:
    """W105: what a receiver raised was kept by ``send_robust`` or ``asend_robust``."""
    robust = [
        dispatch
        for dispatch in dispatches
        if dispatch.method.endswith("_robust")
        and dispatch.error is None
        and dispatch.ended is not None
    ]
    found = []
    for calls in grouped(robust, lambda call: call.error is not None).values():
        receiver, signal = names_of(calls)
        first = str(calls[0].error).rstrip(".")
        left = ""
        more: dict[str, Any] = {}
        if any(call.broken for call in calls):
            left, more = ", and left a broken transaction", {"broken": True}
        found.append(
            finding_about(
                "W105",
                calls,
                f"{receiver} raised {first}, {times(len(calls))}, and "
                f"{calls[0].dispatch.method}() kept it ({signal}){left}.",
                "Look at what it returns, or handle the error in the receiver.",
                errors=sorted({str(call.error) for call in calls})[:10],
                **more,
            )
        )
    return found


def broken_transactions(dispatches: list[Dispatch]) -> list[Finding]:
    """W105: a statement failed, the call returned, and its transaction can only be rolled back."""
    found = []
    for calls in grouped(dispatches, lambda call: call.broken and call.error is None).values():
        receiver, signal = names_of(calls)
        found.append(
            finding_about(
                "W105",
                calls,
                f"{receiver} returned though a statement of it had failed "
                f"({signal}), {times(len(calls))}, and left a transaction that can "
                "only be rolled back.",
                "Put transaction.atomic() around the statement, inside the try that handles it.",
                broken=True,
            )
        )
    return found


def skipped_after_errors(dispatches: list[Dispatch]) -> list[Finding]:
    """W106: receivers did not run as an earlier one raised."""
    raised: dict[Key, list[ReceiverCall]] = {}
    skipped: dict[Key, dict[str, None]] = {}
    for dispatch in dispatches:
        if dispatch.error is None or _forbids(dispatch):
            continue
        names = [
            _name(receiver) for receiver, reason in dispatch.skipped if reason == "error-before"
        ]
        failed = next((call for call in reversed(list(dispatch.calls)) if call.error), None)
        if names and failed is not None:
            key = key_of(failed)
            raised.setdefault(key, []).append(failed)
            skipped.setdefault(key, {}).update(dict.fromkeys(names))
    found = []
    for key, calls in raised.items():
        receiver, signal, sender = key
        names = list(skipped[key])
        found.append(
            finding_about(
                "W106",
                calls,
                f"{receiver} raised {str(calls[0].error).rstrip('.')} ({label(signal, sender)}), "
                f"{times(len(calls))}, so that these did not run: {', '.join(names)}.",
                "Handle the error in the receiver, or send with send_robust().",
                skipped=names,
            )
        )
    return found


def _forbids(dispatch: Dispatch) -> bool:
    kind = dispatch.error.type if dispatch.error else ""
    before = short_name(dispatch.signal_name).startswith("pre_")
    return kind in _INTERRUPTS or (before and kind in _VETOES)


def _name(receiver: object) -> str:
    return receiver if isinstance(receiver, str) else str(receiver.name)  # type: ignore[attr-defined]
