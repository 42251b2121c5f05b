"""The receivers of the shop, and the signals that it sends itself.

Each one takes `**kwargs`, as a signal may gain arguments. Those that write look at `raw` first:
while a fixture is loaded, rows arrive as they are meant to be, and perhaps before the rows that
they refer to.
Mail and files wait for the commit, because a roll-back could not take them back.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import Avg, Count, F, Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import Signal, receiver
from django.utils.text import slugify

from demo_bookstore.bookstore import mail
from demo_bookstore.bookstore.models import (
    LOW_STOCK,
    ActivityLog,
    Author,
    Book,
    Purchase,
    Rating,
    Review,
    UserProfile,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import User

POINTS_PER_COPY = 10
LOG_LIMIT = 500
LOG_TRIM_EVERY = 25
SUGGESTIONS = 3

book_purchased = Signal()
"""Sent by `services.complete_purchase` inside its transaction: `user`, `book`, `quantity`."""

stock_ran_low = Signal()
"""Sent robustly when a sale crosses the limit, so no listener can spoil the sale: `book`."""

book_viewed = Signal()
"""Sent with `asend` by the asynchronous page of a book: `book`."""


# Accounts


@receiver(post_save, sender=settings.AUTH_USER_MODEL)
def create_user_profile(
    sender: type[User], instance: User, *, created: bool, raw: bool, **kwargs
) -> None:
    """Give every new user a loyalty card. A fixture brings its own."""
    if created and not raw:
        UserProfile.objects.create(user=instance)


# Books


@receiver(pre_save, sender=Book)
def generate_slug(
    sender: type[Book], instance: Book, *, raw: bool, update_fields: frozenset[str] | None, **kwargs
) -> None:
    """Fill an empty slug from the title, numbered where another book already has it."""
    if raw or instance.slug:
        return
    if update_fields is not None and "slug" not in update_fields:
        return  # it would not be written anyway
    base = slugify(instance.title)[:200] or "book"
    slug, number = base, 2
    while Book.objects.filter(slug=slug).exclude(pk=instance.pk).exists():
        slug, number = f"{base}-{number}", number + 1
    instance.slug = slug


@receiver(post_save, sender=Book)
def log_book_activity(
    sender: type[Book],
    instance: Book,
    *,
    created: bool,
    raw: bool,
    update_fields: frozenset[str] | None,
    **kwargs,
) -> None:
    """Note that a book was created or changed, and what of it where that is known."""
    if raw:
        return
    action = ActivityLog.Action.CREATED if created else ActivityLog.Action.UPDATED
    fields = f" ({', '.join(sorted(update_fields))})" if update_fields else ""
    _log(action, instance, f"“{instance.title}” was {action}{fields}")


@receiver(post_save, sender=Book)
def assign_catalogue_number(sender: type[Book], instance: Book, *, raw: bool, **kwargs) -> None:
    """Fill the catalogue number, which needs the primary key that the save has just given.

    Saving inside of `post_save` sends `post_save` again. The second time the number is there, so it
    ends; and as only this field is saved, nothing that changed meanwhile is overwritten.
    """
    if raw or instance.catalogue_number:
        return
    instance.catalogue_number = f"LB-{instance.pk:05d}"
    instance.save(update_fields=["catalogue_number"])


@receiver(post_delete, sender=Book)
def log_book_deletion(sender: type[Book], instance: Book, **kwargs) -> None:
    """Note that a book has left. Its row is gone, but the instance still has its values."""
    _log(ActivityLog.Action.DELETED, instance, f"“{instance.title}” was deleted")


@receiver(post_delete, sender=Book)
def delete_cover_file(sender: type[Book], instance: Book, *, using: str, **kwargs) -> None:
    """Remove the cover's file along with its book, once the deletion is final."""
    cover = instance.cover_image
    if cover:
        transaction.on_commit(partial(cover.storage.delete, cover.name), using=using, robust=True)


@receiver(m2m_changed, sender=Book.authors.through)
def authors_changed(
    sender: type[Model],
    instance: Book | Author,
    *,
    action: str,
    reverse: bool,
    pk_set: set[int] | None,
    **kwargs,
) -> None:
    """Note who was added to a book or taken off it, from whichever side that was done.

    Django says `raw` here from 6.1 on. Before, what a fixture adds is noted like the rest.
    """
    if kwargs.get("raw") or action not in {"post_add", "post_remove", "post_clear"}:
        return
    if action != "post_clear" and not pk_set:
        return  # adding an author who is there already changes nothing
    count = "all" if pk_set is None else len(pk_set)
    noun = "book(s)" if reverse else "author(s)"
    done = {"post_add": "added to", "post_remove": "taken off", "post_clear": "cleared from"}
    _log(ActivityLog.Action.UPDATED, instance, f"{count} {noun} {done[action]} “{instance}”")


# Reviews and ratings


