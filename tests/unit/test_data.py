"""A recording as plain data, and back."""

from __future__ import annotations

import asyncio
import copy
import json

import pytest
from django.dispatch import Signal
from hypothesis import given, settings
from hypothesis import strategies as st

import signalscope
from signalscope.errors import SignalscopeError
from tests.saved import bypass, effect

noted = Signal()
followed = Signal()


def outer(depth=0, **_):
    """Set off more, and come back."""
    followed.send_robust(sender=int)
    if not depth:
        noted.send(sender=None, depth=1, update_fields=frozenset({"b", "a"}))


def inner(**_):
    """Raise."""
    raise ValueError("no")


async def later(**_):
    """Wait."""
    await asyncio.sleep(0)


def recorded():
    """Record a bit of everything."""
    noted.connect(outer)
    noted.connect(later)
    followed.connect(inner)
    try:
        with signalscope.record() as recording:
            noted.send_robust(sender=None)
    finally:
        noted.disconnect(outer)
        noted.disconnect(later)
        followed.disconnect(inner)
    return recording


def facts(recording):
    """Return everything that the contract lets one read."""
    return [
        (
            d.signal_name, d.sender_name, d.method, d.depth, d.parent and d.parent.receiver_name,
            d.not_called, d.started_at, d.duration_ns, d.error, d.recursive, d.cycle, d.location,
            d.kwargs, d.deferred, d.id,
            [
                (c.receiver_name, c.file, c.line, c.order, c.dispatch is d, len(c.dispatches),
                 c.duration_ns, c.self_ns, c.error, c.is_async, c.queries)
                for c in d.calls
            ],
        )
        for d in recording.walk()
    ]  # fmt: skip


def test_it_survives_json():
    """All that can be read of a recording can be read of its copy."""
    recording = recorded()
    saved = json.loads(json.dumps(recording.to_dict()))
    assert saved["schema"] == 1
    loaded = signalscope.Recording.from_dict(saved)
    assert facts(loaded) == facts(recording)
    assert loaded.tree() == recording.tree()
    assert loaded.to_dict() == recording.to_dict()
    assert [d.id for d in loaded.dispatches] == [d.id for d in recording.dispatches]


def test_bypasses_survive_with_their_time_and_their_receiver():
    saved = recorded().to_dict()
    saved["bypasses"] = [
        bypass(parent=[0, 0], started_ns=5, duration_ns=7, deferred=True),
        bypass(rows=None, location=None),
    ]
    loaded = signalscope.Recording.from_dict(json.loads(json.dumps(saved)))
    first, second = loaded.bypasses
    assert first.parent is loaded.dispatches[0].calls[0]
    assert (first.started, first.duration_ns, first.deferred) == (5, 7, True)
    assert (second.parent, second.rows, second.location) == (None, None, None)
    assert loaded.to_dict()["bypasses"] == saved["bypasses"]


def test_bypasses_of_an_older_version_load_without_these():
    """They stand at the top, and nobody knows when they were."""
    saved = recorded().to_dict()
    new = ("parent", "deferred", "started_ns", "duration_ns")
    saved["bypasses"] = [{key: value for key, value in bypass().items() if key not in new}]
    del saved["findings"]
    loaded = signalscope.Recording.from_dict(saved)
    (only,) = loaded.bypasses
    assert (only.operation, only.receivers) == ("bulk_create", ("shop.signals.log_order",))
    assert (only.parent, only.started, only.duration_ns) == (None, None, None)
    lines = loaded.tree().splitlines()
    assert any(line.startswith("bulk_create shop.Order") for line in lines)
    assert any(line.startswith("W108 bypassed: bulk_create() on shop.Order") for line in lines)


@pytest.mark.parametrize("parent", [[99, 0], [0, 99], [-1, 0], [0, -1], [0], 3, ["0", 0]], ids=str)
def test_a_bypass_under_nothing_is_damage(parent):
    saved = recorded().to_dict() | {"bypasses": [bypass(parent=parent)]}
    with pytest.raises(SignalscopeError, match="damaged"):
        signalscope.Recording.from_dict(saved)


def test_receivers_are_found_in_a_copy():
    """By the function and by its name."""
    loaded = signalscope.Recording.from_dict(recorded().to_dict())
    assert len(loaded.calls(outer)) == len(loaded.calls("test_data.outer")) == 2
    assert len(loaded.calls(signal=followed, sender=int)) == 2
    assert loaded.calls(recorded) == []


@pytest.mark.parametrize(
    ("saved", "message"),
    [
        (None, "no saved recording"),
        ([], "no saved recording"),
        ({}, "no saved recording"),
        ({"schema": "1"}, "no saved recording"),
        ({"schema": 99}, "schema version 99, and this Signalscope reads 1"),
        ({"schema": 1}, "damaged"),
        ({"schema": 1, "dispatches": [{}], "dropped": 0, "bypasses": []}, "damaged"),
    ],
    ids=str,
)
def test_what_is_no_recording_is_refused(saved, message):
    """With one sentence that says what is wrong."""
    with pytest.raises(SignalscopeError, match=message):
        signalscope.Recording.from_dict(saved)


def paths(value, path=()):
    """Yield the path of everything inside a saved recording."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inside in items:
        yield (*path, key)
        if isinstance(inside, (dict, list)):
            yield from paths(inside, (*path, key))


SAVED = recorded().to_dict()
SAVED["bypasses"] = [bypass(parent=[0, 0]), bypass()]
SAVED["effects"] = [effect(parent=[0, 0]), effect(deferred=True)]
PATHS = list(paths(SAVED))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(path=st.sampled_from(PATHS), value=JSON, remove=st.booleans())
def test_damage_is_an_error_or_harmless(path, value, remove):
    """Whatever stands anywhere, there is either one clear error or a recording that reads."""
    damaged = copy.deepcopy(SAVED)
    spot = damaged
    for key in path[:-1]:
        spot = spot[key]
    if remove:
        del spot[path[-1]]
    else:
        spot[path[-1]] = value
    try:
        loaded = signalscope.Recording.from_dict(damaged)
    except SignalscopeError:
        return
    loaded.tree()
    facts(loaded)
    json.dumps(loaded.to_dict(), default=lambda _: None)
