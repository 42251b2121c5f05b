"""The pages.

A form is answered with the page itself and not with a redirect to it, so that the toolbar on that
page shows the request that did the work. Sending one twice does no harm: a review and a rating
replace the earlier one, and a purchase carries its reference. The cart, the checkout and the orders
are in `counter.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from demo_bookstore.bookstore import services
from demo_bookstore.bookstore.forms import (
    PurchaseForm,
    RatingForm,
    ReaderForm,
    ReviewForm,
    SearchForm,
)
from demo_bookstore.bookstore.middleware import SESSION_KEY
from demo_bookstore.bookstore.models import ActivityLog, Author, Book

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.forms import Form
    from django.http import HttpRequest, HttpResponse

BOOKS_PER_PAGE = 24
REVIEWS_SHOWN = 30
ENTRIES_PER_PAGE = 50


def search(form: SearchForm) -> QuerySet[Book]:
    """Return the books that a search asks for: all of them, if it asks for nothing valid."""
    books = Book.objects.prefetch_related("authors")
    if not form.is_valid():
        return books
    if words := form.cleaned_data["q"]:
        by_author = Author.objects.filter(name__icontains=words)
        books = books.filter(Q(title__icontains=words) | Q(authors__in=by_author)).distinct()
    if genre := form.cleaned_data["genre"]:
        books = books.filter(genre=genre)
    return books


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """Show the shelves."""
    form = SearchForm(request.GET, label_suffix="")
    books = search(form)
    page = Paginator(books.order_by("-published", "pk"), BOOKS_PER_PAGE).get_page(
        request.GET.get("page")
    )
    return render(
        request,
        "bookstore/catalogue.html",
        {"form": form, "page": page, "searching": any(form.cleaned_data.values())},
    )


@require_safe
def book(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a book."""
    return book_page(request, slug)


def review(request: HttpRequest, slug: str) -> HttpResponse:
    """Post a review."""
    if request.method != "POST":
        return redirect("bookstore:book", slug)
    form = bound(ReviewForm, request)
    if not form.is_valid():
        return book_page(request, slug, review_form=form)
    _, new = services.post_review(
        book=get_object_or_404(Book, slug=slug), user=reader_of(request), **form.cleaned_data
    )
    notice = "Thank you, your review is published." if new else "Your review has been replaced."
    return book_page(request, slug, notice=notice)


def rate(request: HttpRequest, slug: str) -> HttpResponse:
    """Give stars without words."""
    if request.method != "POST":
        return redirect("bookstore:book", slug)
    form = bound(RatingForm, request)
    if not form.is_valid():
        return book_page(request, slug, rating_form=form)
    services.rate_book(
        book=get_object_or_404(Book, slug=slug), user=reader_of(request), **form.cleaned_data
    )
    return book_page(request, slug, notice="Thank you, your rating counts.")


def buy(request: HttpRequest, slug: str) -> HttpResponse:
    """Buy copies of this one book, past the cart."""
    if request.method != "POST":
        return redirect("bookstore:book", slug)
    form = bound(PurchaseForm, request)
    if not form.is_valid():
        return book_page(request, slug, purchase_form=form)
    try:
        purchase, new = services.complete_purchase(
            book=get_object_or_404(Book, slug=slug), user=reader_of(request), **form.cleaned_data
        )
    except services.OutOfStockError as problem:
        form.add_error("quantity", str(problem))
        return book_page(request, slug, purchase_form=form)
    if new:
        notice = f"Sold: {purchase.quantity} × {purchase.book}, {purchase.total} €."
    else:
        notice = "You have bought this already; nothing was charged twice."
    return book_page(request, slug, notice=notice)


@require_safe
def author(request: HttpRequest, slug: str) -> HttpResponse:
    """Show an author and their books."""
    person = get_object_or_404(Author, slug=slug)
    books = person.books.prefetch_related("authors")
    return render(request, "bookstore/author.html", {"author": person, "books": books})


@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    """Show what the receivers wrote down, newest first."""
    page = Paginator(ActivityLog.objects.all(), ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "bookstore/activity.html", {"page": page})


@require_POST
def change_reader(request: HttpRequest) -> HttpResponse:
    """Visit the shop as somebody else. Staff is left out, as there is no password asked."""
    readers = get_user_model()._default_manager.filter(is_staff=False)  # noqa: SLF001
    form = ReaderForm(request.POST)
    form.is_valid()
    reader = get_object_or_404(readers, username=form.cleaned_data.get("reader"))
    request.session[SESSION_KEY] = reader.pk
    target = form.cleaned_data.get("next", "")
    # A path only: `redirect()` would take a bare word for the name of a view.
    local = target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return redirect(target if local else "/")


def bound(form_class: type[Form], request: HttpRequest) -> Form:
    """Return the form with what was sent, its ids apart from those of other forms of the page."""
    return form_class(request.POST, auto_id=f"{form_class.prefix_id}_%s", label_suffix="")


def fresh(form_class: type[Form], **initial: Any) -> Form:
    """Return the form as it is offered."""
    return form_class(initial=initial, auto_id=f"{form_class.prefix_id}_%s", label_suffix="")


def reader_of(request: HttpRequest) -> Any:
    """Return who visits; refuse where that is nobody, as in a shop without readers."""
    if not request.user.is_authenticated:
        raise PermissionDenied
    return request.user


def book_page(  # noqa: PLR0913 - three forms share one page
    request: HttpRequest,
    slug: str,
    *,
    review_form: Form | None = None,
    rating_form: Form | None = None,
    purchase_form: Form | None = None,
    notice: str = "",
) -> HttpResponse:
    """Render a book as it is now, after whatever the request has done to it."""
    this = get_object_or_404(Book.objects.prefetch_related("authors"), slug=slug)
    sent = (review_form, rating_form, purchase_form)
    reviews = list(this.reviews.filter(is_approved=True).select_related("user")[:REVIEWS_SHOWN])
    rating = this.ratings.filter(user_id=request.user.pk).values_list("rating_value", flat=True)
    return render(
        request,
        "bookstore/book.html",
        {
            "book": this,
            "reviews": reviews,
            "review_form": review_form or fresh(ReviewForm),
            "rating_form": rating_form or fresh(RatingForm, rating_value=rating.first()),
            "purchase_form": purchase_form or fresh(PurchaseForm),
            "notice": notice,
            # On a phone the form is far below, and its errors with it.
            "refused": next((form.prefix_id for form in sent if form), ""),
        },
    )
