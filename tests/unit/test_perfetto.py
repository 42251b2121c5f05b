"""A recording as a trace."""

from __future__ import annotations

from signalscope.rendering.perfetto import trace
from tests.saved import call, dispatch, recorded


def nests(events):
    """Tell whether the spans of each track nest, as the format demands."""
    for track in {each["tid"] for each in events}:
        ends = []
        for each in sorted(
            (each for each in events if each["tid"] == track),
            key=lambda each: (each["ts"], -each["dur"]),
        ):
            while ends and ends[-1] <= each["ts"]:
                ends.pop()
            if ends and each["ts"] + each["dur"] > ends[-1]:
                return False
            ends.append(each["ts"] + each["dur"])
    return True


def test_what_runs_at_once_has_tracks_of_its_own():
    data = recorded(
        dispatch(0, 100_000, calls=[call("a", 0, 60_000), call("b", 10_000, 90_000)]),
        dispatch(50_000, 300_000, id=2),
    )
    spans = [each for each in trace(data)["traceEvents"] if each["ph"] == "X"]
    assert len({each["tid"] for each in spans}) == 3
    assert nests(spans)


def test_what_has_not_ended():
    data = recorded(dispatch(0, 100_000, calls=[call("a", 0, None)]))
    (_, span) = [each for each in trace(data)["traceEvents"] if each["ph"] == "X"]
    assert span["args"]["not ended"] is True


def test_an_empty_one():
    assert [each["ph"] for each in trace(recorded())["traceEvents"]] == ["M", "M"]
