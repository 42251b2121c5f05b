"""Say why a receiver would or would not run, in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signalscope.management.verbs.outcome import (
    Outcome,
    WrongUsageError,
    add_format,
    as_json,
    matching,
)
from signalscope.naming import signal_facts
from signalscope.registry.inquiry import why
from signalscope.registry.live import connections
from signalscope.registry.senders import all_signals

if TYPE_CHECKING:
    import argparse

    from signalscope.registry.answers import Why

__all__ = ["add_arguments", "answer"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("receiver", metavar="RECEIVER", help="its name, or a part of it")
    parser.add_argument("--signal", metavar="NAME", help="when this signal is sent")
    parser.add_argument("--sender", metavar="NAME", help="by this sender")
    add_format(parser, "text", "json")


def answer(options: dict[str, Any], style: Any) -> Outcome:
    """Return the reasons, for each receiver that is meant."""
    signal = options["signal"]
    if signal is not None:
        names = [signal_facts(each).name for each in all_signals()]
        signal = matching(signal, names, "signal")[0]
    told = [why(name, signal, options["sender"]) for name in _meant(options["receiver"])]
    if options["format"] == "json":
        return Outcome(as_json("why", answers=[_data(each) for each in told]))
    return Outcome("\n\n".join(_text(each, style) for each in told))


def _meant(text: str) -> list[str]:
    """Return the names of the receivers that are meant."""
    known = list(dict.fromkeys(each.receiver_name for each in connections()))
    asked = why(text)
    if any(reason.id == "receiver-unknown" for reason in asked.reasons):
        near = [name for name in known if text.casefold() in name.casefold()]
        if not near:
            raise WrongUsageError(str(asked.reasons[0]))
        return near
    names = list(dict.fromkeys(each.receiver_name for each in asked.connections))
    return names if len(names) > 1 else [text]


def _text(answered: Why, style: Any) -> str:
    head, *lines = str(answered).splitlines()
    return "\n".join([(style.SUCCESS if answered.runs else style.WARNING)(head), *lines])


def _data(answered: Why) -> dict[str, Any]:
    return {
        "receiver": answered.receiver_name,
        "question": answered.question,
        "runs": answered.runs,
        "reasons": [{"id": each.id, "text": str(each)} for each in answered.reasons],
    }