@receiver(post_save, sender=Review)
def record_review_rating(sender: type[Review], instance: Review, *, raw: bool, **kwargs) -> None:
    """Count the stars of an approved review as its reader's rating."""
    if raw or not instance.is_approved:
        return
    Rating.objects.update_or_create(
        book=instance.book, user=instance.user, defaults={"rating_value": instance.rating}
    )


@receiver(post_save, sender=Review)
def notify_author_of_review(  # noqa: PLR0913 - what a signal brings
    sender: type[Review],
    instance: Review,
    *,
    created: bool,
    raw: bool,
    using: str,
    update_fields: frozenset[str] | None,
    **kwargs,
) -> None:
    """Write to the authors when a review appears: new and approved, or approved later on.

    `update_fields` tells the later approval from any other change to a review.
    """
    newly_approved = created or (update_fields is not None and "is_approved" in update_fields)
    if raw or not instance.is_approved or not newly_approved:
        return
    transaction.on_commit(partial(mail.tell_authors, instance.pk), using=using, robust=True)


@receiver([post_save, post_delete], sender=Rating)
def update_book_rating_stats(sender: type[Rating], instance: Rating, **kwargs) -> None:
    """Work the average and the number of ratings out anew.

    A rating that goes because its book goes leaves nothing to update: `origin` tells.
    """
    if kwargs.get("raw") or _model_of(kwargs.get("origin")) is Book:
        return
    book = instance.book
    stats = book.ratings.aggregate(average=Avg("rating_value"), total=Count("pk"))
    book.average_rating = round(stats["average"] or 0, 2)
    book.total_ratings = stats["total"]
    book.save(update_fields=["average_rating", "total_ratings", "updated_at"])


# Sales


@receiver(post_save, sender=Purchase)
def update_inventory(
    sender: type[Purchase], instance: Purchase, *, created: bool, raw: bool, **kwargs
) -> None:
    """Take the sold copies out of the stock, and raise the alarm when that crosses the limit.

    `F()` lets the database subtract, so two sales at one time cannot overwrite each other.
    """
    if raw or not created:
        return
    book = instance.book
    book.stock_quantity = F("stock_quantity") - instance.quantity
    book.save(update_fields=["stock_quantity", "updated_at"])
    book.refresh_from_db(fields=["stock_quantity"])
    if book.stock_quantity < LOW_STOCK <= book.stock_quantity + instance.quantity:
        stock_ran_low.send_robust(sender=Book, book=book)


@receiver(stock_ran_low)
def send_low_stock_alert(sender: type[Book], book: Book, **kwargs) -> None:
    """Tell the stockroom by mail."""
    transaction.on_commit(partial(mail.tell_stockroom, book.pk), robust=True)


@receiver(book_purchased)
def handle_book_purchase(sender: type[Purchase], *, user: User, quantity: int, **kwargs) -> None:
    """Credit the loyalty card, which older accounts may not have yet."""
    points = quantity * POINTS_PER_COPY
    profile, created = UserProfile.objects.get_or_create(
        user=user, defaults={"loyalty_points": points}
    )
    if not created:
        profile.loyalty_points = F("loyalty_points") + points
        profile.save(update_fields=["loyalty_points"])


@receiver(book_purchased)
def log_purchase(
    sender: type[Purchase], *, user: User, book: Book, quantity: int, **kwargs
) -> None:
    """Note the sale."""
    _log(ActivityLog.Action.SOLD, book, f"{quantity} × “{book.title}” sold to {user}")


# Pages


@receiver(book_viewed)
def count_book_view(sender: type[Book], *, book: Book, **kwargs) -> None:
    """Count how often a book is looked at, until the server stops."""
    key = f"views:{book.pk}"
    cache.add(key, 0, timeout=None)
    cache.incr(key)


@receiver(book_viewed)
async def prepare_suggestions(sender: type[Book], *, book: Book, **kwargs) -> None:
    """Look up what else a visitor may like, without holding a thread while the database answers."""
    others = Book.objects.filter(genre=book.genre).exclude(pk=book.pk)
    titles = [
        title
        async for title in others.order_by("-average_rating", "title").values_list(
            "title", flat=True
        )[:SUGGESTIONS]
    ]
    await cache.aset(f"suggestions:{book.pk}", titles)


# The log


@receiver(post_save, sender=ActivityLog)
def trim_activity_log(
    sender: type[ActivityLog], instance: ActivityLog, *, created: bool, raw: bool, **kwargs
) -> None:
    """Keep the newest entries only, looking now and then: the log must not grow without end."""
    if raw or not created or instance.pk % LOG_TRIM_EVERY:
        return
    ActivityLog.objects.filter(pk__lte=instance.pk - LOG_LIMIT).delete()


def _log(action: str, instance: Model, description: str) -> None:
    ActivityLog.objects.create(
        action=action,
        model_name=type(instance).__name__,
        object_id=instance.pk,
        description=description[:300],
    )


def _model_of(origin: object) -> type[Model] | None:
    """Return the model that a deletion began with; `origin` is an instance or a queryset of it."""
    return getattr(origin, "model", None) or (type(origin) if origin is not None else None)
