"""Tables of receivers: those that a rule finds something in, and those that it passes."""

from __future__ import annotations


class Sources:
    """The receivers of one rule."""

    def __init__(self):
        self.bad = []
        self.good = []

    def finds(self, *receivers):
        """Add receivers that the rule finds something in."""
        self.bad += receivers
        return receivers[0]

    def passes(self, *receivers):
        """Add receivers that the rule finds nothing in."""
        self.good += receivers
        return receivers[0]
