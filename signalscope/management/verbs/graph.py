"""Draw who triggers whom: from what is connected, and from recordings what receivers sent in turn.

--of Review answers what saving, deleting or changing a Review sets off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps

from signalscope.management.verbs.listing import numbered
from signalscope.management.verbs.outcome import (
    Outcome,
    add_format,
    harmless,
    matching,
    read_recording,
)
from signalscope.rendering.graphs import FORMATS, Graph, drawn

if TYPE_CHECKING:
    import argparse

__all__ = ["add_arguments", "answer"]

_OF_MODELS = {
    *("pre_init", "post_init", "pre_save", "post_save", "pre_delete", "post_delete"),
    "m2m_changed",
}
"""Signals that each model sends, so that who hears any sender hears each of them."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--of", metavar="NAME", help="below the sends by this sender, or of this signal"
    )
    parser.add_argument(
        "--from",
        metavar="FILE",
        dest="recordings",
        action="append",
        default=[],
        help="a recording that tells what receivers sent; may be given several times",
    )
    add_format(parser, *FORMATS)


def answer(options: dict[str, Any], style: Any) -> Outcome:  # noqa: ARG001 - as each verb
    """Return the drawing."""
    graph = Graph()
    for _, each in numbered():
        graph.connect((each.signal_name, each.sender_name), each.receiver_name)
    for path in options["recordings"]:
        graph.add_recording(read_recording(path).to_dict())
    if options["of"] is not None:
        senders = {sender for _, sender in graph.calls if sender is not None}
        models = [model._meta.label for model in apps.get_models()]  # noqa: SLF001 - documented
        signals = {signal for signal, _ in graph.calls}
        meant = matching(options["of"], [*senders, *models, *signals], "sender or signal")
        roots = [sent for sent in graph.calls if set(sent) & set(meant)]
        # A model that nothing is connected to by name sets off what is connected for any sender.
        roots += [
            (signal, name)
            for name in meant
            if name not in signals
            for signal, sender in graph.calls
            if sender is None and signal.rpartition(".")[2] in _OF_MODELS
        ]
        graph = graph.below(dict.fromkeys(roots))
    shown = drawn(graph, options["format"])
    # In JSON they are written out by what writes it.
    return Outcome(harmless(shown) or "Nothing is connected.")
