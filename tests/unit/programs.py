"""Programs that a rule is to find something in, or nothing: they really run, and are recorded."""

from __future__ import annotations

from contextlib import contextmanager

from django.dispatch import Signal

import signalscope


class Table:
    """The programs of one rule; each is a function that is given `connect`."""

    def __init__(self):
        self.bad = []
        self.good = []

    def finds(self, program):
        """Add a program that the rule finds something in."""
        self.bad.append(program)
        return program

    def passes(self, program):
        """Add a program that the rule finds nothing in."""
        self.good.append(program)
        return program


@contextmanager
def connections():
    """Give a function that connects a receiver until the block ends."""
    made = []

    def connect(signal, receiver, sender=None):
        signal.connect(receiver, sender=sender, weak=False)
        made.append((signal, receiver, sender))
        return receiver

    try:
        yield connect
    finally:
        for signal, receiver, sender in made:
            signal.disconnect(receiver, sender=sender)


def found_in(program, *ids):
    """Run a program, and return the findings of these rules."""
    with connections() as connect, signalscope.record() as recording:
        try:
            program(connect)
        except ValueError as error:
            if str(error) != "broken":
                raise
    return [each for each in recording.findings if each.id in ids]


def broken(**_):
    """Raise."""
    raise ValueError("broken")


def fresh(*receivers, connect):
    """Return a new signal with these receivers."""
    signal = Signal()
    for receiver in receivers:
        connect(signal, receiver)
    return signal
