"""What the pitfalls happen to: the shop's notice board, and its orders by post."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.signals import pre_save
from django.dispatch import receiver

from demo_bookstore.bookstore.models import Book


class Topic(models.Model):
    """What notices can be about."""

    name = models.CharField(max_length=60)

    def __str__(self) -> str:
        return self.name


class Notice(models.Model):
    """A sheet on the notice board."""

    title = models.CharField(max_length=120)
    text = models.TextField(blank=True)
    pinned_at = models.DateTimeField(null=True, blank=True)
    answers = models.PositiveIntegerField(default=0)
    topics = models.ManyToManyField(Topic, blank=True, related_name="notices")

    def __str__(self) -> str:
        return self.title


class Answer(models.Model):
    """What somebody wrote below a notice."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="answered_by")
    text = models.TextField()

    def __str__(self) -> str:
        return self.text[:40]


class Analysis(models.Model):
    """What a program makes of an answer: its mood, from -1 to 1, and its gist."""

    answer = models.OneToOneField(Answer, on_delete=models.CASCADE, related_name="analysis")
    mood = models.FloatField()
    gist = models.TextField()

    def __str__(self) -> str:
        return f"{self.mood:+.2f}"


class MailOrder(models.Model):
    """Books that are sent by post."""

    class Status(models.TextChoices):
        """How far it has come."""

        NEW = "new", "New"
        PAID = "paid", "Paid"
        READY = "ready", "Ready to be sent"

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="mail_orders")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="mail_orders"
    )
    quantity = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=5, choices=Status, default=Status.NEW)
    label = models.CharField(max_length=60, blank=True)

    def __str__(self) -> str:
        return f"{self.quantity} × {self.book}"


# Where a model has one receiver, the bottom of its own module is a fine place.


@receiver(pre_save, sender=Topic)
def tidy_name(sender: type[Topic], instance: Topic, *, raw: bool, **kwargs) -> None:
    """Leave one blank between two words."""
    if not raw:
        instance.name = " ".join(instance.name.split())
