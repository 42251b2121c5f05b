"""W012 ignores-raw: receivers of a user's saves."""

from __future__ import annotations

import functools
import logging
import sys

from django.contrib.auth.models import Group, Permission, User
from django.core import mail
from django.core.cache import cache
from django.core.mail import EmailMessage, send_mail
from django.db import transaction
from django.dispatch import Signal

from tests.testapp.models import Note, Tag
from tests.unit.sources.tables import Sources

SIDE_EFFECTS = Sources()
finds, passes = SIDE_EFFECTS.finds, SIDE_EFFECTS.passes
logger = logging.getLogger(__name__)
noted = Signal()


@finds
def creates(sender, instance, **kwargs):
    Note.objects.create(title=instance.username)


@finds
def creates_when_made(sender, instance, created, **kwargs):
    if created:
        Note.objects.create(title=instance.username)


@finds
def takes_raw_and_does_not_look(sender, instance, raw, **kwargs):
    Note.objects.create(title=instance.username)


@finds
def gets_or_creates(sender, instance, **kwargs):
    return Note.objects.get_or_create(title=instance.username)


@finds
def updates(sender, instance, **kwargs):
    Note.objects.filter(title=instance.username).exclude(pk=3).update(title="x")


@finds
def updates_by_sender(sender, instance, **kwargs):
    sender.objects.filter(pk=instance.pk).update(last_name="x")


@finds
def deletes(sender, instance, **kwargs):
    old = Note.objects.filter(title="")
    old.delete()


@finds
def saves_another(sender, instance, **kwargs):
    note = Note.objects.first()
    note.title = "x"
    note.save()


@finds
def saves_a_new_one(sender, instance, **kwargs):
    note = Note(title=instance.username)
    note.save()


@finds
def saves_itself(sender, instance, created, **kwargs):
    if created:
        instance.save(update_fields=["last_name"])


@finds
def adds_to_groups(sender, instance, **kwargs):
    instance.groups.add(Group.objects.get(name="all"))


def creates_related(sender, instance, **kwargs):
    """Hear of content types, to which permissions refer."""
    instance.permission_set.create(codename="x")


@finds
def mails(sender, instance, created, **kwargs):
    if created:
        send_mail("Welcome", "", None, [instance.email])


@finds
def mails_by_module(sender, instance, **kwargs):
    mail.mail_admins("A user", "")


@finds
def mails_by_message(sender, instance, **kwargs):
    EmailMessage("Welcome", to=[instance.email]).send()


@finds
def mails_by_message_of_two_steps(sender, instance, **kwargs):
    message = EmailMessage("Welcome", to=[instance.email])
    message.send(fail_silently=True)


@finds
def mails_on_commit(sender, instance, **kwargs):
    transaction.on_commit(lambda: send_mail("Welcome", "", None, [instance.email]))


@finds
def mails_on_commit_by_partial(sender, instance, **kwargs):
    transaction.on_commit(functools.partial(mail.mail_admins, "A user", ""))


@finds
def creates_on_commit_by_name(sender, instance, **kwargs):
    def create():
        Note.objects.create(title="x")

    transaction.on_commit(create)


@finds
def imports_late(sender, instance, **kwargs):
    from tests.testapp.models import Note as Late

    Late(title="x").save()


def note_of(user):
    Note.objects.create(title=user.username)


@finds
def by_a_helper(sender, instance, **kwargs):
    note_of(instance)


def note_all(**kwargs):
    Note.objects.create(title=kwargs["instance"].username)


@finds
def by_a_helper_that_gets_all(sender, **kwargs):
    note_all(**kwargs)


@finds
async def asynchronously(sender, instance, **kwargs):
    await Note.objects.acreate(title="x")


