"""What the header of every page needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model

from demo_bookstore.bookstore.models import UserProfile

if TYPE_CHECKING:
    from django.http import HttpRequest


def shop(request: HttpRequest) -> dict[str, Any]:
    """Offer the reader's points and the other readers, as functions: the admin asks for neither."""

    def points() -> int:
        profile = UserProfile.objects.filter(user_id=request.user.pk).first()
        return profile.loyalty_points if profile else 0

    def readers() -> list[Any]:
        users = get_user_model()._default_manager  # noqa: SLF001 - documented for reusable code
        return list(users.filter(is_staff=False).order_by("username")[:12])

    return {"loyalty_points": points, "readers": readers}
