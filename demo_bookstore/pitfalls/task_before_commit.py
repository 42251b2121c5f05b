"""A task is sent while the transaction is still open."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models.signals import post_save

from demo_bookstore.pitfalls.heavy_work import prepare
from demo_bookstore.pitfalls.models import Answer
from demo_bookstore.scenarios.base import Scenario, Wire, pitfall

if TYPE_CHECKING:
    from demo_bookstore.pitfalls.models import Notice


def send_task(
    sender: type[Answer], instance: Answer, *, created: bool, raw: bool, **kwargs: Any
) -> None:
    """Bad: a worker that is quick finds no row, and after a roll-back there never is one."""
    from demo_bookstore.pitfalls import tasks  # noqa: PLC0415 - of the group “demo”

    if created and not raw:
        tasks.analyse.delay(instance.pk)


def send_task_after_commit(
    sender: type[Answer], instance: Answer, *, created: bool, raw: bool, **kwargs: Any
) -> None:
    """Good: sent once the row can be seen by others."""
    from demo_bookstore.pitfalls import tasks  # noqa: PLC0415 - of the group “demo”

    if created and not raw:
        transaction.on_commit(partial(tasks.analyse.delay, instance.pk))


@transaction.atomic
def answer_within_transaction(notice: Notice) -> None:
    """Answer within a transaction, as every view does where ATOMIC_REQUESTS is on."""
    Answer.objects.create(notice=notice, text="It was a lovely evening.")


_COMMON: dict[str, Any] = {
    "prepare": prepare,
    "run": answer_within_transaction,
    "needs": ("celery", "sqlalchemy", "textblob"),
    "apart": True,
}

PITFALL = pitfall(
    slug="task-before-commit",
    title="The task that came too early",
    shows=(
        "A receiver runs inside of the transaction that its save is a part of. What leaves the "
        "database from there, a task or a letter, is not taken back by a roll-back."
    ),
    bad=Scenario(
        slug="task-before-commit-bad",
        title="Sent before the commit",
        shows="With a fast worker, DoesNotExist now and then; with a slow one, all tests pass.",
        receivers=(send_task,),
        wires=(Wire(post_save, send_task, sender=Answer),),
        findings=("W107",),
        expected="""
            post_save pitfalls.Answer
              send_task
        """,
        **_COMMON,
    ),
    good=Scenario(
        slug="task-before-commit-good",
        title="Sent after it",
        shows="on_commit() keeps it until the row is there, and drops it with a roll-back.",
        receivers=(send_task_after_commit,),
        wires=(Wire(post_save, send_task_after_commit, sender=Answer),),
        expected="""
            post_save pitfalls.Answer
              send_task_after_commit
        """,
        **_COMMON,
    ),
)
