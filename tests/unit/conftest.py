"""The fixtures of the tests of the rules, which share their programs' world."""

from tests.programs import turned_by_hand, world

__all__ = ["turned_by_hand", "world"]
