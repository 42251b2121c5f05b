"""One receiver is connected by two lines of code, and runs twice."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.db.models.signals import post_save

from demo_bookstore.pitfalls.models import Answer
from demo_bookstore.pitfalls.stock import make_notice
from demo_bookstore.scenarios.base import Scenario, Wire, pitfall


def ring_the_bell(sender: type[Answer], instance: Answer, *, raw: bool, **kwargs: Any) -> None:
    """Count how often the bell has rung."""
    if not raw:
        cache.add("bell", 0, timeout=None)
        cache.incr("bell")


def answer(notice: Any) -> None:
    """Answer once."""
    Answer.objects.create(notice=notice, text="Count me in.")


PITFALL = pitfall(
    slug="registered-twice",
    title="Registered twice, run twice",
    shows=(
        "connect() knows a receiver by its identity, or by dispatch_uid where one is given. Two "
        "uids, or a module that is imported by two names, make two receivers out of one."
    ),
    bad=Scenario(
        slug="registered-twice-bad",
        title="Two uids for one receiver",
        shows="models.py and apps.py have each connected it, each with a name of its own for it.",
        prepare=make_notice,
        run=answer,
        receivers=(ring_the_bell,),
        wires=(
            Wire(post_save, ring_the_bell, sender=Answer, dispatch_uid="models.ring_the_bell"),
            Wire(post_save, ring_the_bell, sender=Answer, dispatch_uid="apps.ring_the_bell"),
        ),
        findings=("W001",),
        expected="""
            post_save pitfalls.Answer
              ring_the_bell
              ring_the_bell
        """,
    ),
    good=Scenario(
        slug="registered-twice-good",
        title="One uid for one receiver",
        shows="Whoever comes second finds the uid taken: nothing is connected again.",
        prepare=make_notice,
        run=answer,
        receivers=(ring_the_bell,),
        wires=(
            Wire(post_save, ring_the_bell, sender=Answer, dispatch_uid="pitfalls.ring_the_bell"),
            Wire(post_save, ring_the_bell, sender=Answer, dispatch_uid="pitfalls.ring_the_bell"),
        ),
        expected="""
            post_save pitfalls.Answer
              ring_the_bell
        """,
    ),
)
