"""W108 bypassed: bulk operations that skip receivers, and those by which receivers mean to."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.db import transaction
from django.db.models import F, Q
from django.db.models.signals import post_delete, post_init, post_save, pre_save
from django.dispatch import Signal
from django.test import TestCase

from tests.programs import findings_of, ids_of, named, recording_of
from tests.testapp.models import Note, Tag

pytestmark = pytest.mark.django_db

noted = Signal()


def log(**_):
    """Be skipped."""


def audit(**_):
    """Be skipped as well."""


# --- These skip receivers -------------------------------------------------------------------------


def creates_in_bulk(world):
    world.connect(post_save, log, sender=Note)
    yield
    Note.objects.bulk_create([Note(title="x"), Note(title="y")])


def updates_many(world):
    world.connect(post_save, log, sender=Note)
    for _ in range(3):
        Note.objects.create(title="x")
    yield
    Note.objects.filter(title="x").update(title="y")


def updates_in_bulk(world):
    world.connect(pre_save, log, sender=Note)
    notes = [Note.objects.create(title=title) for title in "ab"]
    yield
    Note.objects.bulk_update(notes, ["title"])


def deletes_raw(world):
    world.connect(post_delete, log, sender=Note)
    Note.objects.create(title="x")
    yield
    notes = Note.objects.filter(title="x")
    notes._raw_delete(notes.db)


def a_receiver_updates_others(world):
    def renumber(instance, **_):
        Note.objects.exclude(pk=instance.pk).update(title="y")

    world.connect(post_save, renumber, sender=Note)
    Note.objects.create(title="x")
    yield
    Note.objects.create(title="x")


def a_receiver_updates_another_model(world):
    world.connect(post_save, lambda **_: Tag.objects.update(name="y"), sender=Note)
    world.connect(post_save, log, sender=Tag)
    Tag.objects.create(name="x")
    yield
    Note.objects.create(title="x")


def a_receiver_updates_a_row_beside(world):
    def touch(instance, **_):
        Note.objects.filter(pk=instance.pk - 1).update(title="y")

    world.connect(post_save, touch, sender=Note)
    Note.objects.create(pk=5, title="x")
    yield
    Note.objects.create(pk=6, title="x")


def its_own_row_or_others(world):
    def touch(instance, **_):
        Note.objects.filter(Q(pk=instance.pk) | Q(title="x")).update(title="y")

    world.connect(post_save, touch, sender=Note)
    yield
    Note.objects.create(title="x")


def its_own_row_or_others_by_three_querysets(world):
    def touch(instance, **_):
        titles = Note.objects.filter(title="x") | Note.objects.filter(title="z")
        (titles | Note.objects.filter(pk=instance.pk)).update(title="y")

    world.connect(post_save, touch, sender=Note)
    yield
    Note.objects.create(title="x")


def the_same_key_of_another_model(world):
    def touch(instance, **_):
        Tag.objects.filter(pk=instance.pk).update(name="y")

    world.connect(post_save, touch, sender=Note)
    world.connect(post_save, log, sender=Tag)
    Tag.objects.create(pk=5, name="x")
    yield
    Note.objects.create(pk=5, title="x")


def by_a_receiver_for_any_sender(world):
    world.connect(post_save, log)
    yield
    Note.objects.bulk_create([Note(title="x")])


def adds_to_a_relation(world):
    """Django's manager does the update, as the program asked for it."""
    from django.contrib.auth.models import Permission
    from django.contrib.contenttypes.models import ContentType

    world.connect(post_save, log, sender=Permission)
    one, other = ContentType.objects.all()[:2]
    yield
    one.permission_set.add(*other.permission_set.all())


SKIPS = [
    adds_to_a_relation,
    creates_in_bulk,
    updates_many,
    updates_in_bulk,
    deletes_raw,
    a_receiver_updates_others,
    a_receiver_updates_another_model,
    a_receiver_updates_a_row_beside,
    its_own_row_or_others,
    its_own_row_or_others_by_three_querysets,
    the_same_key_of_another_model,
    by_a_receiver_for_any_sender,
]


@pytest.mark.parametrize("program", named(SKIPS))
def test_a_bypass_is_found(program, world):
    assert ids_of(findings_of(program, world)) == ["W108"]


# --- And these do not, or mean to -----------------------------------------------------------------


def updates_its_own_row(world):
    def number(instance, **_):
        Note.objects.filter(pk=instance.pk).update(title=F("title"))

    world.connect(post_save, number, sender=Note)
    yield
    Note.objects.create(title="x")


def updates_its_own_row_if(world):
    def number(instance, **_):
        Note.objects.filter(title="x").filter(id=instance.id).update(title="y")

    world.connect(post_save, number, sender=Note)
    yield
    Note.objects.create(title="x")


