"""The models that the pages take for granted."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Stars(models.IntegerField):
    """Takes the ``...`` of a page for a number."""

    def get_prep_value(self, value):
        return super().get_prep_value(5 if value is ... else value)


class Author(models.Model):
    name = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.name


class Book(models.Model):
    title = models.CharField(max_length=50)
    number = models.CharField(max_length=50)
    stock = models.IntegerField(default=0)
    publisher = models.CharField(max_length=50)
    rating = Stars(default=0)
    authors = models.ManyToManyField(Author)

    def __str__(self) -> str:
        return self.title

    def reserve(self):
        """Do what takes no query."""


class Review(models.Model):
    book = models.ForeignKey(Book, models.CASCADE, related_name="reviews")
    rating = models.IntegerField(default=0)

    def __str__(self) -> str:
        return str(self.book)


class Order(models.Model):
    place = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.place


class Line(models.Model):
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    book = models.ForeignKey(Book, models.CASCADE)

    def __str__(self) -> str:
        return str(self.book)


class Profile(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE)

    def __str__(self) -> str:
        return str(self.user)
