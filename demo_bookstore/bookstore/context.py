"""What the header of every page needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model

from demo_bookstore.bookstore.cart import Cart
from demo_bookstore.bookstore.models import UserProfile

if TYPE_CHECKING:
    from django.http import HttpRequest


def shop(request: HttpRequest) -> dict[str, Any]:
    """Offer the reader's points, the cart and the other readers.

    They are functions, since the admin asks for none of them.
    """

    def points() -> int:
        profile = UserProfile.objects.filter(user_id=request.user.pk).first()
        return profile.loyalty_points if profile else 0

    def copies_in_cart() -> int:
        return len(Cart(request.session))

    def readers() -> list[Any]:
        users = get_user_model()._default_manager  # noqa: SLF001 - documented for reusable code
        return list(users.filter(is_staff=False).order_by("username")[:12])

    return {"loyalty_points": points, "copies_in_cart": copies_in_cart, "readers": readers}
