"""What visitors may send, and what is said when it does not fit."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms

from demo_bookstore.bookstore.cart import MAX_COPIES
from demo_bookstore.bookstore.models import Book, Order

STAR_CHOICES = [(value, f"{value} of 5 stars") for value in range(1, 6)]


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


class CartLineForm(forms.Form):
    """A new number of copies of a book in the cart. Zero takes it out."""

    quantity = forms.IntegerField(label="Copies", min_value=0, max_value=MAX_COPIES)


class CheckoutForm(forms.Form):
    """Where the books go. What is in the cart stays in the cart until then.

    The reference makes a form that is sent twice one order. `seen` is the fingerprint of the cart
    that the visitor was shown, so that nobody pays for what another tab has put in since.
    """

    prefix_id = "checkout"
    delivery = forms.ChoiceField(
        label="How do you want your books?",
        choices=Order.Delivery.choices,
        initial=Order.Delivery.COLLECT,
        widget=forms.RadioSelect,
    )
    address = forms.CharField(
        label="Address",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "street-address"}),
        help_text="Needed for books by post.",
    )
    reference = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def clean(self) -> dict[str, Any]:
        """Ask for an address where one is needed, and forget one that is not."""
        data = super().clean() or self.cleaned_data
        if data.get("delivery") != Order.Delivery.POST:
            data["address"] = ""
        elif not data.get("address") and "address" not in self.errors:
            self.add_error("address", "Where shall the parcel go?")
        return data


class ReaderForm(forms.Form):
    """Whom to visit the shop as, and where to go on then."""

    reader = forms.CharField(max_length=150)
    next = forms.CharField(required=False, max_length=2000)
