"""Records of what happened: plain data, with names and ids but none of the program's objects.

Times are nanoseconds of the recorder's clock (`time.perf_counter_ns`); what a reader sees are
durations and UTC datetimes. Names, places and cycles are worked out when they are read.
"""

from signalscope.records.call import ReceiverCall
from signalscope.records.copies import copied, placed, separate
from signalscope.records.dispatch import Dispatch
from signalscope.records.scope import Continuation, Scope

__all__ = [
    "Continuation",
    "Dispatch",
    "ReceiverCall",
    "Scope",
    "copied",
    "placed",
    "separate",
]
