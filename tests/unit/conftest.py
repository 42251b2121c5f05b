"""Fixtures that several files share: of the tests of the rules, and of the command."""

from tests.programs import turned_by_hand, world
from tests.unit.commands import recording_file, wired

__all__ = ["recording_file", "turned_by_hand", "wired", "world"]
