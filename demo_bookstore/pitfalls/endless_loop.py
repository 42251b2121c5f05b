"""A receiver saves what was saved, and so is called again."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.db.models.signals import post_save
from django.utils import timezone

from demo_bookstore.pitfalls.models import Notice
from demo_bookstore.scenarios.base import Scenario, Wire, pitfall
from demo_bookstore.scenarios.stock import nothing


def pin_every_time(sender: type[Notice], instance: Notice, **kwargs: Any) -> None:
    """Bad: every save is followed by another one, which is followed by another one."""
    instance.pinned_at = timezone.now()
    instance.save()


def pin_once(sender: type[Notice], instance: Notice, *, raw: bool, **kwargs: Any) -> None:
    """Good: the change of the row is made past `save()`, so there is no next round."""
    if not raw and instance.pinned_at is None:
        instance.pinned_at = timezone.now()
        Notice.objects.filter(pk=instance.pk).update(pinned_at=instance.pinned_at)


def write_notice(_: None) -> None:
    """Write a notice. Without a limit, Python would end the loop after some hundred rounds."""
    with suppress(RecursionError):
        Notice.objects.create(title="The cat has come back")


PITFALL = pitfall(
    slug="endless-loop",
    title="The endless loop",
    shows=(
        "A receiver of post_save saves its instance, which sends post_save. The limit MAX_DEPTH "
        "ends it after a few rounds by an error that names the cycle; the program goes on."
    ),
    bad=Scenario(
        slug="endless-loop-bad",
        title="Saves, whatever was saved",
        shows=(
            "Nothing in the receiver stops the next round. The source alone gives it away before "
            "anything has run, and the recording shows the cycle."
        ),
        prepare=nothing,
        run=write_notice,
        receivers=(pin_every_time,),
        wires=(Wire(post_save, pin_every_time, sender=Notice),),
        settings={"SIGNALSCOPE": {"MAX_DEPTH": 3}},
        findings=("W011", "W012", "W101"),
        expected="""
            post_save pitfalls.Notice (error: RecursionLimitExceeded)
              pin_every_time (error: RecursionLimitExceeded)
                post_save pitfalls.Notice (recursive) (error: RecursionLimitExceeded)
                  pin_every_time (error: RecursionLimitExceeded)
                    post_save pitfalls.Notice (recursive) (error: RecursionLimitExceeded)
                      pin_every_time (error: RecursionLimitExceeded)
                        post_save pitfalls.Notice (recursive) (error: RecursionLimitExceeded)
        """,
    ),
    good=Scenario(
        slug="endless-loop-good",
        title="Writes one field, once, past save()",
        shows="A condition says when there is something to do, and update() sends no signal.",
        prepare=nothing,
        run=write_notice,
        receivers=(pin_once,),
        wires=(Wire(post_save, pin_once, sender=Notice),),
        settings={"SIGNALSCOPE": {"MAX_DEPTH": 3}},
        expected="""
            post_save pitfalls.Notice
              pin_once
        """,
    ),
)
