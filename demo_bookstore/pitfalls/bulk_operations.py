"""Rows are written in one statement, and nobody hears of it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.signals import post_save

from demo_bookstore.pitfalls.models import Answer, Notice
from demo_bookstore.pitfalls.stock import make_notice
from demo_bookstore.scenarios.base import Scenario, Wire, pitfall

TEXTS = ("I shall be there.", "Is there a chair left?", "Me too.")


def count_answer(
    sender: type[Answer], instance: Answer, *, created: bool, raw: bool, **kwargs: Any
) -> None:
    """Keep the number of answers that a notice shows."""
    if created and not raw:
        Notice.objects.filter(pk=instance.notice_id).update(answers=F("answers") + 1)


def import_at_once(notice: Notice) -> None:
    """Bad: the three rows are there, and the notice says that nobody has answered."""
    Answer.objects.bulk_create(Answer(notice=notice, text=text) for text in TEXTS)


@transaction.atomic
def import_one_by_one(notice: Notice) -> None:
    """Good, as long as they are few: each is saved, so each is counted."""
    for text in TEXTS:
        Answer.objects.create(notice=notice, text=text)


_COMMON: dict[str, Any] = {
    "prepare": make_notice,
    "wires": (Wire(post_save, count_answer, sender=Answer),),
}

PITFALL = pitfall(
    slug="bulk-operations",
    title="Bulk operations pass receivers by",
    shows=(
        "bulk_create, bulk_update and QuerySet.update send no signal. That is why they are fast, "
        "and why whatever a receiver keeps up to date is wrong afterwards."
    ),
    bad=Scenario(
        slug="bulk-operations-bad",
        title="Three answers, counted as none",
        shows="The trace is empty. What did not run is what there is to see.",
        run=import_at_once,
        receivers=(count_answer,),
        findings=("W108",),
        expected="",
        **_COMMON,
    ),
    good=Scenario(
        slug="bulk-operations-good",
        title="Three answers, counted as three",
        shows=(
            "Saved one by one in one transaction. For thousands, keep bulk_create and do by one "
            "statement what the receiver would have done."
        ),
        run=import_one_by_one,
        receivers=(count_answer,),
        expected="""
            post_save pitfalls.Answer
              count_answer
            post_save pitfalls.Answer
              count_answer
            post_save pitfalls.Answer
              count_answer
        """,
        **_COMMON,
    ),
)
