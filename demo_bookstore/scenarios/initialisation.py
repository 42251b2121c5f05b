"""An instance is made: two signals, for each row that is read as well."""

from typing import Any

from django.db.models.signals import post_init, pre_init

from demo_bookstore.bookstore.models import Author
from demo_bookstore.scenarios.base import Scenario, Wire
from demo_bookstore.scenarios.stock import make_author


def note_arguments(sender: type[Author], args: tuple, kwargs: dict, **_: Any) -> None:
    """Hear before `__init__()` does anything: there is no instance yet, only what it is given."""


def remember_name(sender: type[Author], instance: Author, **kwargs: Any) -> None:
    """Keep the name that was loaded, so that a later receiver can tell whether it has changed."""
    instance.loaded_name = instance.name


def prepare() -> list[int]:
    """Bring two authors."""
    return [make_author().pk, make_author("Cosimo Hale").pk]


def run(keys: list[int]) -> None:
    """Read both: each row becomes an instance."""
    list(Author.objects.filter(pk__in=keys))


SCENARIO = Scenario(
    slug="initialisation",
    title="Instances are made",
    shows=(
        "pre_init and post_init are sent for every instance, and so for every row of every query: "
        "whoever connects here slows all of them down. They are left out of recordings that do "
        "not name them; this one does."
    ),
    prepare=prepare,
    run=run,
    receivers=(note_arguments, remember_name),
    wires=(
        Wire(pre_init, note_arguments, sender=Author),
        Wire(post_init, remember_name, sender=Author),
    ),
    signals=(pre_init, post_init),
    expected="""
        pre_init bookstore.Author
          note_arguments
        post_init bookstore.Author
          remember_name
        pre_init bookstore.Author
          note_arguments
        post_init bookstore.Author
          remember_name
    """,
)
