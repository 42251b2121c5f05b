"""All rules over the source of receivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models.signals import post_save, pre_save

from signalscope.diagnosis.source.many import reads_many_to_many
from signalscope.diagnosis.source.raw import ignores_raw
from signalscope.diagnosis.source.receivers import listeners
from signalscope.diagnosis.source.saving import saves_own_instance
from signalscope.places import CARRIER, file_kinds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from signalscope.diagnosis.findings import Finding
    from signalscope.registry.live import Wire

__all__ = ["diagnose_sources"]

_RULES = (saves_own_instance, ignores_raw, reads_many_to_many)


def diagnose_sources(wires: Iterable[Wire]) -> list[Finding]:
    """Return what the source rules find in the save receivers among these connections.

    Django's own are left out: nobody here can change them. A receiver whose source cannot be had,
    or is too deep to be read, is skipped.
    """
    saves = [wire for wire in wires if wire.signal.ref() in (pre_save, post_save)]
    found = []
    for listener in listeners(saves):
        if file_kinds[listener.functions[-1].__code__.co_filename] == CARRIER:
            continue
        for rule in _RULES:
            try:
                found += rule(listener)
            except RecursionError:
                continue
    return found
