"""A receiver takes its time, and every save takes it, too."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models.signals import post_save

from demo_bookstore.pitfalls.models import Analysis, Answer
from demo_bookstore.pitfalls.stock import make_notice
from demo_bookstore.pitfalls.worker import PATIENCE, worker
from demo_bookstore.scenarios.base import Scenario, Wire, pitfall

if TYPE_CHECKING:
    from demo_bookstore.pitfalls.models import Notice

OPINION = (
    "The reading was wonderful and the candles were a lovely idea. "
    "The chairs, I am sorry to say, are terrible. "
    "Somebody read a sad story, and everybody was happy afterwards. "
)
LENGTH = 60


def analyse_at_once(
    sender: type[Answer], instance: Answer, *, created: bool, raw: bool, **kwargs: Any
) -> None:
    """Bad: whoever answers waits until every sentence has been weighed."""
    from demo_bookstore.pitfalls import analysis  # noqa: PLC0415 - of the group “demo”

    if created and not raw:
        Analysis.objects.create(
            answer=instance, mood=analysis.mood(instance.text), gist=analysis.gist(instance.text)
        )


def analyse_later(
    sender: type[Answer], instance: Answer, *, created: bool, raw: bool, **kwargs: Any
) -> None:
    """Good: a worker does it, and is told once the answer is there to be read."""
    from demo_bookstore.pitfalls import tasks  # noqa: PLC0415 - of the group “demo”

    if created and not raw:
        transaction.on_commit(
            partial(tasks.analyse.apply_async, args=[instance.pk], task_id=_id_of(instance))
        )


def prepare() -> Notice:
    """Bring a notice; load the libraries and open the queue, which a program does once."""
    from demo_bookstore.pitfalls import analysis, tasks  # noqa: F401, PLC0415

    no_answer = 0
    tasks.analyse.delay(no_answer)
    return make_notice()


def answer_at_length(notice: Notice) -> Answer:
    """Write an answer as long as a chapter."""
    return Answer.objects.create(notice=notice, text=OPINION * LENGTH)


def answer_and_wait(notice: Notice) -> None:
    """Write it, and wait for the worker, as a visitor would not: to see that it comes to it."""
    from demo_bookstore.pitfalls import tasks  # noqa: PLC0415

    answer = answer_at_length(notice)
    tasks.analyse.AsyncResult(_id_of(answer)).get(timeout=PATIENCE, interval=0.1)
    if not Analysis.objects.filter(answer=answer).exists():
        message = "The worker has ended its task, and there is no analysis."
        raise LookupError(message)


def _id_of(answer: Answer) -> str:
    return f"analyse-{answer.pk}"


PITFALL = pitfall(
    slug="heavy-work",
    title="Heavy work in a receiver",
    shows=(
        "Two analyses read a long answer: one weighs the mood of each sentence, one looks for the "
        "gist. They are real work, done by TextBlob and NLTK, and no sleep()."
    ),
    bad=Scenario(
        slug="heavy-work-bad",
        title="Done while the visitor waits",
        shows="The receiver's own time is what everyone waits for who answers.",
        prepare=prepare,
        run=answer_at_length,
        receivers=(analyse_at_once,),
        wires=(Wire(post_save, analyse_at_once, sender=Answer),),
        # A tenth of the usual limit, as the machine may be fast and the answer could be longer.
        settings={"SIGNALSCOPE": {"SLOW_MS": 10}},
        needs=("celery", "textblob"),
        apart=True,
        findings=("W103",),
        expected="""
            post_save pitfalls.Answer
              analyse_at_once
        """,
    ),
    good=Scenario(
        slug="heavy-work-good",
        title="Done by a worker",
        shows=(
            "The receiver leaves a message for a Celery worker, which runs in a process of its own "
            "and finds the answer in the database."
        ),
        prepare=prepare,
        run=answer_and_wait,
        receivers=(analyse_later,),
        wires=(Wire(post_save, analyse_later, sender=Answer),),
        around=worker,
        needs=("celery", "sqlalchemy", "textblob"),
        apart=True,
        expected="""
            post_save pitfalls.Answer
              analyse_later
        """,
    ),
)
