"""A recording as a trace."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path

import pytest
from django.dispatch import Signal
from hypothesis import given
from hypothesis import strategies as st

import signalscope
from signalscope.rendering.perfetto import trace
from tests.saved import call, dispatch, recorded


def spans_of(told):
    """Return the spans of a trace by track, with begin and end in nanoseconds as readers get them.

    Asserts what Chrome's Trace Event Format demands: the keys of each kind of event, numbers that
    are microseconds, and complete events that nest on each track.
    """
    told = json.loads(json.dumps(told, allow_nan=False))
    assert told["displayTimeUnit"] in ("ms", "ns")
    assert all(isinstance(value, str) for value in told["otherData"].values())
    tracks, named = {}, {}
    for event in told["traceEvents"]:
        assert {type(event[key]) for key in ("pid", "tid")} == {int}
        assert isinstance(event["name"], str)
        assert isinstance(event["args"], dict)
        if event["ph"] == "M":
            assert event.keys() == {"ph", "pid", "tid", "name", "args"}
            assert event["name"] in ("process_name", "thread_name")
            assert isinstance(event["args"]["name"], str)
            named.setdefault(event["name"], []).append(event["tid"])
            continue
        assert event["ph"] == "X"
        assert event.keys() == {"ph", "pid", "tid", "ts", "dur", "cat", "name", "args"}
        begin, lasted = (int(event[key] * 1000) for key in ("ts", "dur"))
        assert begin >= 0
        assert lasted >= 0
        tracks.setdefault(event["tid"], []).append((begin, begin + lasted, event["name"]))
    assert len(named["process_name"]) == 1
    assert sorted(named["thread_name"]) == sorted(tracks or [0])
    for track in tracks.values():
        # As they stand: of what begins together, the one around it comes first.
        assert [each[0] for each in track] == sorted(each[0] for each in track)
        ends = []
        for begin, end, _ in track:
            while ends and ends[-1] <= begin:
                ends.pop()
            assert not ends or end <= ends[-1], track
            ends.append(end)
    return tracks


def tracks_of(told):
    """Return the names on each track."""
    return {track: [name for *_, name in spans] for track, spans in spans_of(told).items()}


def test_what_runs_at_once_has_tracks_of_its_own():
    data = recorded(
        dispatch(0, 100_000, calls=[call("a", 0, 60_000), call("b", 10_000, 90_000)]),
        dispatch(50_000, 300_000, id=2),
    )
    assert tracks_of(trace(data)) == {
        0: ["post_save shop.Order", "a"],
        1: ["b"],
        2: ["post_save shop.Order"],
    }


def test_what_has_not_ended():
    data = recorded(dispatch(0, 100_000, calls=[call("a", 0, None)]))
    (_, span) = [each for each in trace(data)["traceEvents"] if each["ph"] == "X"]
    assert span["args"]["not ended"] is True


def test_an_empty_one():
    assert [each["ph"] for each in trace(recorded())["traceEvents"]] == ["M", "M"]


SPANS = st.tuples(st.integers(0, 10**15), st.integers(0, 5000) | st.none())


@given(st.lists(st.tuples(SPANS, st.lists(SPANS, max_size=4)), max_size=6))
def test_whatever_overlaps_the_format_is_kept(spans):
    data = recorded(
        *(
            dispatch(begin, lasted, calls=[call("a", *inside) for inside in calls])
            for (begin, lasted), calls in spans
        )
    )
    tracks = spans_of(trace(data))
    assert sum(map(len, tracks.values())) == sum(1 + len(calls) for _, calls in spans)


def test_a_saved_recording():
    data = json.loads((Path(__file__).parents[1] / "files" / "recording-1.json").read_text())
    assert tracks_of(trace(data)) == {
        0: [
            *("paid till", "shop.signals.bill", "shipped warehouse", "shop.signals.pack"),
            *("shop.signals.remind", "paid till"),
            *("shop.signals.bill", "shipped warehouse", "shop.signals.pack"),
            *("shop.signals.remind", "shop.signals.track", "shop.signals.track"),
        ]
    }


outer = Signal()
inner = Signal()


@pytest.fixture(autouse=True)
def _left_alone():
    yield
    outer.receivers, inner.receivers = [], []


def test_tasks():
    """Receivers that run at once are on tracks of their own, each with what it sends."""
    asyncio.run(_tasks())


async def _tasks():
    both = asyncio.Barrier(2)

    async def first(**_):
        await both.wait()
        await inner.asend(sender="first")
        await both.wait()

    async def second(**_):
        await both.wait()
        await inner.asend(sender="second")
        await both.wait()

    async def hear(**_):
        await asyncio.sleep(0)

    outer.connect(first)
    outer.connect(second)
    inner.connect(hear)
    async with signalscope.record(outer, inner) as recording:
        await outer.asend(sender=None)
    tracks = tracks_of(trace(recording.to_dict()))
    named = {track: [name.rpartition(".")[2] for name in names] for track, names in tracks.items()}
    assert named == {
        0: ["outer", "first", "inner first", "hear"],
        1: ["second", "inner second", "hear"],
    }


def test_threads():
    both = threading.Barrier(2, timeout=30)

    def wait(**_):
        both.wait()

    outer.connect(wait)
    with signalscope.record(outer) as recording, ThreadPoolExecutor() as pool:
        sends = [
            pool.submit(copy_context().run, outer.send, sender=name) for name in ("one", "two")
        ]
        for each in sends:
            each.result()
    tracks = tracks_of(trace(recording.to_dict()))
    assert sorted(tracks) == [0, 1]
    assert sorted(names[0] for names in tracks.values()) == ["outer one", "outer two"]


def test_what_ends_together_does_so_to_the_nanosecond():
    """Which a fraction of a microsecond does not always hold."""
    for lasted in range(1000, 3000):
        inside = call("a", lasted // 2, lasted - lasted // 2)
        tracks = spans_of(trace(recorded(dispatch(0, lasted, calls=[inside]))))
        assert [end for _, end, _ in tracks[0]] == [lasted, lasted]
