"""A day's recording, and one of saves."""

from __future__ import annotations

import pytest
from django.db.models.signals import post_save, pre_save

import signalscope
from tests.testapp.models import Tag
from tests.unit.testing.programs import closed, count_visitors, greet, opened, saved, sweep


@pytest.fixture
def connect():
    """Connect receivers for one test."""
    connected = []

    def connect(signal, receiver, sender=None):
        signal.connect(receiver, sender=sender, weak=False)
        connected.append((signal, receiver, sender))
        return receiver

    yield connect
    for signal, receiver, sender in connected:
        signal.disconnect(receiver, sender=sender)


@pytest.fixture
def day(connect):
    """Record a day: opened twice, by str and int, closed once; greet before count_visitors."""
    connect(opened, greet)
    connect(opened, count_visitors)
    connect(closed, sweep)
    with signalscope.record() as recording:
        opened.send(sender=str)
        opened.send(sender=int)
        closed.send(sender=str)
    return recording


@pytest.fixture
def saves(connect):
    """Record saves of Notes 3 (created) and 4 (its title), and of Tag 3, which greet hears."""
    connect(post_save, greet)
    connect(pre_save, sweep)
    with signalscope.record() as recording:
        saved(3, signal=pre_save)
        saved(3, created=True)
        saved(4, update_fields=frozenset({"title", "tags"}))
        saved(3, model=Tag, created=True, using="other")
    return recording
