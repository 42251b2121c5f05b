"""What changed between two snapshots, or two recordings."""

from __future__ import annotations

from signalscope.rendering.comparing import recordings, wirings
from tests.saved import call, dispatch, recorded


def test_held_in_another_way():
    one = {"receiver": "a", "sender": None, "dispatch_uid": None, "weak": True}
    before, after = {**one, "is_async": False}, {**one, "weak": False, "is_async": True}
    kinds = [each.text for each in wirings({"s": [before]}, {"s": [after]})]
    assert kinds == [
        "a on s: weak was True, and is False",
        "a on s: is_async was False, and is True",
    ]


def test_several_that_look_alike():
    """Are not compared with each other."""
    one = {"receiver": "a", "sender": None, "dispatch_uid": None, "is_async": False}
    alike = [{**one, "weak": True}, {**one, "weak": False}]
    assert wirings({"s": alike}, {"s": alike[::-1]}) == []
    assert [each.kind for each in wirings({"s": alike}, {"s": alike[:1]})] == ["removed"]


def test_an_order_that_no_send_sees():
    one = {"receiver": "a", "sender": "x", "dispatch_uid": None, "weak": 1, "is_async": 1}
    other = {**one, "receiver": "b", "sender": "y"}
    assert wirings({"s": [one, other]}, {"s": [other, one]}) == []


def test_recordings_that_ran_more():
    more = {"count": 4, "duration_ns": 1, "repeated": {}}
    one, other = call("a", 0, 1), call("b", 1, 2)
    old = recorded(dispatch(calls=[one, other]))
    new = recorded(
        dispatch(calls=[call("b", 0, 1), call("a", 1, 2) | {"queries": more}]),
        dispatch(id=3, calls=[call("b", 0, 1)]),
    )
    assert [each.kind for each in recordings(old, new)] == ["queries", "calls", "moved"]
