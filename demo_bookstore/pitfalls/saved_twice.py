"""A field is filled after the save, by another save."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save, pre_save
from django.utils import timezone

from demo_bookstore.pitfalls.models import Notice
from demo_bookstore.scenarios.base import Scenario, Wire, pitfall
from demo_bookstore.scenarios.stock import nothing


def pin_after(
    sender: type[Notice], instance: Notice, *, created: bool, raw: bool, **kwargs: Any
) -> None:
    """Bad: it ends after one round, and yet every receiver of the save runs twice."""
    if created and not raw:
        instance.pinned_at = timezone.now()
        instance.save(update_fields=["pinned_at"])


def pin_before(sender: type[Notice], instance: Notice, *, raw: bool, **kwargs: Any) -> None:
    """Good: what is known before the save goes into the save."""
    if not raw and instance.pinned_at is None:
        instance.pinned_at = timezone.now()


def write_notice(_: None) -> None:
    """Write a notice."""
    Notice.objects.create(title="Found: one glove")


PITFALL = pitfall(
    slug="saved-twice",
    title="One change, two saves",
    shows=(
        "A guard against the endless loop still leaves a second save: a second statement, and all "
        "receivers of the model once more. What needs no primary key belongs into pre_save."
    ),
    bad=Scenario(
        slug="saved-twice-bad",
        title="Saved once more in post_save",
        shows="The trace shows the same signal within itself.",
        prepare=nothing,
        run=write_notice,
        receivers=(pin_after,),
        wires=(Wire(post_save, pin_after, sender=Notice),),
        facts=("created",),
        findings=("W109",),
        expected="""
            post_save pitfalls.Notice created=True
              pin_after
                post_save pitfalls.Notice created=False (recursive)
                  pin_after
        """,
    ),
    good=Scenario(
        slug="saved-twice-good",
        title="Filled in pre_save",
        shows="One save, one statement.",
        prepare=nothing,
        run=write_notice,
        receivers=(pin_before,),
        wires=(Wire(pre_save, pin_before, sender=Notice),),
        expected="""
            pre_save pitfalls.Notice
              pin_before
        """,
    ),
)
