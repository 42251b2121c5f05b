"""Receivers, signals and classes that have names."""

from __future__ import annotations

import functools
import sys

from django.dispatch import Signal

HERE = __name__


def function(**_):
    """Be a plain function."""


def decorate(inner):
    """Wrap as decorators do."""

    @functools.wraps(inner)
    def wrapper(**kwargs):
        return inner(**kwargs)

    return wrapper


@decorate
@decorate
def decorated(**_):
    """Be a function behind two decorators."""


class Listener:
    """Offer the callables that a class can make."""

    changed = Signal()

    def __call__(self, **_):
        pass

    def method(self, **_):
        pass

    @classmethod
    def class_method(cls, **_):
        pass

    @staticmethod
    def static_method(**_):
        pass


class Heir(Listener):
    """Inherit."""


def line():
    """Return the line of the caller."""
    return sys._getframe(1).f_lineno


class Kept(Signal):
    """Have a constructor that goes on to Django's."""

    def __init__(self):
        super().__init__()
        self.more = True


class Bare(Signal):
    """Have a constructor that does not."""

    def __init__(self):
        self.receivers = []


def leave_room(frames):
    """Let the caller have about so many frames more; return the limit that was."""
    before, limit = sys.getrecursionlimit(), 1
    while True:
        try:
            sys.setrecursionlimit(limit)
        except RecursionError:  # less than there are
            limit += 1
        else:
            sys.setrecursionlimit(limit + frames)
            return before
