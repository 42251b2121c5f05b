"""The outline of a recording: the same for every run of the same program."""

from __future__ import annotations

import json
import re
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from django.db import transaction
from django.db.models.signals import m2m_changed, post_save
from django.dispatch import Signal

import signalscope
from tests.testapp.models import Note, Tag

noted = Signal()
followed = Signal()

HERE = __name__


@pytest.fixture
def connect():
    """Connect receivers for one test."""
    connected = []

    def connect(signal, receiver, sender=None):
        signal.connect(receiver, sender=sender, weak=False)
        connected.append((signal, receiver, sender))

    yield connect
    for signal, receiver, sender in connected:
        signal.disconnect(receiver, sender=sender)


def leaf(**_):
    """Do nothing."""


def follows(**_):
    followed.send(sender=None)


def again(sender, **_):
    if sender < 2:
        noted.send(sender=sender + 1)


def raises(**_):
    raise ValueError(id(object()))


async def later(**_):
    """Do nothing, later."""


def test_nests_dispatches_and_receivers(connect):
    """Receivers after a dash, what they send below them."""
    connect(noted, follows)
    connect(noted, leaf)
    connect(followed, later)
    with signalscope.record() as recording:
        noted.send(sender="shop")
        followed.send(sender=None)
    assert recording.outline() == (
        f"{HERE}.noted from shop\n"
        f"  - {HERE}.follows\n"
        f"    {HERE}.followed\n"
        f"      - {HERE}.later (async)\n"
        f"  - {HERE}.leaf\n"
        f"{HERE}.followed\n"
        f"  - {HERE}.later (async)"
    )


def test_tells_errors_by_their_type_and_what_they_skipped(connect):
    """Messages differ from run to run."""
    connect(noted, raises)
    connect(noted, leaf)
    with signalscope.record() as recording:
        with pytest.raises(ValueError, match=r"\d+"):
            noted.send(sender=None)
        noted.send_robust(sender=None)
    assert recording.outline() == (
        f"{HERE}.noted raised ValueError\n"
        f"  - skipped {HERE}.leaf (error-before)\n"
        f"  - {HERE}.raises raised ValueError\n"
        f"{HERE}.noted by send_robust\n"
        f"  - {HERE}.raises raised ValueError\n"
        f"  - {HERE}.leaf"
    )


@pytest.mark.django_db
def test_leaves_out_the_keys_of_rows(connect):
    """So that it is the same whichever rows there are already."""
    connect(post_save, leaf, sender=Note)
    connect(m2m_changed, leaf, sender=Note.tags.through)

    def program():
        with signalscope.record() as recording:
            note = Note.objects.create(title="a")
            note.tags.add(Tag.objects.create(name="b"))
            note.save(update_fields=["title"])
        return recording.outline()

    told = program()
    assert told == program()
    assert "pk=" not in told
    assert "instance=testapp.Note created=True" in told
    assert "update_fields=title" in told
    assert "action=post_add" in told


@pytest.mark.django_db(transaction=True)
def test_says_what_a_commit_set_off(connect):
    connect(noted, lambda **_: transaction.on_commit(follows))
    connect(followed, leaf)
    with signalscope.record() as recording, transaction.atomic():
        noted.send(sender=None)
    assert f"    {HERE}.followed deferred\n" in recording.outline()


def test_shape_is_ready_for_json(connect):
    """And says no more than the outline."""
    connect(noted, again)
    with signalscope.record() as recording, signalscope.muted(receiver=leaf):
        noted.send(sender=1)
    shape = recording.shape()
    assert json.loads(json.dumps(shape)) == shape
    (outer,) = shape
    assert outer["signal"] == f"{HERE}.noted"
    assert outer["calls"][0]["dispatches"][0]["calls"] == [{"receiver": f"{HERE}.again"}]


def test_of_a_saved_recording_is_the_same(connect):
    connect(noted, follows)
    connect(followed, later)
    with signalscope.record() as recording:
        noted.send(sender=None)
    saved = signalscope.Recording.from_dict(json.loads(json.dumps(recording.to_dict())))
    assert saved.outline() == recording.outline()


def test_is_not_bound_by_the_stack(connect):
    """However deep dispatches are nested, it has a line for each."""
    signals = [Signal() for _ in range(200)]
    for outer, inner in pairwise(signals):
        connect(outer, lambda inner=inner, **_: inner.send(sender=None))
    connect(signals[-1], leaf)
    with signalscope.record() as recording:
        signals[0].send(sender=None)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(180)
    try:
        outline = recording.outline()
    finally:
        sys.setrecursionlimit(limit)
    assert len(outline.splitlines()) == 2 * len(signals)


def test_of_nothing():
    with signalscope.record() as recording:
        pass
    assert recording.outline() == "(no dispatches)"
    assert recording.shape() == []


def test_empty_names_of_a_file():
    """A fuzzer found that they were left out, as what is usual is."""
    text = (Path(__file__).parents[1] / "files" / "recording-1.json").read_text()
    whole = signalscope.Recording.from_dict(json.loads(text)).outline()
    emptied = re.sub(r"\bshop\.signals\.\w+", "", text)
    outline = signalscope.Recording.from_dict(json.loads(emptied)).outline()
    assert outline == re.sub(r"\bshop\.signals\.\w+", "", whole)
    assert outline != whole
