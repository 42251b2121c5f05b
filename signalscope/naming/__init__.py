"""From live objects to names and places.

A record must not keep the program's objects alive, so it refers to *facts*: one small object for
each receiver, sender and signal, made when that object is first seen and shared by all records.
Facts hold a weak reference and plain strings. Nothing here imports Django, and nothing here runs
code of the program (see `signalscope.reading`): no ``repr`` or ``str`` of foreign objects either.
"""

from signalscope.naming.known import (
    MAY_BE_STALE,
    known_receivers,
    known_senders,
    known_signals,
)
from signalscope.naming.receivers import ReceiverFacts, owner_of, receiver_facts, stand_in_facts
from signalscope.naming.senders import SenderFacts, sender_facts
from signalscope.naming.signals import (
    SignalFacts,
    name_signals,
    note_origin,
    short_name,
    signal_facts,
)

__all__ = [
    "MAY_BE_STALE",
    "ReceiverFacts",
    "SenderFacts",
    "SignalFacts",
    "known_receivers",
    "known_senders",
    "known_signals",
    "name_signals",
    "note_origin",
    "owner_of",
    "receiver_facts",
    "sender_facts",
    "short_name",
    "signal_facts",
    "stand_in_facts",
]
