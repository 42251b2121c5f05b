"""Signals and receivers to connect, and connecting as a hooked `connect()` does."""

from __future__ import annotations

import functools
import sys

import django
from django.dispatch import Signal
from django.utils.functional import SimpleLazyObject

from signalscope.registry import log as registry_log

HERE = __name__
KEEPS_SENDERS = django.VERSION >= (6, 0)

SHOP = "a shop, by its own name"


changed = Signal()
sold = Signal()


def touch(name):
    raise AssertionError(f"asked for {name}")


lazy = SimpleLazyObject(lambda: touch("the lazy object"))


class Holder:
    """Hold a signal."""

    moved = Signal()


def first(**_):
    """Be connected."""


def second(**_):
    """Be connected, too."""


async def later(**_):
    """Be awaited."""


def noisy(inner):
    """Wrap as decorators do."""

    @functools.wraps(inner)
    def wrapper(**kwargs):
        return inner(**kwargs)

    return wrapper


@noisy
def wrapped(**_):
    """Be decorated and then connected."""


def bare(**_):
    """Be connected and then decorated."""


undecorated = bare
bare = noisy(bare)


class Listener:
    """Have a method to connect."""

    def hear(self, **_):
        pass

    @classmethod
    def overhear(cls, **_):
        pass


one, other = Listener(), Listener()


class Clock:
    """Tell the time that a test sets."""

    now = 0

    def __call__(self):
        return self.now


def use_log(monkeypatch, log):
    """Let one test have a log of its own."""
    for module in ("log", "live", "inquiry"):
        monkeypatch.setattr(f"signalscope.registry.{module}.connect_log", log)


def connect(signal, receiver, sender=None, *, weak=True, dispatch_uid=None):
    """Connect as a hooked `connect()` does; return the line of the caller."""
    frame = sys._getframe(1)
    log = registry_log.connect_log
    place = (frame.f_code, frame.f_lasti)
    log.connected(signal, receiver, sender, weak, dispatch_uid, place, log._clock())
    signal.connect(receiver, sender=sender, weak=weak, dispatch_uid=dispatch_uid)
    return frame.f_lineno


def disconnect(signal, receiver=None, sender=None, *, dispatch_uid=None):
    """Disconnect as a hooked `disconnect()` does."""
    log = registry_log.connect_log
    log.disconnected(signal, receiver, sender, dispatch_uid, log._clock())
    return signal.disconnect(receiver, sender=sender, dispatch_uid=dispatch_uid)


def names(found):
    return [each.receiver_name.removeprefix(f"{HERE}.") for each in found]


def ids(answer):
    return [reason.id for reason in answer.reasons]
