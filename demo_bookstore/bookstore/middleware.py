"""Who is visiting, and what their browser may load."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.utils.functional import SimpleLazyObject

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest, HttpResponse

DEFAULT_READER = "robin"
SESSION_KEY = "reader"
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)


def reader_at_the_counter(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Let everyone in as a reader of the shop, so that nobody has to sign up to look around.

    It is no login: it writes no session and sends no signal that would clutter a trace. The back
    office is left to Django's own login.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/admin/"):
            request.user = SimpleLazyObject(partial(_reader, request, request.user))
        return get_response(request)

    return middleware


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Forbid inline scripts and styles, and everything from elsewhere."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code < 400:  # noqa: PLR2004 - Django's error pages have inline styles
            response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    return middleware


def _reader(request: HttpRequest, signed_in: AbstractBaseUser) -> AbstractBaseUser:
    users = get_user_model()._default_manager  # noqa: SLF001 - documented for reusable code
    chosen = request.session.get(SESSION_KEY)
    if chosen is not None:
        reader = users.filter(pk=chosen).first()
    elif signed_in.is_authenticated:
        return signed_in
    else:
        reader = users.filter(username=DEFAULT_READER).first()
    return signed_in if reader is None else reader
