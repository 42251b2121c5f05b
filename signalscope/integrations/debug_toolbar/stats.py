"""What the panel keeps of a request: the recording as plain data, packed for the toolbar's store.

The toolbar keeps the last 25 requests, and parses the data of all panels of all of them whenever
its history is refreshed. So the recording is stored as one compressed string, which costs nothing
to parse and is unpacked only when somebody looks; the few figures for the side bar stand beside it.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from signalscope.rendering.data import SCHEMA

__all__ = ["EMPTY", "pack", "unpack", "without_receivers_of"]

EMPTY: dict[str, Any] = {
    "schema": SCHEMA,
    "dropped": 0,
    "dispatches": [],
    "bypasses": [],
    "effects": [],
    "unheard": [],
    "findings": [],
}
"""A recording that saw nothing."""


def pack(recording: dict[str, Any]) -> str:
    """Return a recording (as `Recording.to_dict` gives it) as one short ASCII string."""
    text = json.dumps(recording, separators=(",", ":"))
    # The fastest level: a recording is repetitive, and more effort saves little.
    return base64.b64encode(zlib.compress(text.encode(), 1)).decode("ascii")


def unpack(packed: str) -> dict[str, Any]:
    """Return what `pack` was given, as JSON brings it back."""
    recording: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed)))
    return recording


def without_receivers_of(package: str, recording: dict[str, Any]) -> dict[str, Any]:
    """Return `recording` less the dispatches that reached receivers of `package` alone.

    The toolbar itself listens to ``template_rendered``, ``task_enqueued`` and a signal for static
    files. What only it hears says nothing of the program. A dispatch that set off others stays.
    """
    dispatches = recording["dispatches"]
    bypasses = recording["bypasses"]
    effects = recording.get("effects", [])
    beside = (*dispatches, *bypasses, *effects)
    parents = {each["parent"][0] for each in beside if each["parent"]}
    prefix = f"{package}."
    moved: dict[int, int] = {}
    kept: list[dict[str, Any]] = []
    for index, dispatch in enumerate(dispatches):
        calls = dispatch["calls"]
        if (
            index not in parents
            and calls
            and all(call["receiver_name"].startswith(prefix) for call in calls)
        ):
            continue
        moved[index] = len(kept)
        kept.append(dispatch)
    if len(kept) == len(dispatches):
        return recording

    def settled(record: dict[str, Any]) -> dict[str, Any]:
        if not record["parent"]:
            return record
        around, call = record["parent"]
        return {**record, "parent": [moved[around], call]}

    return {
        **recording,
        "dispatches": list(map(settled, kept)),
        "bypasses": list(map(settled, bypasses)),
        "effects": list(map(settled, effects)),
        **_findings_about(kept, recording),
    }


def _findings_about(kept: list[dict[str, Any]], recording: dict[str, Any]) -> dict[str, Any]:
    """Return the findings, less those that are only about dispatches that are not `kept`."""
    if "findings" not in recording:
        return {}
    ids = {each["id"] for each in kept}
    found = []
    for each in recording["findings"]:
        about = each.get("evidence", {}).get("dispatches", ())
        if not about or not ids.isdisjoint(about):
            found.append(each)
    return {"findings": found}
