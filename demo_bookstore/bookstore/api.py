"""The shop for programs: JSON in and out, checked by the same forms as the pages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.core.exceptions import RequestDataTooBig
from django.core.paginator import Paginator
from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from demo_bookstore.bookstore import services
from demo_bookstore.bookstore.forms import ReviewForm, SearchForm
from demo_bookstore.bookstore.models import Book
from demo_bookstore.bookstore.views import BOOKS_PER_PAGE, search

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.http import HttpRequest


@require_GET
def books(request: HttpRequest) -> JsonResponse:
    """List books: `?q=`, `?genre=` and `?page=` as in the catalogue."""
    form = SearchForm(request.GET)
    if not form.is_valid():
        return _refused(form.errors)
    page = Paginator(search(form), BOOKS_PER_PAGE).get_page(request.GET.get("page"))
    return JsonResponse(
        {
            "count": page.paginator.count,
            "page": page.number,
            "pages": page.paginator.num_pages,
            "books": [services.describe(book) for book in page],
        }
    )


@require_GET
async def book(request: HttpRequest, slug: str) -> JsonResponse:
    """Describe one book. Asynchronous, and so is the signal that it sends."""
    try:
        return JsonResponse(await services.view_book(slug))
    except Book.DoesNotExist:
        return _unknown(slug)


# No form of another site can send this content type, so the CSRF token has nothing left to prevent.
@csrf_exempt
@require_POST
def reviews(  # noqa: PLR0911 - one for each reason to refuse
    request: HttpRequest, slug: str
) -> JsonResponse:
    """Post a review: `{"rating": 5, "text": "..."}`."""
    book = Book.objects.filter(slug=slug).first()
    if book is None:
        return _unknown(slug)
    if request.content_type != "application/json":
        return _refused({"__all__": ["Send this as application/json."]}, status=415)
    if not request.user.is_authenticated:
        return _refused({"__all__": ["There is no reader to post as."]}, status=403)
    try:
        data = _json_object(request.body)
    except RequestDataTooBig:
        return _refused({"__all__": ["That is more than a review can be."]}, status=413)
    if data is None:
        return _refused({"__all__": ["The body is no JSON object."]})
    form = ReviewForm({name: value for name, value in data.items() if _is_plain(value)})
    if not form.is_valid():
        return _refused(form.errors)
    review, new = services.post_review(book=book, user=request.user, **form.cleaned_data)
    return JsonResponse(
        {"reader": str(review.user), "rating": review.rating, "text": review.text},
        status=201 if new else 200,
    )


def _json_object(body: bytes) -> dict[str, object] | None:
    try:
        data = json.loads(body)
        # An escape such as "\ud800" is valid JSON, but half a character: no database can store it.
        json.dumps(data, ensure_ascii=False).encode()
    except (ValueError, RecursionError):  # no JSON, or brackets nested beyond all reason
        return None
    return data if isinstance(data, dict) else None


def _is_plain(value: object) -> bool:
    """Whether a form field would read this as the sender meant it, which it would not for `[5]`."""
    return isinstance(value, str | int) and not isinstance(value, bool)


def _unknown(slug: str) -> JsonResponse:
    return _refused({"slug": [f"There is no book “{slug}”."]}, status=404)


def _refused(errors: Mapping[str, Iterable[str]], status: int = 400) -> JsonResponse:
    messages = {field: list(texts) for field, texts in errors.items()}
    return JsonResponse({"errors": messages}, status=status)
