"""The pages of the shop, without the toolbar's and the back office's."""

from django.urls import include, path

urlpatterns = [path("", include("demo_bookstore.bookstore.urls"))]
