"""What visitors may send, and what is said when it does not fit."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms

from demo_bookstore.bookstore.models import Book

STAR_CHOICES = [(value, f"{value} of 5 stars") for value in range(1, 6)]
MAX_COPIES = 20


class StarField(forms.TypedChoiceField):
    """One to five stars, as radio buttons that the stylesheet draws as stars."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            choices=STAR_CHOICES, coerce=int, widget=forms.RadioSelect, empty_value=None, **kwargs
        )


class SearchForm(forms.Form):
    """Words to find in a title or a name, and a shelf to look on."""

    q = forms.CharField(
        required=False,
        max_length=100,
        label="Search",
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Title or author"}),
    )
    genre = forms.ChoiceField(
        required=False, label="Shelf", choices=[("", "All shelves"), *Book.Genre.choices]
    )


class ReviewForm(forms.Form):
    """Stars and words."""

    prefix_id = "review"
    rating = StarField(label="Your rating")
    text = forms.CharField(
        label="Your review",
        min_length=3,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "What should other readers know?"}),
    )


class RatingForm(forms.Form):
    """Stars alone."""

    prefix_id = "rate"
    rating_value = StarField(label="Your rating")


class PurchaseForm(forms.Form):
    """A number of copies. The reference makes a form that is sent twice one sale."""

    prefix_id = "buy"
    quantity = forms.IntegerField(label="Copies", min_value=1, max_value=MAX_COPIES, initial=1)
    reference = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
