"""Programs that go everywhere, so that what is proved does not hang on what was generated.

One of a few fixed programs has every kind of receiver, every outcome, every way to send and every
query; `EXPECTED` says what is counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fidelity.generating import METHODS, PLAIN_KINDS, QUERIES, QUERY_WAYS, STYLES, WAYS
from tests.fidelity.programs import (
    CACHING,
    RAISES,
    RECEIVERS,
    RETURNS,
    Advance,
    Atomic,
    Both,
    Connect,
    Disconnect,
    Drop,
    HasListeners,
    OnCommit,
    Program,
    Query,
    Receiver,
    Send,
    SetVariable,
    Sleep,
    Warn,
    Wrap,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fidelity.interpreter import Trace
    from tests.fidelity.programs import Operation

__all__ = ["EXPECTED", "sights", "tours"]

OUTCOMES = (*dict.fromkeys(RETURNS), *RAISES)
STOPS = ("a BaseException", "CancelledError")
KINDS = {style: list(dict.fromkeys(kinds)) for style, kinds in STYLES.items()}


def tours(style: str) -> Iterator[Program]:
    """Yield programs which do all that `EXPECTED` has for this style."""
    if style == "database":
        yield from (_tour_of_database(number) for number in range(9))
    else:
        yield from (_tour(style, number) for number in range(9))


def _send(method: str, signal: int, number: int = 0, *, cancelled_after: Any = None) -> Send:
    payload = ("nothing", "objects", "model instance", "watched objects")[number % 4]
    way = WAYS[number % len(WAYS)]
    return Send(method, signal, 0, payload, way, catches=True, cancelled_after=cancelled_after)


def _tour(style: str, number: int) -> Program:
    bodies: list[tuple[Operation, ...]] = [
        (SetVariable(0, scoped=True), _send(METHODS[number % 4], 1), Sleep(1)),
        (Warn(1), SetVariable(1, scoped=False)),
        (Sleep(2), *[Drop(4)] * (number in (2, 3))),
        (Advance(asynchronous=False), Advance(asynchronous=True)),
        (Disconnect(1, 1, None, None), _send(METHODS[number % 4], 2)),
        (HasListeners(0, 0), Connect(0, 1, None, weak=False, uid="uid")),
    ]
    receivers = []
    for index, body in enumerate(bodies):
        kind = KINDS[style][(6 * number + index) % len(KINDS[style])]
        receivers.append(Receiver(kind, body, OUTCOMES[(5 * number + index) % len(OUTCOMES)]))
    # What ends a send for good comes last.
    order = sorted(range(RECEIVERS), key=lambda index: receivers[index].outcome in STOPS)
    signals = range(len(CACHING))
    sends = [_send(method, signal) for signal in signals for method in METHODS]
    ways = [_send(METHODS[(way + number) % 4], way % 3, way) for way in range(len(WAYS))]
    cancelled = [_send(METHODS[2 + turns % 2], 0, cancelled_after=turns) for turns in range(3)]
    return Program(
        senders=("watched class", "watched instance") if number % 2 else ("class", "string"),
        receivers=tuple(receivers),
        generator=_send(METHODS[number % 4], 1),
        steps=(
            *(Connect(each % 3, each, None, weak=each == 4, uid=None) for each in order),
            Advance(asynchronous=number % 2 == 0),
            *ways,
            *cancelled,
            Both(_send("asend", 0), _send("asend_robust", 1)),
            Drop(4),
            *sends[number % 2 :: 2],
        ),
        in_loop=number % 2 == 0,
        eager=number % 3 == 0,
        debug=number % 3 == 1,
        database=False,
    )


def _tour_of_database(number: int) -> Program:
    # Some kinds fail where nobody awaits them; with the last kinds, all queries come to an end.
    kinds = KINDS["database"] if number < 3 else ["function"]
    bodies: list[tuple[Operation, ...]] = [
        (Query("count", 0, "by sync_to_async"),),
        (OnCommit((_send("send", 0),), robust=bool(number % 2), fails=number == 2),),
        (SetVariable(0, scoped=True),),
        (),
        (_send("send_robust", 0), Query("count", 0, "by sync_to_async")),
        (),
    ]
    receivers = [
        Receiver(kinds[(number * RECEIVERS + index) % len(kinds)], body, "None")
        for index, body in enumerate(bodies)
    ]
    way = QUERY_WAYS[number // 2 % 3]
    queries = [Query(what, 0, way) for what in QUERIES[number % 6 :: 6] if what != "wrong SQL"]
    create = Query("create", 0, way)
    wrong = Query("wrong SQL", 0, way)
    rolled_back = Atomic((create,), "an error", savepoint=True)
    deferred = OnCommit((_send("send", 0), create), robust=True, fails=True)
    return Program(
        senders=("model", "model between"),
        receivers=tuple(receivers),
        generator=_send("send", 0),
        steps=(
            *(Connect(3 + each, each, None, weak=False, uid=None) for each in range(RECEIVERS)),
            Connect(0, 3, None, weak=False, uid=None),
            create,
            *(each for query in queries for each in (create, query)),
            _send("asend", 1),
            Atomic((create, rolled_back), "commits", savepoint=True),
            Atomic((deferred, Wrap((create,), "queries")), "commits", savepoint=True),
            Atomic((wrong,), "commits", savepoint=True),
            Wrap((create,), "fails"),
        ),
        in_loop=number in (1, 2),
        eager=False,
        debug=number % 2 == 0,
        database=True,
    )


# --- What was seen --------------------------------------------------------------------------------


def sights(  # noqa: C901 - a table, one row a kind of event
    program: Program, trace: Trace
) -> Iterator[str]:
    """Yield a word for everything worth counting in what `program` did."""
    for event in trace.events:
        match event:
            case ("receiver runs", index, kind, _, signal, _, _, thread, stack):
                yield f"runs: {kind}"
                yield f"in {thread}"
                yield f"ends with: {program.receivers[index].outcome}"
                yield from _places(stack)
                if signal >= len(CACHING):
                    yield "hears of a model"
            case ("cancelled", _, {"type": "CancelledError"}):
                yield "a cancelled send"
            case ("query", _, what, *_):
                yield f"query: {what}"
            case ("at the end of a block", _, (_, _, [_, *_], *_)):
                yield "a savepoint"
            case ("afterwards", _, registry, _):
                if any(one[0] == "dead" for connections, *_ in registry for one in connections):
                    yield "a dead receiver"
            case ("log", name, *_):
                yield f"log of {name}"
            case (str(what), "raised", *_):
                yield f"{what.rstrip('0123456789 ')} raised"
            case (str(what), *_):
                yield what


def _places(stack: tuple[str, ...]) -> Iterator[str]:
    names = [place.rpartition(" ")[2] for place in stack]
    if names.count("play") + names.count("aplay") > 1:
        yield "a nested send"
    yield from {"callback", "wrapper"} & set(names)


MUTE = {"runs: builtin method"}
"""Built-in functions keep no diary."""

_ANYWHERE = {
    *("in program", "in ThreadPoolExecutor-…_…", "send raised"),
    *("log of asyncio", "receiver raised"),
}
_WITHOUT_DATABASE = _ANYWHERE | {
    *(
        "in program's own",
        "resumed",
        "resumed asynchronously",
        "a cancelled send",
        "a dead receiver",
    ),
    *(
        "log of django.dispatch",
        "warning",
        "code of the program ran",
        "both",
        "has listeners",
        "disconnected",
        "dropped",
    ),
    *(f"ends with: {outcome}" for outcome in OUTCOMES),
}
_WITH_DATABASE = _ANYWHERE | {
    "a nested send",
    *("hears of a model", "callback", "callback runs", "wrapper", "counted", "SQLite runs"),
    *("atomic raised", "a savepoint", "log of django.db.backends.base", "rows"),
    *(f"query: {what}" for what in QUERIES if what != "wrong SQL"),
}
EXPECTED = {
    style: (_WITH_DATABASE if style == "database" else _WITHOUT_DATABASE)
    | {f"runs: {kind}" for kind in (PLAIN_KINDS if style == "database" else kinds)} - MUTE
    for style, kinds in KINDS.items()
}
