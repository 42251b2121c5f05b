"""A log of one's own, and receivers that are as they were afterwards."""

from __future__ import annotations

import pytest
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save

from signalscope.registry import ConnectLog
from tests.unit.registry.wired import Clock, Holder, changed, sold, use_log


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def log(monkeypatch, clock):
    """Put an empty log in the place of the process's, and let it hear of everything from 100 on."""
    log = ConnectLog(clock)
    use_log(monkeypatch, log)
    log.start(100)
    clock.now = 100
    return log


@pytest.fixture(autouse=True)
def receivers_left_as_they_were():
    signals = (changed, sold, Holder.moved, pre_save, post_save, post_delete, m2m_changed)
    before = [list(signal.receivers) for signal in signals]
    yield
    for signal, receivers in zip(signals, before, strict=True):
        signal.receivers = receivers
        signal.sender_receivers_cache.clear()
