"""All rules over what is wired, those over the receivers' sources included."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from signalscope.diagnosis.silencing import ignored
from signalscope.diagnosis.source.rules import diagnose_sources
from signalscope.diagnosis.wiring.duplicates import duplicates
from signalscope.diagnosis.wiring.lifetimes import short_lived
from signalscope.diagnosis.wiring.senders import silent_senders, unresolved_senders
from signalscope.diagnosis.wiring.signatures import strict_signatures
from signalscope.diagnosis.wiring.unimported import never_imported
from signalscope.registry.live import wires_of
from signalscope.registry.senders import all_signals

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from signalscope.diagnosis.findings import Finding
    from signalscope.registry.live import Wire

__all__ = ["diagnose_wiring"]

logger: logging.Logger = logging.getLogger("signalscope")
_RULES: tuple[Callable[[list[Wire]], list[Finding]], ...] = (
    duplicates,
    unresolved_senders,
    silent_senders,
    never_imported,
    strict_signatures,
    short_lived,
    diagnose_sources,
)


def diagnose_wiring(silenced: Collection[str] = ()) -> list[Finding]:
    """Return what the rules find in what is wired now, by id, less what is silenced.

    Reads sources; imports, calls and changes nothing. To be asked once all apps are ready. A rule
    that fails is left out, and named in the log.
    """
    wires = wires_of(all_signals())
    found = [each for rule in _RULES for each in _found_by(rule, wires)]
    heard = [each for each in found if each.id not in silenced and not ignored(each)]
    return sorted(heard, key=lambda each: (each.id, each.receiver or "", each.message))


def _found_by(rule: Callable[[list[Wire]], list[Finding]], wires: list[Wire]) -> list[Finding]:
    try:
        return rule(wires)
    except Exception:  # a fault of ours must not stop a program from starting
        logger.warning("A rule failed: %s", rule.__name__, exc_info=True)
        return []
