"""The tree as text."""

from __future__ import annotations

import re

import pytest
from django.dispatch import Signal

import signalscope
from signalscope.rendering.text import duration
from tests.saved import bypass, call, dispatch, recorded

ordered = Signal()
packed = Signal()


def ship(order=0, **_):
    """Pack, unless already packed."""
    if order < 1:
        packed.send(sender=str, order=order)


def pack(**_):
    """Order again."""
    ordered.send(sender=str, order=1)


def complain(**_):
    """Raise."""
    raise ValueError("out of paper")


def test_tree_shows_order_nesting_errors_and_recursion():
    """One line for each dispatch and call, times beside them."""
    for signal, receiver in ((ordered, ship), (packed, pack), (packed, complain)):
        signal.connect(receiver)
    try:
        with (
            signalscope.record() as recording,
            pytest.raises(ValueError, match="out of paper"),
        ):
            ordered.send(sender=str)
    finally:
        for signal, receiver in ((ordered, ship), (packed, pack), (packed, complain)):
            signal.disconnect(receiver)
    module = re.escape(__name__)
    time = r"[\d.]+ (ns|µs|ms|s)"
    cycle = rf"ordered str → {module}\.ship → packed str → {module}\.pack → ordered str"
    expected = [
        rf"ordered str  {time}  RAISED ValueError: out of paper",
        rf"└─ 1 {module}\.ship  {time}, {time} of its own  RAISED ValueError: out of paper",
        rf"   └─ packed str  {time}  RAISED ValueError: out of paper",
        rf"      ├─ 1 {module}\.pack  {time}, {time} of its own",
        rf"      │  └─ ordered str  {time}  RECURSION: {cycle}",
        rf"      │     └─ 1 {module}\.ship  {time}",
        rf"      └─ 2 {module}\.complain  {time}  RAISED ValueError: out of paper",
    ]
    lines = recording.tree().splitlines()
    for line, pattern in zip(lines, expected, strict=True):
        assert re.fullmatch(pattern, line), line


def test_bypasses_stand_where_and_when_they_happened():
    """Below the receiver that did it, among what that sent; at the top among the roots."""
    loaded = signalscope.Recording.from_dict(
        recorded(
            dispatch(10, 50, calls=[call("shop.bill", 10, 50)]),
            dispatch(20, 5, signal_name="shop.paid", parent=[0, 0], depth=1),
            dispatch(40, 5, signal_name="shop.sent", parent=[0, 0], depth=1),
            dispatch(80, 5, signal_name="shop.told"),
            bypasses=[
                bypass(operation="update", parent=[0, 0], started_ns=30, duration_ns=9),
                bypass(started_ns=70, duration_ns=2_000, rows=1),
                bypass(operation="_raw_delete", started_ns=5, rows=None, receivers=["a.b", "a.c"]),
            ],
        )
    )
    assert [line for line in loaded.tree().splitlines() if not line.startswith("W108 ")] == [
        "_raw_delete shop.Order  0 ns  BYPASSED a.b, a.c",
        "post_save shop.Order  50 ns",
        "└─ 1 shop.bill  50 ns, 40 ns of its own",
        "   ├─ paid shop.Order  5 ns",
        "   ├─ update shop.Order  3 rows  9 ns  BYPASSED shop.signals.log_order",
        "   └─ sent shop.Order  5 ns",
        "bulk_create shop.Order  1 row  2.0 µs  BYPASSED shop.signals.log_order",
        "told shop.Order  5 ns",
    ]


def test_an_empty_tree_says_so():
    """Rather than print nothing."""
    with signalscope.record() as recording:
        pass
    assert recording.tree() == "(no dispatches)"


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (None, "running"),
        (0, "0 ns"),
        (999, "999 ns"),
        (1_000, "1.0 µs"),
        (41_234, "41.2 µs"),
        (999_000, "999 µs"),
        (3_100_000, "3.1 ms"),
        (2_400_000_000, "2.4 s"),
    ],
)
def test_durations_read_as_people_say_them(nanoseconds, text):
    """Three digits and a unit."""
    assert duration(nanoseconds) == text
