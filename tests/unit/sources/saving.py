"""W011 saves-own-instance: receivers of a note's saves."""

from __future__ import annotations

import contextlib
import functools

from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_save
from django.utils import translation

import signalscope
from tests.testapp.models import Note
from tests.unit.sources.tables import Sources

SAVES = Sources()
finds, passes = SAVES.finds, SAVES.passes


@finds
def at_once(sender, instance, **kwargs):
    instance.title = "x"
    instance.save()


@finds
def one_field(instance, **kwargs):
    instance.save(update_fields=["title"])


@finds
def of_the_rest(sender, **kwargs):
    note = kwargs["instance"]
    note.save()


@finds
def by_another_name(sender, instance, **kwargs):
    note = instance
    note.save()


@finds
def for_old_rows(sender, instance, created, **kwargs):
    if not created:
        instance.save()


@finds
def after_new_rows_left(sender, instance, created, **kwargs):
    if created:
        return
    instance.save()


@finds
def without_fixtures(sender, instance, raw=False, **kwargs):
    if raw:
        return
    instance.save()


@finds
def not_raw_of_the_rest(instance, **kwargs):
    if not kwargs.get("raw"):
        instance.save()


@finds
def of_one_sender(sender, instance, **kwargs):
    if sender is Note and isinstance(instance, Note):
        instance.save()


@finds
def in_a_transaction(sender, instance, **kwargs):
    with transaction.atomic():
        instance.save()


@finds
def come_what_may(sender, instance, **kwargs):
    with contextlib.suppress(KeyError), translation.override("de"):
        try:
            instance.save()
        finally:
            instance.title = "x"


@finds
async def asynchronously(sender, instance, **kwargs):
    await instance.asave()


def settle(note):
    note.title = "settled"
    note.save()


@finds
def by_a_helper(sender, instance, **kwargs):
    settle(instance)


def settle_by_keyword(times, *, note):
    settle(note=note)


@finds
def by_a_helper_of_a_helper(sender, instance, **kwargs):
    settle_by_keyword(3, note=instance)


@finds
def by_a_function_within(sender, instance, **kwargs):
    def settle_it():
        instance.save()

    settle_it()


class Listener:
    def handle(self, sender, instance, **kwargs):
        self.settle(instance)

    @staticmethod
    def settle(note):
        note.save()

    @classmethod
    def of_class(cls, sender, instance, **kwargs):
        instance.save()

    def guarded(self, sender, instance, **kwargs):
        if self.is_open(instance):
            instance.save()

    def is_open(self, note):
        return note.title == "open"


LISTENER = Listener()
finds(LISTENER.handle, Listener.of_class)
passes(LISTENER.guarded)


class Callable:
    def __call__(self, sender, instance, **kwargs):
        instance.save()


finds(CALLABLE := Callable(), functools.partial(at_once, using="x"))


# --- Near misses ---


@passes
def when_made(sender, instance, created, **kwargs):
    if created:
        instance.save()


@passes
def early_return_for_old_rows(sender, instance, created, **kwargs):
    if not created:
        return
    instance.save()


@passes
def while_there_is_none(sender, instance, **kwargs):
    if not instance.title:
        instance.title = "x"
        instance.save()


@passes
def unless_flagged(sender, instance, **kwargs):
    if getattr(instance, "_saving", False):
        return
    instance._saving = True
    instance.save()


@passes
def unless_named(sender, instance, update_fields=None, **kwargs):
    if update_fields and "title" in update_fields:
        return
    instance.save(update_fields=["title"])


@passes
def disconnected(sender, instance, **kwargs):
    post_save.disconnect(disconnected, sender=Note)
    instance.save()
    post_save.connect(disconnected, sender=Note)


@passes
def muted(sender, instance, **kwargs):
    with signalscope.muted(post_save):
        instance.save()


@passes
def in_a_block_of_its_own(sender, instance, **kwargs):
    with LISTENER.guarded:
        instance.save()


@passes
def another_row(sender, instance, **kwargs):
    other = Note.objects.get(pk=1)
    other.save()


@passes
def another_by_that_name(sender, instance, **kwargs):
    instance = Note(title="copy")
    instance.save()


@passes
def each_in_turn(sender, instance, **kwargs):
    for instance in Note.objects.all():  # noqa: PLR1704 - that is the point
        instance.save()


@passes
def on_its_rows(sender, instance, **kwargs):
    for each in instance.tags.all():
        each.save()


@passes
def by_an_update(sender, instance, **kwargs):
    Note.objects.filter(pk=instance.pk).update(title="x")


@passes
def after_an_error(sender, instance, **kwargs):
    try:
        instance.full_clean()
    except ValueError:
        instance.save()


@passes
def after_a_test_that_leaves(sender, instance, **kwargs):
    for each in instance.tags.all():
        if each.name == "done":
            return
    instance.save()


@passes
def never_comes_to_it(sender, instance, **kwargs):
    raise ValueError
    instance.save()


@passes
def of_a_file(sender, instance, **kwargs):
    instance.cover.save("name", None)


@passes
def later(sender, instance, **kwargs):
    transaction.on_commit(lambda: instance.save())  # noqa: PLW0108 - as people write it


@passes
def only_defined(sender, instance, **kwargs):
    def settle_it():
        instance.save()

    return settle_it


@passes
def another_in_a_function_within(sender, instance, **kwargs):
    def settle_it(instance):
        instance.save()

    settle_it(Note())


@passes
def another_by_keyword_in_a_function_within(sender, instance, **kwargs):
    def settle_it(*, instance):
        instance.save()

    settle_it(instance=Note())


@passes
def if_wanted(sender, instance, **kwargs):
    if settings.DEBUG:
        instance.save()


@passes
def in_an_expression(sender, instance, **kwargs):
    instance.title or instance.save()


@passes
def matched(sender, instance, **kwargs):
    match instance.title:
        case "open":
            instance.save()


def settle_if_open(note):
    if note.title == "open":
        note.save()


@passes
def by_a_helper_that_looks(sender, instance, **kwargs):
    settle_if_open(instance)


@passes
def by_a_helper_with_another(sender, instance, **kwargs):
    settle(Note())


def once(function):
    @functools.wraps(function)
    def inner(sender, instance, **kwargs):
        if not getattr(instance, "_busy", False):
            function(sender, instance, **kwargs)

    return inner


@passes
@once
def wrapped(sender, instance, **kwargs):
    instance.save()


passes(print, len, Note.objects.create)
