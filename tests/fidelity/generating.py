"""How programs are generated: what there is to choose from, and how often it is chosen."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.fidelity.programs import (
    CACHING,
    MODEL_SIGNALS,
    RAISES,
    RECEIVERS,
    RETURNS,
    VARIABLES,
    Advance,
    Atomic,
    Both,
    Cancel,
    Collect,
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

__all__ = ["ASYNC_KINDS", "METHODS", "PLAIN_KINDS", "QUERIES", "STYLES", "programs"]

METHODS = ("send", "send_robust", "asend", "asend_robust")
USUAL_KINDS = (
    "function",
    "method",
    "class method",
    "partial",
    "callable object",
    "wrapped function",
)
ODD_KINDS = ("watched object", "builtin method")
PLAIN_KINDS = USUAL_KINDS * 2 + ODD_KINDS
ASYNC_KINDS = (
    *("async function", "async method", "async partial", "async wrapped function") * 2,
    *("marked function", "returns a task", "returns an awaitable"),
)
STYLES = {
    "sync": PLAIN_KINDS,
    "async": ASYNC_KINDS,
    "mixed": PLAIN_KINDS + ASYNC_KINDS,
    "database": PLAIN_KINDS * 3 + ASYNC_KINDS,
}
"""What kinds of receivers programs have."""

SENDERS = (
    "class",
    "instance",
    "string",
    "number",
    "model",
    "watched instance",
    "watched class",
    "unhashable",
)
MODEL_SENDERS = ("model", "model", "model", "model by name", "another model", "model between")
PAYLOADS = ("nothing", "nothing", "objects", "model instance", "watched objects")
WAYS = (
    "directly",
    "directly",
    "by sync_to_async",
    "by async_to_sync",
    "in a task",
    "in the background",
    "in a thread",
    "under a timeout",
)
QUERIES = (
    *("create", "save", "save new", "save one field", "delete", "update", "add", "set"),
    *("remove", "clear", "refresh", "count", "in bulk", "bulk create", "bulk create or ignore"),
    *("bulk update", "get or create", "update or create", "delete all", "execute"),
    *("execute many", "wrong SQL", "iterate"),
)
QUERY_WAYS = ("by sync_to_async", "by sync_to_async", "by the asynchronous interface", "directly")
ENDINGS = ("commits", "commits", "commits", "an error", "set_rollback")
WRAPPERS = ("tells", "fails", "queries")

# The first signal has most receivers, and these send the others, most of all.
signals = st.sampled_from([0, 0, 0, 1, 2])
inner_signals = st.sampled_from([1, 1, 2, 2, 0])
model_signals = st.integers(len(CACHING), len(CACHING) + len(MODEL_SIGNALS) - 1)
senders = st.sampled_from([None, 0, 0, 1])
heard_senders = st.sampled_from([None, None, 0, 1])
receivers = st.integers(0, RECEIVERS - 1)
uids = st.sampled_from([None, None, None, "uid", "another uid"])


def sends(
    of: st.SearchStrategy[int], catches: st.SearchStrategy[bool], *methods: str
) -> st.SearchStrategy[Send]:
    return st.builds(
        Send,
        method=st.sampled_from(methods or METHODS),
        signal=of,
        sender=senders,
        payload=st.sampled_from(PAYLOADS),
        way=st.sampled_from(WAYS),
        catches=catches,
        cancelled_after=st.sampled_from([None, None, None, *range(6)]),
    )


inner_sends = sends(inner_signals, st.booleans())
caught_sends = sends(signals, st.just(True))
variables = st.builds(SetVariable, st.integers(0, VARIABLES - 1), st.booleans())
queries = st.builds(
    Query, st.sampled_from(QUERIES), st.integers(0, 2), way=st.sampled_from(QUERY_WAYS)
)


def connects(
    of: st.SearchStrategy[int], who: st.SearchStrategy[int] = receivers
) -> st.SearchStrategy[Connect]:
    return st.builds(Connect, of, who, heard_senders, st.booleans(), uids)


def rarely(of: st.SearchStrategy[int]) -> st.SearchStrategy[object]:
    return st.one_of(
        st.builds(Disconnect, of, receivers, heard_senders, uids),
        st.builds(Drop, receivers),
        st.builds(HasListeners, of, senders),
        st.builds(Advance, st.booleans()),
        st.just(Collect()),
    )


def blocks(inside: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Generate operations that hold others."""
    body = st.lists(inside, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Atomic, body, ending=st.sampled_from(ENDINGS), savepoint=st.booleans()),
        st.builds(Atomic, body, ending=st.just("commits"), savepoint=st.just(True)),
        st.builds(
            OnCommit, body, robust=st.booleans(), fails=st.sampled_from([False, False, True])
        ),
        st.builds(Wrap, body, how=st.sampled_from(WRAPPERS)),
    )


BODIES = st.one_of(
    inner_sends,
    inner_sends,
    variables,
    st.builds(Sleep, st.integers(1, 3)),
    connects(signals),
    rarely(signals),
    st.builds(Warn, st.integers(1, 4)),
    st.just(Cancel()),
)
"""What receivers do that have no database."""

STEPS = st.one_of(
    caught_sends,
    caught_sends,
    st.builds(Both, caught_sends, caught_sends),
    connects(signals),
    rarely(signals),
)

ANY_SIGNAL = st.one_of(signals, model_signals, model_signals)
WITH_DATABASE = st.one_of(queries, queries, queries, inner_sends, variables, rarely(ANY_SIGNAL))
DATABASE_BODIES = st.one_of(WITH_DATABASE, WITH_DATABASE, blocks(WITH_DATABASE))
DATABASE_STEPS = st.one_of(
    DATABASE_BODIES,
    blocks(DATABASE_BODIES),
    blocks(DATABASE_BODIES),
    caught_sends,
    rarely(ANY_SIGNAL),
)


def programs(style: str) -> st.SearchStrategy[Program]:
    """Generate programs of one of the `STYLES`."""
    database = style == "database"
    body, step = (DATABASE_BODIES, DATABASE_STEPS) if database else (BODIES, STEPS)
    of = ANY_SIGNAL if database else signals
    names = MODEL_SENDERS if database else SENDERS
    receiver = st.builds(
        Receiver,
        kind=st.sampled_from(STYLES[style]),
        body=st.lists(body, max_size=3).map(tuple),
        outcome=st.sampled_from(RETURNS * (9 if database else 4) + RAISES),
    )
    return st.builds(
        Program,
        senders=st.tuples(st.sampled_from(names), st.sampled_from(names)),
        receivers=st.tuples(*[receiver] * RECEIVERS),
        generator=inner_sends,
        steps=st.builds(
            lambda *parts: sum(parts, ()),
            # A program in which nothing is connected, or nothing sent, would show nothing.
            st.tuples(*[connects(of, st.just(each)) for each in range(RECEIVERS)]),
            st.lists(step, min_size=2, max_size=6).map(tuple),
            st.tuples(*[sends(signals, st.just(True), method) for method in METHODS]),
            st.lists(step, max_size=2).map(tuple),
        ),
        in_loop=st.booleans(),
        eager=st.booleans(),
        debug=st.booleans(),
        database=st.just(database),
    )
