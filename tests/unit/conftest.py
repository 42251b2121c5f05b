"""The fixtures of several tests: sinks, the command, and the world of the programs of the rules."""

import pytest

import signalscope
from tests.programs import turned_by_hand, world
from tests.unit.commands import recording_file, wired

__all__ = ["installed", "listen", "recording_file", "turned_by_hand", "wired", "world"]


@pytest.fixture
def installed():
    """Install for one test."""
    signalscope.install()
    yield
    signalscope.uninstall()


@pytest.fixture
def listen(installed):
    """Add sinks for one test."""
    added = []

    def add(sink):
        signalscope.add_sink(sink)
        added.append(sink)
        return sink

    yield add
    for sink in added:
        signalscope.remove_sink(sink)
