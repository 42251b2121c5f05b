"""A task of Django's own is put into the queue, started and finished. From Django 6.0 on."""

from typing import Any

from django.core.cache import cache
from django.tasks import task
from django.tasks.signals import task_enqueued, task_finished, task_started

from demo_bookstore.bookstore.models import Book
from demo_bookstore.scenarios.base import Scenario, Wire
from demo_bookstore.scenarios.stock import make_book


@task
def count_titles() -> int:
    """Count the books."""
    return Book.objects.count()


def note_progress(sender: Any, task_result: Any, **kwargs: Any) -> None:
    """Note how far the task has come."""
    cache.set(f"task:{task_result.id}", task_result.status)


def prepare() -> None:
    """Bring a book to count."""
    make_book()


def run(_: None) -> None:
    """Enqueue the task. The backend that Django has by default does it at once."""
    count_titles.enqueue()


SCENARIO = Scenario(
    slug="task-signals",
    title="A task goes its way",
    shows=(
        "task_enqueued, task_started and task_finished follow a task of Django's own. A receiver "
        "that raises in task_started makes the task fail."
    ),
    prepare=prepare,
    run=run,
    receivers=(count_titles.func, note_progress),
    wires=(
        Wire(task_enqueued, note_progress),
        Wire(task_started, note_progress),
        Wire(task_finished, note_progress),
    ),
    expected="""
        task_enqueued django.tasks.backends.immediate.ImmediateBackend
          note_progress
        task_started django.tasks.backends.immediate.ImmediateBackend
          note_progress
        task_finished django.tasks.backends.immediate.ImmediateBackend
          note_progress
    """,
)