def updates_its_own_row_by_a_list(world):
    def number(instance, **_):
        Note.objects.filter(pk__in=[instance.pk]).update(title="y")

    world.connect(post_save, number, sender=Note)
    yield
    Note.objects.create(title="x")


def updates_its_own_row_in_bulk(world):
    def number(instance, **_):
        instance.title = "y"
        Note.objects.bulk_update([instance], ["title"])

    world.connect(post_save, number, sender=Note)
    yield
    Note.objects.create(title="x")


def updates_its_own_row_below_another_signal(world):
    def tell(instance, **_):
        noted.send(sender=Note, note=instance)

    world.connect(post_save, tell, sender=Note)
    world.connect(noted, lambda note, **_: Note.objects.filter(pk=note.pk).update(title="y"))
    note = Note.objects.create(title="x")
    yield
    note.save()


def updates_its_own_row_on_commit(world):
    def later(instance, **_):
        transaction.on_commit(lambda: Note.objects.filter(pk=instance.pk).update(title="y"))

    world.connect(post_save, later, sender=Note)
    note = Note.objects.create(title="x")
    yield
    with TestCase.captureOnCommitCallbacks(execute=True):
        note.save()


def nothing_was_there(world):
    world.connect(post_save, log, sender=Note)
    yield
    Note.objects.filter(title="x").update(title="y")
    Note.objects.bulk_create([])


def nobody_listens(world):
    world.connect(post_save, log, sender=Tag)
    world.connect(post_init, log, sender=Note)
    yield
    Note.objects.bulk_create([Note(title="x")])
    Note.objects.update(title="y")


def adds_many_to_many(world):
    world.connect(post_save, log)
    world.connect(post_delete, log)
    note, tag = Note.objects.create(title="x"), Tag.objects.create(name="x")
    yield
    note.tags.add(tag)
    note.tags.set([])


def saves_and_deletes_one_by_one(world):
    world.connect(post_save, log, sender=Note)
    world.connect(post_delete, log, sender=Note)
    yield
    for title in "abc":
        Note.objects.create(title=title)
    Note.objects.all().delete()


def nobody_knows_how_many(world):
    world.connect(post_save, log, sender=Note)
    Note.objects.create(pk=1, title="x")
    yield
    Note.objects.bulk_create([Note(pk=1, title="x")], ignore_conflicts=True)


def djangos_own_apps(world):
    def migrated():
        from django.contrib.auth.models import Permission

        Permission.objects.all().delete()
        create_permissions(apps.get_app_config("auth"), verbosity=0)
        assert Permission.objects.exists()

    world.connect(post_save, log)
    yield
    migrated()


def djangos_own_apps_by_a_manager(world):
    """As the admin's log does, when many rows go at once."""
    namespace = {"__name__": "django.contrib.shop"}
    exec("def log(manager, rows): manager.bulk_create(rows)", namespace)  # noqa: S102
    world.connect(post_save, log, sender=Note)
    yield
    namespace["log"](Note.objects, [Note(title="x")])


MEANT = [
    djangos_own_apps,
    djangos_own_apps_by_a_manager,
    updates_its_own_row,
    updates_its_own_row_if,
    updates_its_own_row_by_a_list,
    updates_its_own_row_in_bulk,
    updates_its_own_row_below_another_signal,
    updates_its_own_row_on_commit,
    nothing_was_there,
    nobody_listens,
    adds_many_to_many,
    saves_and_deletes_one_by_one,
    nobody_knows_how_many,
]


@pytest.mark.parametrize("program", named(MEANT))
def test_what_bypasses_nobody(program, world):
    assert ids_of(findings_of(program, world)) == []


def test_one_line_is_one_finding(world):
    """With its rows, and where the bypasses stand in the recording."""

    def twice(world):
        world.connect(post_save, log, audit, sender=Note)
        yield
        for number in (1, 2):
            Note.objects.bulk_create([Note(title="x")] * number)
        Note.objects.update(title="y")

    recording = recording_of(twice, world)
    created, updated = recording.findings
    assert created.evidence["rows"] == 3
    assert created.evidence["count"] == 2
    assert created.evidence["receivers"] == [f"{__name__}.log", f"{__name__}.audit"]
    assert (created.receiver, created.signal, created.sender) == (None, None, "testapp.Note")
    assert updated.places == (recording.bypasses[2].location,)


def test_an_own_row_is_saved(world):
    """So that a saved recording says the same."""
    recording = recording_of(updates_its_own_row, world)
    (bypass,) = recording.bypasses
    assert bypass.own_row
    (saved,) = recording.to_dict()["bypasses"]
    assert saved["own_row"] is True
    assert type(recording).from_dict(recording.to_dict()).bypasses[0].own_row
