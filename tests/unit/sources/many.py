"""W013 reads-m2m-on-create: receivers of a note's saves; its tags are a many-to-many."""

from __future__ import annotations

from django.core.cache import cache
from django.db import transaction

from tests.testapp.models import Note, Tag
from tests.unit.sources.tables import Sources

MANY = Sources()
finds, passes = MANY.finds, MANY.passes


@finds
def all_of_them(sender, instance, **kwargs):
    cache.set("tags", list(instance.tags.all()))


@finds
def when_made(sender, instance, created, **kwargs):
    if created:
        cache.set("tags", instance.tags.count())


@finds
def named(sender, instance, **kwargs):
    names = instance.tags.values_list("name", flat=True)
    cache.set("tags", list(names))


@finds
def in_a_loop(sender, instance, **kwargs):
    for tag in instance.tags.all():
        cache.delete(tag.name)


@finds
def in_a_comprehension(sender, instance, **kwargs):
    cache.set("tags", [tag.name for tag in instance.tags.all()])


@finds
def filtered(sender, instance, **kwargs):
    if instance.tags.filter(name="x").exists():
        cache.clear()


@finds
def of_the_rest(sender, **kwargs):
    note = kwargs["instance"]
    cache.set("tags", note.tags.count())


@finds
def if_titled(sender, instance, raw=False, **kwargs):
    if raw:
        return
    if instance.title:
        cache.set("tags", instance.tags.count())


def index(note):
    cache.set("tags", [tag.name for tag in note.tags.all()])


@finds
def by_a_helper(sender, instance, **kwargs):
    index(instance)


@finds
def in_a_transaction(sender, instance, **kwargs):
    with transaction.atomic():
        cache.set("tags", instance.tags.count())


# --- Near misses ---


@passes
def of_old_rows(sender, instance, created, **kwargs):
    if not created:
        cache.set("tags", instance.tags.count())


@passes
def after_new_rows_left(sender, instance, created, **kwargs):
    if created:
        return
    cache.set("tags", instance.tags.count())


@passes
def on_commit(sender, instance, **kwargs):
    transaction.on_commit(lambda: cache.set("tags", instance.tags.count()))


@passes
def fills_it(sender, instance, created, **kwargs):
    if created:
        instance.tags.add(Tag.objects.get(name="new"))


@passes
def of_others(sender, instance, **kwargs):
    other = Note.objects.first()
    cache.set("tags", other.tags.count())


@passes
def a_field(sender, instance, **kwargs):
    cache.set("title", instance.title.count("x"))


@passes
def if_asked_for(sender, instance, **kwargs):
    if getattr(instance, "_index", False):
        cache.set("tags", instance.tags.count())


@passes
def only_some(sender, instance, update_fields=None, **kwargs):
    if update_fields:
        cache.set("tags", instance.tags.count())


@passes
def in_parts(sender, instance, created, **kwargs):
    count = 0 if created else instance.tags.count()
    cache.set("tags", count)


@passes
def after_an_early_exit(sender, instance, **kwargs):
    if cache.get("off"):
        return
    cache.set("tags", instance.tags.count())


@passes
def all_rows(sender, instance, **kwargs):
    cache.set("tags", Tag.objects.all())
