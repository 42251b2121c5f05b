"""`no_leaks`: a block that leaves receivers other than it found them fails."""

from __future__ import annotations

import weakref

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.dispatch import Signal

from signalscope.leaks import changes, no_leaks, wiring
from signalscope.naming import receiver_facts

noted = Signal()
HERE = __name__


def one(**_):
    """Do nothing."""


def two(**_):
    """Do nothing."""


def three(**_):
    """Do nothing."""


@pytest.fixture(autouse=True)
def _wired():
    noted.connect(one)
    noted.connect(two, sender=int, dispatch_uid="uid")
    yield
    noted.receivers = []


def leaks(block):
    with pytest.raises(AssertionError) as caught, no_leaks():
        block()
    return str(caught.value)


class TestFails:
    def test_where_something_is_still_connected(self):
        told = leaks(lambda: noted.connect(three, sender=str))
        assert told.startswith("This block left receivers other than it found them:\n")
        assert f"noted: {HERE}.three is still connected for str, at {__file__}:" in told

    def test_where_something_is_no_longer_connected(self):
        told = leaks(lambda: noted.disconnect(sender=int, dispatch_uid="uid"))
        assert f"noted: {HERE}.two is no longer connected" in told

    def test_where_the_order_is_another(self):
        def again():
            noted.disconnect(one)
            noted.connect(one)

        assert "    before: one, two\n    now:    two, one\n" in leaks(again)

    def test_where_a_receiver_took_the_place_of_another(self):
        def other():
            noted.disconnect(sender=int, dispatch_uid="uid")
            noted.connect(three, sender=int, dispatch_uid="uid2")

        told = leaks(other)
        assert f"{HERE}.three is still connected" in told
        assert f"{HERE}.two is no longer connected" in told

    def test_where_another_receiver_has_the_dispatch_uid(self):
        def other():
            noted.disconnect(sender=int, dispatch_uid="uid")
            noted.connect(three, sender=int, dispatch_uid="uid")

        told = leaks(other)
        assert f"{HERE}.three is still connected" in told
        assert f"{HERE}.two is no longer connected" in told

    def test_where_a_receiver_of_djangos_is_gone(self):
        """Django connects some of its own when it needs them, and disconnects none for good."""
        try:
            told = leaks(lambda: request_finished.disconnect(close_old_connections))
        finally:
            request_finished.connect(close_old_connections)
        assert "django.db.close_old_connections is no longer connected" in told


class TestPasses:
    @pytest.mark.parametrize(
        "block",
        [
            lambda: (noted.connect(three), noted.disconnect(three)),
            lambda: noted.connect(lambda **_: None),
            lambda: (
                noted.disconnect(sender=int, dispatch_uid="uid"),
                noted.connect(two, sender=int, dispatch_uid="uid"),
            ),
            lambda: Signal().connect(one),
            lambda: noted.send(sender=int),
        ],
        ids=["undone", "dead", "the last again", "a signal of its own", "sent"],
    )
    def test_where_all_is_as_it_was(self, block):
        with no_leaks():
            block()

    def test_where_the_order_of_different_senders_is_another(self):
        """No send calls both."""
        noted.connect(three, sender=str)
        try:
            with no_leaks():
                noted.disconnect(sender=int, dispatch_uid="uid")
                noted.connect(two, sender=int, dispatch_uid="uid")
        finally:
            noted.disconnect(three, sender=str)

    def test_where_a_receiver_of_before_dies(self):
        """Django drops it, now or later; nobody left anything."""

        def local(**_):
            pass

        noted.connect(local)
        with no_leaks():
            del local
            noted.connect(three)
            noted.disconnect(three)

    def test_what_is_in_the_list_by_hand_is_no_error_of_ours(self):
        with no_leaks():
            noted.receivers += [(), "text", (one,), (([], []), None, False)]

    def test_a_receiver_that_cannot_be_described_is_no_error_of_ours(self, monkeypatch):
        def fails(receiver):
            if receiver is three:
                raise RuntimeError(receiver)
            return receiver_facts(receiver)

        noted.connect(three)
        monkeypatch.setattr("signalscope.leaks.receiver_facts", fails)
        with no_leaks():
            noted.connect(three, sender=str)

    def test_an_error_is_the_blocks_own(self):
        def fails():
            noted.connect(three)
            return 1 / 0

        with pytest.raises(ZeroDivisionError), no_leaks():
            fails()


def test_a_look_keeps_nothing_alive():
    """Neither receivers, strong ones too, nor senders."""

    class Sender:
        pass

    def strong(**_):
        pass

    noted.connect(strong, sender=Sender, weak=False)
    gone = weakref.ref(strong), weakref.ref(Sender)
    before = wiring()
    noted.disconnect(strong, sender=Sender)
    del strong
    (change,) = changes(before)
    assert gone[0]() is None
    assert [link.receiver.name.rpartition(".")[2] for link in change.disconnected] == ["strong"]
