"""A receiver asks the database once for each row."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.db.models.signals import post_save

from demo_bookstore.pitfalls.models import Answer, Notice
from demo_bookstore.pitfalls.stock import make_answers, make_notice
from demo_bookstore.scenarios.base import Scenario, Wire, pitfall

ANSWERS = 12


def list_answers_one_by_one(
    sender: type[Notice], instance: Notice, *, raw: bool, **kwargs: Any
) -> None:
    """Bad: one query for the keys, and one more for each of them."""
    if raw:
        return
    keys = Answer.objects.filter(notice=instance).values_list("pk", flat=True)
    cache.set("answers", [Answer.objects.get(pk=key).text for key in keys])


def list_answers(sender: type[Notice], instance: Notice, *, raw: bool, **kwargs: Any) -> None:
    """Good: one query for all."""
    if not raw:
        texts = Answer.objects.filter(notice=instance).values_list("text", flat=True)
        cache.set("answers", list(texts))


def prepare() -> Notice:
    """Bring a notice that many have answered."""
    notice = make_notice()
    make_answers(notice, ANSWERS)
    return notice


def change_title(notice: Notice) -> None:
    """Correct one word."""
    notice.title = "Reading by lamplight on Friday"
    notice.save()


PITFALL = pitfall(
    slug="queries-in-a-loop",
    title="One query for each row",
    shows=(
        "What is a slow page in a view is a slow save in a receiver, and nobody looks for it "
        "there. The trace counts the queries of each receiver."
    ),
    bad=Scenario(
        slug="queries-in-a-loop-bad",
        title="Thirteen queries for one word",
        shows="The same statement, twelve times, each with another key.",
        prepare=prepare,
        run=change_title,
        receivers=(list_answers_one_by_one,),
        wires=(Wire(post_save, list_answers_one_by_one, sender=Notice),),
        findings=("W104",),
        expected="""
            post_save pitfalls.Notice
              list_answers_one_by_one
        """,
    ),
    good=Scenario(
        slug="queries-in-a-loop-good",
        title="One query",
        shows="The database can give all texts at once.",
        prepare=prepare,
        run=change_title,
        receivers=(list_answers,),
        wires=(Wire(post_save, list_answers, sender=Notice),),
        expected="""
            post_save pitfalls.Notice
              list_answers
        """,
    ),
)
