"""What the tests of the command share: signals that are connected, and ways to run it."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db.models.signals import post_save
from django.dispatch import Signal

import signalscope
from tests.testapp.models import Note

HERE = __name__
paid = Signal()
shipped = Signal()
nobody_hears = Signal()


def bill(**_):
    """Send another signal."""
    shipped.send(sender=Note)


def tell(**_):
    """Do nothing."""


def index(**_):
    """Do nothing."""


@pytest.fixture
def wired():
    """Connect the receivers above, with Signalscope installed."""
    signalscope.install()
    paid.connect(bill)
    paid.connect(tell, sender=Note, dispatch_uid="tell/1")
    shipped.connect(tell, weak=False)
    post_save.connect(index, sender=Note)
    yield
    paid.receivers, shipped.receivers = [], []
    post_save.disconnect(index, sender=Note)
    signalscope.uninstall()


@pytest.fixture
def recording_file(wired, tmp_path):
    """Give the file of a recording in which a receiver sent a signal."""
    with signalscope.record() as recording:
        paid.send(sender=Note)
    file = tmp_path / "recording.json"
    file.write_text(json.dumps(recording.to_dict()))
    return file


def ran(*arguments):
    """Run the command, and return what it prints and its status."""
    out = io.StringIO()
    try:
        call_command("signalscope", *map(str, arguments), stdout=out, no_color=True)
    except SystemExit as error:
        return out.getvalue(), error.code
    return out.getvalue(), 0


def printed(*arguments):
    """Run the command, which is to succeed, and return what it prints."""
    text, status = ran(*arguments)
    assert status == 0, text
    return text


def as_data(*arguments):
    """Return what the command prints as JSON."""
    return json.loads(printed(*arguments, "--format", "json"))


def refused(*arguments):
    """Return the message of a wrong usage."""
    with pytest.raises(CommandError) as caught:
        ran(*arguments)
    assert caught.value.returncode == 2 or "argument" in str(caught.value), arguments
    return str(caught.value)
