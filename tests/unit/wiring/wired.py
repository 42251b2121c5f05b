"""Receivers to connect, and what a rule finds in their wiring."""

from __future__ import annotations

import functools

from django.dispatch import Signal

import signalscope
from signalscope.registry.live import wires_of

HERE = __name__


def plain(**_):
    """Do nothing."""


class Listener:
    """Hold nothing."""

    def method(self, **_):
        """Do nothing."""

    def __call__(self, **_):
        """Do nothing."""


class Named(Listener):
    """Hold a name."""

    def __init__(self, name="x"):
        self.name = name


def decorated(function):
    """Wrap, without a word on what."""

    def inner(**named):
        return function(**named)

    return inner


def wrapped(function):
    """Wrap, as people should."""

    @functools.wraps(function)
    def inner(**named):
        return function(**named)

    return inner


def found(rule, *receivers, signal=None, **how):
    """Connect receivers to a signal, each once, and return what a rule finds."""
    signal = signal or Signal()
    with signalscope.record():
        for each in receivers:
            signal.connect(each, weak=False, **how)
        return rule(wires_of([signal]))


def strict(sender, instance):
    """Take no more."""
