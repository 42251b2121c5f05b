"""The lamp of the lighthouse, and its two signals."""

from __future__ import annotations

from pathlib import Path

from django.dispatch import Signal

lamp_lit = Signal()
"""Sent in the evening: `hour`."""

lamp_put_out = Signal()
"""Sent in the morning: `hour`."""

FOLDER = Path(__file__).parent


def light(_: None) -> None:
    """Light the lamp."""
    lamp_lit.send(sender=None, hour=17)


def put_out(_: None) -> None:
    """Put the lamp out."""
    lamp_put_out.send(sender=None, hour=7)