def logged(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        logger.info("called")
        return function(*args, **kwargs)

    return inner


@finds
@logged
def wrapped(sender, instance, **kwargs):
    Note.objects.create(title="x")


@finds
def for_some(sender, instance, **kwargs):
    if instance.is_staff and not instance.groups.filter(name="x").exists():
        Note.objects.create(title="x")


# --- Near misses ---


@passes
def looks(sender, instance, raw, **kwargs):
    if raw:
        return
    Note.objects.create(title="x")


@passes
def looks_in_the_rest(sender, instance, **kwargs):
    if not kwargs.get("raw", False):
        Note.objects.create(title="x")


@passes
def looks_by_key(sender, instance, **kwargs):
    if kwargs["raw"]:
        return
    Note.objects.create(title="x")


@passes
def reads(sender, instance, **kwargs):
    return Note.objects.filter(title="x").count() + Tag.objects.exclude(pk=1).count()


@passes
def sets_a_value(sender, instance, **kwargs):
    instance.last_name = instance.username.upper()


@passes
def clears_a_cache(sender, instance, **kwargs):
    cache.delete(f"user-{instance.pk}")
    cache.clear()


@passes
def logs(sender, instance, **kwargs):
    logger.info("saved %s", instance.pk)


@passes
def by_named_fields(sender, instance, update_fields=None, **kwargs):
    if update_fields and "email" in update_fields:
        send_mail("Changed", "", None, [instance.email])


@passes
def if_flagged(sender, instance, **kwargs):
    if getattr(instance, "_notify", False):
        send_mail("Changed", "", None, [instance.email])


@passes
def if_flagged_by_attribute(sender, instance, **kwargs):
    if instance._notify:
        Note.objects.create(title="x")


def is_loading():
    return "loaddata" in sys.argv


@passes
def asks_somebody(sender, instance, **kwargs):
    if is_loading():
        return
    Note.objects.create(title="x")


@passes
def asks_the_command_line(sender, instance, **kwargs):
    if "loaddata" in sys.argv:
        return
    Note.objects.create(title="x")


def handle(user, **kwargs):
    if kwargs["raw"]:
        return
    Note.objects.create(title=user.username)


@passes
def by_a_helper_that_looks(sender, instance, **kwargs):
    handle(instance, **kwargs)


HANDLERS = [handle]


@passes
def hands_all_to_somebody(sender, instance, **kwargs):
    HANDLERS[0](instance, **kwargs)
    Note.objects.create(title="x")


@passes
def sends_all_on(sender, instance, **kwargs):
    noted.send(sender=sender, instance=instance, **kwargs)
    Note.objects.create(title="x")


def skip_raw(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        if not kwargs.get("raw"):
            function(*args, **kwargs)

    return inner


@passes
@skip_raw
def wrapped_by_one_that_looks(sender, instance, **kwargs):
    Note.objects.create(title="x")


def sometimes(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        if is_loading():
            return None
        return function(*args, **kwargs)

    return inner


@passes
@sometimes
def wrapped_by_one_that_decides(sender, instance, **kwargs):
    Note.objects.create(title="x")


class Row:
    def save(self, *names):
        """Save what is no model."""

    def delay(self):
        """Start what is no task."""


@passes
def saves_no_model(sender, instance, **kwargs):
    row = Row()
    row.save()
    Row().delay()


@passes
def saves_what_nobody_knows(sender, instance, **kwargs):
    kwargs["form"].save()


@passes
def updates_a_dict(sender, instance, **kwargs):
    values = {}
    values.update(name=instance.username)
    instance.__dict__.update(values)


@passes
def saves_a_file(sender, instance, **kwargs):
    instance.avatar.save("name.png", None)
    instance.avatar.delete(save=False)


@passes
def sends_no_mail(sender, instance, **kwargs):
    noted.send(sender=None)
    instance.socket.send("x")


@passes
def defines_only(sender, instance, **kwargs):
    return lambda: Note.objects.create(title="x")


@passes
def under_a_with_of_its_own(sender, instance, **kwargs):
    with is_loading():
        Note.objects.create(title="x")


@passes
def only_if_it_failed(sender, instance, **kwargs):
    try:
        Note.objects.get(title="x")
    except ValueError:
        Note.objects.create(title="x")


passes(Permission, User)
