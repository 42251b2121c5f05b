"""A row is created, changed in one field, and loaded from a fixture: what each save tells."""

from typing import Any

from django.core import serializers
from django.db.models.signals import post_save, pre_save

from demo_bookstore.pitfalls.models import Topic
from demo_bookstore.scenarios.base import Scenario, Wire
from demo_bookstore.scenarios.stock import nothing


def before(sender: type[Topic], instance: Topic, **kwargs: Any) -> None:
    """Hear before the row is written, when an instance can still be changed."""


def after(sender: type[Topic], instance: Topic, **kwargs: Any) -> None:
    """Hear after it, when the instance has its key, and `created` says which of the two it was."""


def run(_: None) -> None:
    """Create a topic, save one field of it, and put it back from a backup."""
    topic = Topic.objects.create(name="Evenings")
    backup = serializers.serialize("json", [topic])
    topic.name = "Late evenings"
    topic.save(update_fields=["name"])
    for row in serializers.deserialize("json", backup):
        row.save()


SCENARIO = Scenario(
    slug="saves",
    title="What a save tells",
    shows=(
        "pre_save knows no created, as nobody knows yet whether there is such a row. update_fields "
        "names what is written, and is None where all is. raw is true for what comes from a "
        "fixture. using is the alias of the database."
    ),
    prepare=nothing,
    run=run,
    receivers=(before, after),
    wires=(Wire(pre_save, before, sender=Topic), Wire(post_save, after, sender=Topic)),
    facts=("created", "raw", "update_fields", "using"),
    expected="""
        pre_save pitfalls.Topic raw=False update_fields=None using=default
          tidy_name
          before
        post_save pitfalls.Topic created=True raw=False update_fields=None using=default
          after
        pre_save pitfalls.Topic raw=False update_fields=name using=default
          tidy_name
          before
        post_save pitfalls.Topic created=False raw=False update_fields=name using=default
          after
        pre_save pitfalls.Topic raw=True update_fields=None using=default
          tidy_name
          before
        post_save pitfalls.Topic created=False raw=True update_fields=None using=default
          after
    """,
)
