"""What is connected, as an assertion."""

from __future__ import annotations

import pytest
from django.db.models.signals import post_save
from django.dispatch import Signal

import signalscope
from signalscope import testing
from signalscope.errors import SignalscopeError


class TestConnected:
    @pytest.fixture(autouse=True)
    def _wired(self):
        lit.connect(lights, sender=int)
        lit.connect(shines)
        yield
        lit.disconnect(lights, sender=int)
        lit.disconnect(shines)

    def test_passes_where_it_is(self):
        """By function or name; muted or not."""
        testing.assert_connected(lights)
        testing.assert_connected(f"{__name__}.lights", lit, int)
        testing.assert_connected(shines, f"{__name__}.lit", str)
        testing.assert_not_connected(lights, lit, str)
        with pytest.raises(SignalscopeError, match="no loaded module defines it"):
            testing.assert_not_connected("no.such.receiver")
        with signalscope.muted():
            testing.assert_connected(lights)

    @pytest.mark.parametrize(
        ("asked", "says"),
        [
            (("ligts",), "Did you mean tests.unit.testing.test_connected.lights"),
            ((f"{__name__}.lights", "lit", str), "for int, not for str"),
            ((f"{__name__}.lights", post_save), "to lit for int, not to post_save"),
            ((f"{__name__}.lights", "lit", str), f"Connected to it:\n  {__name__}.lights for int"),
        ],
    )
    def test_fails_with_what_is(self, asked, says):
        """What it is connected to, the nearest name, its neighbours."""
        with pytest.raises(AssertionError) as caught:
            testing.assert_connected(*asked)
        assert says in str(caught.value)

    def test_not_connected_fails_with_the_place(self):
        with pytest.raises(AssertionError, match="runs when lit is sent:\n- It is connected to"):
            testing.assert_not_connected(lights, lit)


lit = Signal()


def lights(**_):
    """Do nothing."""


def shines(**_):
    """Do nothing."""
