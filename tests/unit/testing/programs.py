"""Signals and receivers that are asserted about, and what an assertion says."""

from __future__ import annotations

import re

import pytest
from django.db.models.signals import post_save, pre_save
from django.dispatch import Signal

from signalscope.assertions import Assertions
from signalscope.errors import SignalscopeError
from tests.testapp.models import Note

opened = Signal()
closed = Signal()
audited = Signal()

HERE = __name__


def greet(**_):
    """Do nothing."""


def count_visitors(**_):
    """Do nothing."""


def sweep(**_):
    """Do nothing."""


def lock_up(**_):
    """Send once more, as a receiver of its own signal does that forgot itself."""


class Elsewhere:
    """What stands around a recording: the recording, and what it may have besides."""

    def __init__(self, recording, **more):
        self.recording = recording
        self.__dict__.update(more)

    def __getattr__(self, name):
        return getattr(self.recording, name)


def with_dropped(recording):
    """Return the recording as one that had no room for three more."""
    return Elsewhere(recording, dropped=3)


def saved(pk=3, *, model=Note, signal=post_save, **kwargs):
    """Send what a save sends, without a database."""
    kwargs = {"created": False, "raw": False, "using": "default", "update_fields": None} | kwargs
    if signal is pre_save:
        del kwargs["created"]
    signal.send(sender=model, instance=model(pk=pk), **kwargs)


def failure(function, *args, **kwargs):
    """Return the message with which an assertion fails."""
    with pytest.raises(AssertionError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def refusal(function, *args, **kwargs):
    """Return the message with which a question is refused; that is no failure of an assertion."""
    with pytest.raises(SignalscopeError) as caught:
        function(*args, **kwargs)
    assert not isinstance(caught.value, AssertionError)
    return str(caught.value)


def titles(message):
    """Return the titles of the lists in a message."""
    return re.findall(r"^  (\S.*:)$", message.partition("  Recorded:")[0], re.MULTILINE)


def first_line(message):
    """Return the head of a message."""
    return message.splitlines()[0]


CALLED = Assertions.assert_called, Assertions.assert_not_called
SENT = Assertions.assert_sent, Assertions.assert_not_sent


def check_counts(assertions, recording, subject, asked, count):
    """Ask for `count`, for others, for any and for none."""
    positive, negative = assertions
    positive(recording, subject, times=count, **asked)
    for other in {0, 1, 2, 3, 4} - {count}:
        failure(positive, recording, subject, times=other, **asked)
    if count:
        positive(recording, subject, **asked)
        failure(negative, recording, subject, **asked)
    else:
        failure(positive, recording, subject, **asked)
        negative(recording, subject, **asked)


def unheard(recording):
    """Return the recording as one that noted sends without receivers."""
    noted = {
        (f"{HERE}.audited", "str"): 2,
        (f"{HERE}.audited", None): 1,
        (f"{HERE}.opened", "float"): 1,
    }
    return Elsewhere(recording, unheard=noted)
