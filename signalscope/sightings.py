"""What the rules find in the tree of a root dispatch, and in which call they saw it first."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from signalscope import patching
from signalscope.diagnosis.runtime import diagnose, may_find
from signalscope.records import copied, placed

if TYPE_CHECKING:
    from signalscope.diagnosis.findings import Finding
    from signalscope.records import Dispatch, ReceiverCall
    from signalscope.trees import Tree
    from signalscope.values import Bypass

__all__ = ["Sighting", "sightings"]


class Sighting(NamedTuple):
    """A finding, and the records in which it was seen first."""

    finding: Finding
    dispatch: Dispatch
    call: ReceiverCall | None
    """None where it cannot be told."""


def sightings(tree: Tree) -> tuple[Sighting, ...]:
    """Return what the rules find in a tree whose root has ended; worked out once for all sinks.

    Never raises: a rule that fails is reported once, and finds nothing.
    """
    if tree.found is None:
        tree.found = ()
        try:
            tree.found = _look(tree)
        except RecursionError:
            pass  # the program's stack is full
        except Exception:  # noqa: BLE001 - no fault of ours may reach the program
            patching.recorder.report()
    found: tuple[Sighting, ...] = tree.found
    return found


def _look(tree: Tree) -> tuple[Sighting, ...]:
    settings = patching.configured()
    kept, bypasses = list(tree.kept), list(tree.bypasses)
    mine, beside = kept, bypasses
    if may_find(
        kept,
        slow_ms=settings.slow_ms,
        repeated=settings.repeated_queries,
        has_queries=tree.has_queries,
    ):
        # Rules look down from a call, as well. The records themselves are shared with recordings.
        mine = copied(kept) if len(kept) > 1 else kept
        beside = placed(bypasses, kept, mine)
    elif not bypasses:
        return ()
    found = diagnose(
        mine,
        beside,
        [],  # mails and tasks are noted for recordings only
        slow_ms=settings.slow_ms,
        repeated=settings.repeated_queries,
        silenced=settings.silenced,
    )
    by_id = {each.id: each for each in kept} if found else {}
    return tuple(_sighting(finding, by_id, kept[0], bypasses) for finding in found)


def _sighting(
    finding: Finding, by_id: dict[int, Dispatch], root: Dispatch, bypasses: list[Bypass]
) -> Sighting:
    seen = finding.evidence["dispatches"]
    dispatch = by_id.get(seen[0], root) if seen else root
    if finding.signal is None:
        # A bulk operation: the finding names the receivers that it skipped.
        calls = (each.parent for each in bypasses if each.location in finding.places)
    else:
        calls = (each for each in dispatch.calls if each.receiver_name == finding.receiver)
    call = next((each for each in calls if each is not None and each.dispatch is dispatch), None)
    return Sighting(finding, dispatch, call)
