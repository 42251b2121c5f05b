"""The smallest models that show what model signals do."""

from __future__ import annotations

from django.db import models


class Tag(models.Model):
    """Something to be many of."""

    name = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.name


class Note(models.Model):
    """Something to save."""

    title = models.CharField(max_length=50)
    tags = models.ManyToManyField(Tag)

    def __str__(self) -> str:
        raise AssertionError("a recorder must not ask an instance for its name")

    __repr__ = __str__
