"""Signals that are nested, endless, failing, concurrent and slow, and their receivers.

The pauses are the services elsewhere that a receiver would wait for: without them nothing would
ever be under way when another request comes in, or when a client hangs up.
"""

from __future__ import annotations

import asyncio
import logging

from django.dispatch import Signal, receiver

logger = logging.getLogger("shop")

LEVELS = 8
"""How deep `counted` nests, which is less than MAX_DEPTH."""
PATIENCE = 0.2
"""Seconds that receivers take for which nobody waits."""

counted = Signal()
circled = Signal()
refused = Signal()
packed = Signal()
labelled = Signal()
tangled = Signal()
awaited = Signal()


class StockroomError(Exception):
    """What receivers here raise."""


@receiver(counted)
def count_down(sender, *, left, **kwargs):
    if left:
        counted.send(sender, left=left - 1)


@receiver(counted)
def note_count(sender, **kwargs):
    logger.info("said", extra={"place": "note_count"})


@receiver(circled)
def circle(sender, **kwargs):
    circled.send(sender)


@receiver(refused)
def accept(sender, **kwargs):
    logger.info("said", extra={"place": "accept"})


@receiver(refused)
def refuse(sender, **kwargs):
    raise StockroomError("the stockroom is closed")


@receiver(refused)
def come_last(sender, **kwargs):
    logger.info("said", extra={"place": "come_last"})


@receiver(packed)
async def wrap(sender, **kwargs):
    await asyncio.sleep(0.004)
    await labelled.asend(sender)
    logger.info("said", extra={"place": "wrap"})


@receiver(packed)
async def tie(sender, **kwargs):
    await asyncio.sleep(0.002)
    logger.info("said", extra={"place": "tie"})
    await asyncio.sleep(0.004)
    await labelled.asend(sender)


@receiver(packed)
def weigh(sender, **kwargs):
    logger.info("said", extra={"place": "weigh"})


@receiver(labelled)
async def write_label(sender, **kwargs):
    await asyncio.sleep(0.001)
    logger.info("said", extra={"place": "write_label"})


@receiver(labelled)
def stamp(sender, **kwargs):
    logger.info("said", extra={"place": "stamp"})


@receiver(tangled)
async def untangle(sender, *, pause, **kwargs):
    await asyncio.sleep(pause)
    logger.info("said", extra={"place": "untangle"})


@receiver(tangled)
async def snap(sender, **kwargs):
    await asyncio.sleep(0.002)
    raise StockroomError("the string has snapped")


@receiver(awaited)
async def wait_for_courier(sender, **kwargs):
    await asyncio.sleep(PATIENCE)


@receiver(awaited)
async def wait_for_van(sender, **kwargs):
    await labelled.asend(sender)
    await asyncio.sleep(PATIENCE)
