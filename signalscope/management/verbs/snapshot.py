"""Write what is connected to a file that can be reviewed, and compared by diff.

It holds names, senders, order and how each is connected; no ids, no paths and no lines, so that it
changes only when the connections do. Signals that no module holds have no name to be known by, and
are left out. FILE may be - for standard output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signalscope.management.verbs.listing import numbered
from signalscope.management.verbs.outcome import Outcome, WrongUsageError, as_json, write

if TYPE_CHECKING:
    import argparse

__all__ = ["add_arguments", "answer", "checked", "taken"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", metavar="FILE", help="the file to write")


def answer(options: dict[str, Any], style: Any) -> Outcome:
    """Write the file."""
    signals = taken()
    shown = write(options["file"], as_json("wiring", signals=signals))
    count = sum(map(len, signals.values()))
    told = style.SUCCESS(f"{count} connections of {len(signals)} signals in {options['file']}")
    return Outcome(shown or told)


def taken() -> dict[str, list[dict[str, Any]]]:
    """Return what is connected: signal → its receivers in the order of sending."""
    signals: dict[str, list[dict[str, Any]]] = {}
    for _, each in numbered():
        if each.signal_name.startswith("<"):
            continue  # what it is called has the path or the id of this run
        signals.setdefault(each.signal_name, []).append(
            {
                "receiver": each.receiver_name,
                "sender": each.sender_name,
                "dispatch_uid": None if each.dispatch_uid is None else str(each.dispatch_uid),
                "weak": each.weak,
                "is_async": each.is_async,
            }
        )
    return dict(sorted(signals.items()))


_TEXT: tuple[type, ...] = (str,)
_TEXT_OR_NONE = (str, type(None))
_TYPES = {
    "receiver": _TEXT,
    "sender": _TEXT_OR_NONE,
    "dispatch_uid": _TEXT_OR_NONE,
    "weak": (bool,),
    "is_async": (bool,),
}


def checked(snapshot: dict[str, Any], path: str) -> dict[str, list[dict[str, Any]]]:
    """Return what `taken` returned and was read from `path`.

    Raises `WrongUsageError` where it is not that.
    """
    signals = snapshot.get("signals")
    if not isinstance(signals, dict) or not all(map(_are_connections, signals.values())):
        raise WrongUsageError(f"{path} is damaged: no snapshot looks so. Take it anew.")
    return signals


def _are_connections(found: Any) -> bool:
    return isinstance(found, list) and all(
        isinstance(each, dict)
        and all(isinstance(each.get(key, 0), types) for key, types in _TYPES.items())
        for each in found
    )
