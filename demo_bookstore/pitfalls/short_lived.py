"""A receiver that nobody holds is gone before the first signal."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.db.models.signals import post_save

from demo_bookstore.pitfalls.models import Answer
from demo_bookstore.pitfalls.stock import make_notice
from demo_bookstore.scenarios.base import Scenario, Wire, pitfall

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo_bookstore.pitfalls.models import Notice


@contextmanager
def connected_and_let_go() -> Iterator[None]:
    """Bad: connect() holds a receiver weakly, and nothing else holds this one."""

    def connect() -> None:
        def note_here(sender: type[Answer], instance: Answer, *, raw: bool, **kwargs: Any) -> None:
            if not raw:
                cache.set("last-answer", instance.pk)

        post_save.connect(note_here, sender=Answer, dispatch_uid="pitfalls.note")

    connect()
    try:
        yield
    finally:
        post_save.disconnect(sender=Answer, dispatch_uid="pitfalls.note")


def note_last_answer(sender: type[Answer], instance: Answer, *, raw: bool, **kwargs: Any) -> None:
    """Good: the module holds it as long as the program runs. `weak=False` would do as well."""
    if not raw:
        cache.set("last-answer", instance.pk)


def answer(notice: Notice) -> None:
    """Answer, some time after start-up."""
    gc.collect()
    Answer.objects.create(notice=notice, text="I had the same thought.")


PITFALL = pitfall(
    slug="short-lived",
    title="The receiver that died",
    shows=(
        "Signals refer to receivers weakly. A local function, a lambda or a method of an object "
        "that nobody keeps is collected, and never runs. While DEBUG is on, Django happens to keep "
        "it alive: it dies in production only."
    ),
    bad=Scenario(
        slug="short-lived-bad",
        title="Nobody holds it",
        shows="With DEBUG off, as in production. Nobody is there, and the trace is empty.",
        prepare=make_notice,
        run=answer,
        receivers=(connected_and_let_go,),
        around=connected_and_let_go,
        settings={"DEBUG": False},
        findings=("W006",),
        expected="",
    ),
    good=Scenario(
        slug="short-lived-good",
        title="The module holds it",
        shows="The same function, at the top of its module.",
        prepare=make_notice,
        run=answer,
        receivers=(note_last_answer,),
        wires=(Wire(post_save, note_last_answer, sender=Answer),),
        settings={"DEBUG": False},
        expected="""
            post_save pitfalls.Answer
              note_last_answer
        """,
    ),
)
