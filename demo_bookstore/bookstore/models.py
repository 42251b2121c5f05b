"""Books and the people around them. What follows from a change is decided in `signals.py`."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.conf import settings
from django.core.validators import (
    FileExtensionValidator,
    MaxValueValidator,
    MinValueValidator,
)
from django.db import models
from django.urls import reverse
from django.utils import timezone

LOW_STOCK = 5
"""With fewer copies than this left, the staff hears of it."""

STARS = (MinValueValidator(1), MaxValueValidator(5))


class Author(models.Model):
    """Someone who writes, and who likes to be told what readers think."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=140, unique=True)
    email = models.EmailField(blank=True)
    biography = models.TextField(blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the page with the author's books."""
        return reverse("bookstore:author", args=[self.slug])


class Book(models.Model):
    """A title on the shelf, with its stock and what its ratings come to."""

    class Genre(models.TextChoices):
        """The shelves of the shop."""

        FICTION = "fiction", "Fiction"
        MYSTERY = "mystery", "Mystery"
        SCIENCE = "science", "Science"
        HISTORY = "history", "History"
        POETRY = "poetry", "Poetry"
        TRAVEL = "travel", "Travel"
        CRAFT = "craft", "Craft"
        YOUNG = "young", "Young readers"

    title = models.CharField(max_length=200)
    slug = models.SlugField(
        max_length=220, unique=True, blank=True, help_text="Made from the title if left empty."
    )
    isbn = models.CharField("ISBN", max_length=13, blank=True)
    catalogue_number = models.CharField(
        max_length=12,
        blank=True,
        editable=False,
        help_text="Derived from the primary key, so it is filled in just after the first save.",
    )
    genre = models.CharField(max_length=10, choices=Genre, default=Genre.FICTION)
    description = models.TextField(blank=True)
    price = models.DecimalField(
        max_digits=6, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )
    published = models.DateField(null=True, blank=True)
    authors = models.ManyToManyField(Author, related_name="books", blank=True)
    cover_image = models.FileField(
        upload_to="covers/",
        blank=True,
        validators=[FileExtensionValidator(["avif", "jpeg", "jpg", "png", "webp"])],
        help_text="A drawn cover is shown if there is none.",
    )
    stock_quantity = models.PositiveIntegerField(default=0)
    average_rating = models.DecimalField(
        max_digits=3, decimal_places=2, default=Decimal(0), editable=False
    )
    total_ratings = models.PositiveIntegerField(default=0, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("title", "pk")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the page of the book."""
        return reverse("bookstore:book", args=[self.slug])

    @property
    def is_low(self) -> bool:
        """Whether the last copies are being sold."""
        return 0 < self.stock_quantity < LOW_STOCK


class UserProfile(models.Model):
    """What the shop knows about a user beyond the account: the loyalty card."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile"
    )
    loyalty_points = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"Loyalty card of {self.user}"


class Review(models.Model):
    """A reader's opinion in words and stars, one for each book; posting again replaces it."""

    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="reviews")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reviews"
    )
    rating = models.PositiveSmallIntegerField(validators=STARS)
    text = models.TextField(max_length=2000)
    is_approved = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = (
            models.UniqueConstraint(fields=("book", "user"), name="one_review_per_reader"),
        )

    def __str__(self) -> str:
        return f"Review of {self.book} by {self.user}"


class Rating(models.Model):
    """The stars alone, which the statistics of a book are made of."""

    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="ratings")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ratings"
    )
    rating_value = models.PositiveSmallIntegerField(validators=STARS)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("book", "user"), name="one_rating_per_reader"),
        )

    def __str__(self) -> str:
        return f"{self.rating_value} of 5 for {self.book}"


class Order(models.Model):
    """Books that were bought together. The reference comes with the form, as that of a purchase."""

    class Delivery(models.TextChoices):
        """How the books leave the shop."""

        COLLECT = "collect", "I collect them at the counter"
        POST = "post", "Send them by post"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="orders"
    )
    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    delivery = models.CharField(max_length=10, choices=Delivery, default=Delivery.COLLECT)
    address = models.TextField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return f"Order {self.number}"

    def get_absolute_url(self) -> str:
        """Return the page of the receipt."""
        return reverse("bookstore:receipt", args=[self.reference])

    @property
    def number(self) -> str:
        """What a person would call the order by."""
        return f"LH-{self.reference.hex[:8].upper()}"


class Purchase(models.Model):
    """Copies that were sold. The reference comes with the form, so a form sent twice sells once."""

    order = models.ForeignKey(
        Order,
        on_delete=models.PROTECT,
        related_name="purchases",
        null=True,
        blank=True,
        help_text="Empty where a single book was bought from its own page.",
    )
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="purchases")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="purchases"
    )
    quantity = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    total = models.DecimalField(max_digits=9, decimal_places=2)
    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return f"{self.quantity} × {self.book}"


class ActivityLog(models.Model):
    """One line about something that happened in the shop."""

    class Action(models.TextChoices):
        """What can happen."""

        CREATED = "created", "Created"
        UPDATED = "updated", "Updated"
        DELETED = "deleted", "Deleted"
        SOLD = "sold", "Sold"

    action = models.CharField(max_length=10, choices=Action)
    model_name = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    description = models.CharField(max_length=300)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name_plural = "activity log"

    def __str__(self) -> str:
        return self.description
