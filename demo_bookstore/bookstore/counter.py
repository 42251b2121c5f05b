"""The pages of the cart, the checkout and the orders.

What changes the cart is answered with a redirect, unlike the forms in `views.py`: sent twice it
would put a book in twice. The checkout is answered with the receipt itself, as sending it twice
sells once, and so the toolbar on that page shows the sale.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from demo_bookstore.bookstore import services
from demo_bookstore.bookstore.cart import Cart, CartFullError
from demo_bookstore.bookstore.forms import CartLineForm, CheckoutForm, PurchaseForm
from demo_bookstore.bookstore.models import Book, Order
from demo_bookstore.bookstore.views import book_page, bound, fresh, reader_of

if TYPE_CHECKING:
    from django.forms import Form
    from django.http import HttpRequest, HttpResponse

    from demo_bookstore.bookstore.cart import Contents

PURCHASES_PER_PAGE = 50


@require_safe
def cart(request: HttpRequest) -> HttpResponse:
    """Show what is in the cart."""
    return _cart_page(request)


def add(request: HttpRequest, slug: str) -> HttpResponse:
    """Put copies of a book into the cart."""
    if request.method != "POST":
        return redirect("bookstore:book", slug)
    book = get_object_or_404(Book, slug=slug)
    form = bound(PurchaseForm, request)
    if not form.is_valid():
        return book_page(request, slug, purchase_form=form)
    quantity = form.cleaned_data["quantity"]
    try:
        Cart(request.session).add(book, quantity)
    except CartFullError as problem:
        form.add_error("quantity", str(problem))
        return book_page(request, slug, purchase_form=form)
    messages.success(request, f"In your cart: {quantity} × {book}.")
    return redirect("bookstore:cart")


def change(request: HttpRequest, slug: str) -> HttpResponse:
    """Set the number of copies of a book in the cart, or take it out."""
    if request.method != "POST":
        return redirect("bookstore:cart")
    book = get_object_or_404(Book, slug=slug)
    # The button “Remove” stands in the same form, and whatever number is there is not asked for.
    removed = "remove" in request.POST
    form = _line_form(book, {"quantity": 0} if removed else request.POST)
    if not form.is_valid():
        return _cart_page(request, refused=(book, form))
    quantity = form.cleaned_data["quantity"]
    Cart(request.session).change(book, quantity)
    messages.success(
        request, f"{quantity} × {book} now." if quantity else f"{book} is out of your cart."
    )
    return redirect("bookstore:cart")


@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    """Ask where the books go, and sell all of them or none."""
    reader = reader_of(request)
    cart = Cart(request.session)
    contents = cart.contents()
    if request.method != "POST":
        if not contents.lines:
            return redirect("bookstore:cart")
        return _checkout_page(request, contents, fresh(CheckoutForm))
    form = bound(CheckoutForm, request)
    if form.is_valid():
        details = {name: form.cleaned_data[name] for name in ("reference", "delivery", "address")}
        # Before the cart is looked at: a form that is sent again finds it empty.
        if earlier := reader.orders.filter(reference=details["reference"]).first():
            return _receipt_page(request, earlier, "You have sent this already. It was sold once.")
        if form.cleaned_data["seen"] != contents.fingerprint:
            form.add_error(None, "Your cart has changed since. This is what is in it now.")
        else:
            order = _place_order(form, user=reader, copies=contents.copies, **details)
            if order is not None:
                cart.clear()
                return _receipt_page(request, order, "Thank you, the books are yours.")
    if not contents.lines:
        messages.warning(request, "There was nothing left in your cart to sell.")
        return redirect("bookstore:cart")
    return _checkout_page(request, cart.contents(), form)


@require_safe
def receipt(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """Show what was bought together. Another reader's receipt is none of the visitor's business."""
    return _receipt_page(request, get_object_or_404(reader_of(request).orders, reference=reference))


@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """Show everything that the visitor has bought, newest first."""
    purchases = reader_of(request).purchases.select_related("book", "order")
    page = Paginator(purchases.prefetch_related("book__authors"), PURCHASES_PER_PAGE).get_page(
        request.GET.get("page")
    )
    return render(request, "bookstore/orders.html", {"page": page})


def _place_order(form: Form, **details: object) -> Order | None:
    """Return the order, or None where the form now says why there is none."""
    try:
        order, _ = services.place_order(**details)
    except services.CannotSupplyError as problem:
        form.add_error(None, problem.problems)
    except services.ForeignReferenceError:
        form.add_error(None, "This was sent as another reader. Look at it, and send it once more.")
    else:
        return order
    return None


def _line_form(book: Book, data: object = None, **initial: object) -> CartLineForm:
    return CartLineForm(data, initial=initial, auto_id=f"copies_{book.pk}_%s", label_suffix="")


def _cart_page(
    request: HttpRequest, refused: tuple[Book, CartLineForm] | None = None
) -> HttpResponse:
    contents = Cart(request.session).contents()
    forms = {line.book: _line_form(line.book, quantity=line.quantity) for line in contents.lines}
    if refused:
        book, form = refused
        if book not in forms:
            raise Http404
        forms[book] = form
    return render(
        request,
        "bookstore/cart.html",
        {"contents": contents, "rows": [(line, forms[line.book]) for line in contents.lines]},
    )


def _checkout_page(request: HttpRequest, contents: Contents, form: Form) -> HttpResponse:
    # What was sent is answered by now, so the next attempt is one of its own.
    context = {"contents": contents, "form": form, "reference": uuid.uuid4()}
    return render(request, "bookstore/checkout.html", context)


def _receipt_page(request: HttpRequest, order: Order, notice: str = "") -> HttpResponse:
    purchases = list(
        order.purchases.order_by("pk").select_related("book").prefetch_related("book__authors")
    )
    context = {
        "order": order,
        "purchases": purchases,
        "total": sum(purchase.total for purchase in purchases),
        "notice": notice,
        # Whoever changes the reader here must not be led to the other one's receipt.
        "next_url": reverse("bookstore:orders"),
    }
    return render(request, "bookstore/receipt.html", context)
