"""W101 recursion and W109 redundant-save: programs that do it, and near misses."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models.signals import m2m_changed, post_save, pre_save
from django.dispatch import Signal

from tests.testapp.models import Note, Tag
from tests.unit.programs import Table, found_in, fresh

pytestmark = pytest.mark.django_db
recursion, redundant = Table(), Table()


def saving(times, **options):
    """Return a receiver that saves its instance at each of its first `times` calls."""
    left = [times]

    def resave(instance, **_):
        if left[0]:
            left[0] -= 1
            instance.save(**options)

    return resave


# --- W101 ---


def again(times, signal=post_save, **options):
    """Return a program in which a receiver re-enters itself."""

    def program(connect):
        note = Note.objects.create(title="a")
        connect(signal, saving(times, **options), Note)
        note.save()

    kind = "post" if signal is post_save else "pre"
    program.__name__ = f"{times} rounds of {kind}_save, {options}"
    return program


for bad in (again(2), again(3), again(9), again(2, update_fields=["title"])):
    recursion.finds(bad)


@recursion.finds
def before_each_save(connect):
    """A ``pre_save`` receiver saves twice more, before the row has a key."""
    note = Note(pk=7, title="a")
    connect(pre_save, saving(2), Note)
    note.save()


@recursion.finds
def twice_in_one_call(connect):
    """A new note is saved twice more by its own receiver."""

    def resave(instance, created, **_):
        if created:
            instance.save()
            instance.save()

    connect(post_save, resave, Note)
    Note.objects.create(title="a")


@recursion.passes
@redundant.passes
def saves_a_copy(connect):
    """The same object, with its key taken away, is another row."""

    def copy(instance, **_):
        if len(instance.title) < 4:
            instance.pk, instance.title = None, instance.title + "a"
            instance._state.adding = True
            instance.save()

    connect(post_save, copy, Note)
    Note.objects.create(title="a")


@recursion.finds
def through_another_model(connect):
    """A note touches its tag, which touches the note."""
    tag = Tag.objects.create(name="t")
    connect(post_save, lambda **_: tag.save(), Note)
    connect(post_save, saving_of(Note.objects.get, 1), Tag)
    Note.objects.create(title="a")


def saving_of(find, times):
    """Return a receiver that saves what `find` returns, as often."""
    left = [times]

    def touch(**_):
        if left[0]:
            left[0] -= 1
            find().save()

    return touch


@recursion.finds
def through_a_signal_of_ones_own(connect):
    left = [1]
    touched = Signal()

    def tell(instance, **_):
        if left[0]:
            left[0] -= 1
            touched.send(sender=Note, instance=instance)

    connect(post_save, tell, Note)
    connect(touched, lambda instance, **_: instance.save())
    Note.objects.create(title="a")


@recursion.finds
def by_other_copies_of_the_row(connect):
    left = [2]

    def refetch(instance, **_):
        if left[0]:
            left[0] -= 1
            Note.objects.get(pk=instance.pk).save()

    connect(post_save, refetch, Note)
    Note.objects.create(title="a")


@recursion.finds
def many_to_many_that_is_cleared_in_turn(connect):
    left = [2]

    def clear(instance, action, **_):
        if action == "post_clear" and left[0]:
            left[0] -= 1
            instance.tags.clear()

    connect(m2m_changed, clear)
    Note.objects.create(title="a").tags.clear()


for good in (again(0), again(1), again(1, update_fields=["title"]), again(1, pre_save)):
    recursion.passes(good)


@recursion.passes
def parents_of_a_tree(connect):
    """Each saves the next, which is another row."""
    notes = [Note.objects.create(title=str(at)) for at in range(5)]

    def save_parent(instance, **_):
        at = [note.pk for note in notes].index(instance.pk)
        if at:
            notes[at - 1].save()

    connect(post_save, save_parent, Note)
    notes[4].save()


@recursion.passes
def new_rows_without_a_key(connect):
    """Two instances that have no key yet are two."""
    left = [3]

    def another(**_):
        if left[0]:
            left[0] -= 1
            Note(title="b").save()

    connect(pre_save, another, Note)
    Note(title="a").save()


@recursion.passes
def one_save_after_the_other(connect):
    connect(post_save, saving(0), Note)
    note = Note.objects.create(title="a")
    for _ in range(5):
        note.save()


@recursion.passes
def unknown_instances(connect):
    """What the sends are about is not known, so nothing is sure."""
    left = [4]

    def repeat(step, **_):
        if left[0]:
            left[0] -= 1
            signal.send(sender=None, step=step + 1)

    signal = fresh(repeat, connect=connect)
    signal.send(sender=None, step=0)


@recursion.passes
def same_key_of_another_model(connect):
    connect(post_save, lambda **_: Tag(pk=1, name="t").save(), Note)
    connect(post_save, lambda **_: Group(pk=1, name="g").save(), Tag)
    Note(pk=1, title="a").save()


@recursion.passes
def actions_of_many_to_many(connect):
    """Adding in answer to a removal is another action."""
    tag = Tag.objects.create(name="t")

    def put_back(instance, action, **_):
        if action == "post_remove":
            instance.tags.add(tag)

    connect(m2m_changed, put_back)
    note = Note.objects.create(title="a")
    note.tags.add(tag)
    note.tags.remove(tag)


# --- W109 ---

redundant.finds(again(1))
redundant.finds(again(1, update_fields=["title"]))
redundant.finds(again(1, force_update=True))


@redundant.finds
def another_copy(connect):
    connect(post_save, lambda instance, created, **_: created and Note.objects.get().save(), Note)
    Note.objects.create(title="a")


@redundant.finds
def guarded_by_created(connect):
    connect(post_save, lambda instance, created, **_: created and instance.save(), Note)
    Note.objects.create(title="a")


@redundant.finds
def guarded_by_a_flag(connect):
    def number(instance, **_):
        if not instance.title.endswith("!"):
            instance.title += "!"
            instance.save()

    connect(post_save, number, Note)
    Note.objects.create(title="a")


@redundant.finds
def connected_to_all_models(connect):
    connect(post_save, saving(1))
    Tag.objects.create(name="t")


@redundant.finds
def in_a_transaction(connect):
    connect(post_save, saving(1), Note)
    with transaction.atomic():
        Note.objects.create(title="a")


@redundant.finds
def beside_other_receivers(connect):
    connect(post_save, lambda **_: None, Note)
    connect(post_save, saving(1), Note)
    Note.objects.create(title="a")


for good in (again(0), again(2), again(1, pre_save), parents_of_a_tree, one_save_after_the_other):
    redundant.passes(good)
redundant.passes(same_key_of_another_model)


@redundant.passes
def update(connect):
    connect(post_save, lambda instance, **_: Note.objects.update(title="b"), Note)
    Note.objects.create(title="a")


@redundant.passes
def set_before(connect):
    connect(pre_save, lambda instance, **_: setattr(instance, "title", "b"), Note)
    Note.objects.create(title="a")


@redundant.passes
def another_row(connect):
    other = Note.objects.create(title="o")
    connect(post_save, lambda created, **_: created and other.save(), Note)
    Note.objects.create(title="a")


@redundant.passes
def answer_of_another_signal(connect):
    connect(fresh_signal, lambda instance, **_: instance.save())
    connect(post_save, lambda **_: None, Note)
    fresh_signal.send(sender=Note, instance=Note.objects.create(title="a"))


fresh_signal = Signal()


@pytest.mark.parametrize("program", recursion.bad, ids=lambda each: each.__name__)
def test_recursion_is_found(program):
    """One finding for the receiver that is entered again, with the cycle."""
    found = found_in(program, "W101")
    assert found
    for each in found:
        cycle = each.evidence["cycle"]
        assert cycle[0] == cycle[-1] == each.receiver
        assert each.evidence["dispatches"]


@pytest.mark.parametrize("rounds", [2, 3, 9])
def test_each_round_is_counted(rounds):
    """The first too, which by itself could have been a guarded save."""
    (found,) = found_in(again(rounds), "W101")
    assert found.evidence["count"] == rounds


@pytest.mark.parametrize("program", recursion.good, ids=lambda each: each.__name__)
def test_no_recursion(program):
    """A near miss is none."""
    assert found_in(program, "W101") == []


@pytest.mark.parametrize("program", redundant.bad, ids=lambda each: each.__name__)
def test_redundant_save_is_found(program):
    """It names the receiver that saves, and where it stands."""
    (found,) = found_in(program, "W109", "W101")
    assert found.id == "W109"
    assert found.places[0].file == __file__


@pytest.mark.parametrize("program", redundant.good, ids=lambda each: each.__name__)
def test_no_redundant_save(program):
    """A near miss is none."""
    assert found_in(program, "W109") == []


def test_what_a_callback_on_commit_saves_is_not_inside(django_capture_on_commit_callbacks):
    """The receiver has returned by then."""

    def program(connect):
        left = [3]

        def later(instance, **_):
            if left[0]:
                left[0] -= 1
                transaction.on_commit(instance.save)

        connect(post_save, later, Note)
        with django_capture_on_commit_callbacks(execute=True):
            Note.objects.create(title="a")

    assert found_in(program, "W101", "W109") == []


@pytest.mark.django_db(transaction=True)
def test_what_a_callback_saves_that_runs_at_once():
    """Outside of a transaction there is no commit to wait for; it is a callback still."""

    def program(connect):
        left = [3]

        def later(instance, **_):
            if left[0]:
                left[0] -= 1
                transaction.on_commit(instance.save)

        connect(post_save, later, Note)
        Note.objects.create(title="a")

    assert found_in(program, "W101", "W109") == []
