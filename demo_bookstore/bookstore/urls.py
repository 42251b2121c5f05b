"""The pages of the shop, and the same for programs under `api/`."""

from django.urls import path

from demo_bookstore.bookstore import api, counter, views

app_name = "bookstore"
urlpatterns = [
    path("", views.catalogue, name="catalogue"),
    path("books/<slug:slug>/", views.book, name="book"),
    path("books/<slug:slug>/review/", views.review, name="review"),
    path("books/<slug:slug>/rate/", views.rate, name="rate"),
    path("books/<slug:slug>/buy/", views.buy, name="buy"),
    path("books/<slug:slug>/cart/", counter.add, name="cart-add"),
    path("cart/", counter.cart, name="cart"),
    path("cart/<slug:slug>/", counter.change, name="cart-change"),
    path("checkout/", counter.checkout, name="checkout"),
    path("orders/", counter.orders, name="orders"),
    path("orders/<uuid:reference>/", counter.receipt, name="receipt"),
    path("authors/<slug:slug>/", views.author, name="author"),
    path("activity/", views.activity, name="activity"),
    path("reader/", views.change_reader, name="change-reader"),
    path("api/books/", api.books, name="api-books"),
    path("api/books/<slug:slug>/", api.book, name="api-book"),
    path("api/books/<slug:slug>/reviews/", api.reviews, name="api-reviews"),
]
