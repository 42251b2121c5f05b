"""List what is connected, by signal and in the order of sending.

NAME narrows it to connections that have it in the name of the signal, sender or receiver.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from django.apps import apps

from signalscope.management.verbs.outcome import (
    Outcome,
    WrongUsageError,
    add_format,
    as_json,
    matching,
    width,
)
from signalscope.naming import signal_facts
from signalscope.places import short_path
from signalscope.registry.entries import items_of
from signalscope.registry.live import connections, suggestion
from signalscope.registry.senders import all_signals

if TYPE_CHECKING:
    import argparse

    from signalscope.registry.answers import Connection

__all__ = ["Numbered", "add_arguments", "answer", "numbered"]


class Numbered(NamedTuple):
    """A connection, and the place in which a send of its signal comes to it, from 1."""

    order: int
    connection: Connection


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="a part of a name")
    parser.add_argument("--app", metavar="LABEL", help="of this app: its receivers and models")
    parser.add_argument("--sender", metavar="NAME", help="what a send by this sender calls")
    parser.add_argument("--orphans", action="store_true", help="signals that nothing hears")
    add_format(parser, "text", "json")


def answer(options: dict[str, Any], style: Any) -> Outcome:
    """Return the list."""
    if options["orphans"]:
        return _orphans(options, style)
    found = numbered(options["sender"])
    if options["app"] is not None:
        found = _of_app(found, options["app"])
    if options["name"] is not None:
        wanted = set(matching(options["name"], _names(found), "signal, sender or receiver"))
        found = [each for each in found if wanted & set(_names([each]))]
    if options["format"] == "json":
        return Outcome(as_json("connections", connections=[_data(each) for each in found]))
    return Outcome(_text(found, style) or "Nothing is connected.")


def numbered(sender: str | None = None) -> list[Numbered]:
    """Return the connections, each with its place in the order of sending."""
    every = [
        Numbered(order, connection)
        for _, of_signal in groupby(connections(), key=lambda each: each.signal_name)
        for order, connection in enumerate(of_signal, 1)
    ]
    if sender is None:
        return every
    names = [each.connection.sender_name for each in every if each.connection.sender_name]
    models = [model._meta.label for model in apps.get_models()]  # noqa: SLF001 - documented
    meant = matching(sender, [*names, *models], "sender")
    return [each for each in every if each.connection.sender_name in (None, *meant)]


def _of_app(found: list[Numbered], label: str) -> list[Numbered]:
    config = next(
        (each for each in apps.get_app_configs() if label in (each.label, each.name)), None
    )
    if config is None:
        near = suggestion(label, (each.label for each in apps.get_app_configs()))
        raise WrongUsageError(f"No app has the label {label!r}.{f' {near}' if near else ''}")
    return [
        each
        for each in found
        if each.connection.receiver_name.startswith(f"{config.name}.")
        or (each.connection.sender_name or "").startswith(f"{config.label}.")
    ]


def _names(found: list[Numbered]) -> list[str]:
    return [
        name
        for _, each in found
        for name in (each.signal_name, each.sender_name, each.receiver_name)
        if name is not None
    ]


def _data(of: Numbered) -> dict[str, Any]:
    each = of.connection
    return {
        "signal": each.signal_name,
        "order": of.order,
        "sender": each.sender_name,
        "receiver": each.receiver_name,
        "dispatch_uid": None if each.dispatch_uid is None else str(each.dispatch_uid),
        "weak": each.weak,
        "is_async": each.is_async,
        "file": each.file,
        "line": each.line,
        "connected_at": None if each.connected_at is None else list(each.connected_at),
    }


def _text(found: list[Numbered], style: Any) -> str:
    lines = []
    wide = width()
    for signal, of_signal in groupby(found, key=lambda each: each.connection.signal_name):
        lines.append(style.MIGRATE_HEADING(signal))
        for order, each in of_signal:
            about = [f"for {each.sender_name or 'any sender'}"]
            if each.dispatch_uid is not None:
                about.append(f"uid {each.dispatch_uid}")
            about += [*(["async"] if each.is_async else []), *([] if each.weak else ["strong"])]
            place = "" if each.file is None else f"{short_path(each.file)}:{each.line}"
            head = f"{order:>4} {each.receiver_name}"
            rest = "  ".join([*about, *([place] if place else [])])
            if wide is None or len(head) + 2 + len(rest) <= wide:
                lines.append(f"{head}  {rest}")
            else:
                lines += [head, f"     {rest}"]
            if each.connected_at is not None and each.connected_at != (each.file, each.line):
                made = f"{short_path(each.connected_at.file)}:{each.connected_at.line}"
                lines.append(f"     connected at {made}")
    return "\n".join(lines)


def _orphans(options: dict[str, Any], style: Any) -> Outcome:
    names = sorted({signal_facts(each).name for each in all_signals() if not items_of(each)})
    if options["name"] is not None:
        names = matching(options["name"], names, "signal without receivers")
    if options["format"] == "json":
        return Outcome(as_json("orphans", signals=names))
    head = style.MIGRATE_HEADING("Signals that nothing is connected to")
    return Outcome("\n".join([head, *(f"  {name}" for name in names)]))
