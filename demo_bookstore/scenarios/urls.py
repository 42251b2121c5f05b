"""The page of the scenarios."""

from django.urls import path

from demo_bookstore.scenarios import views

app_name = "scenarios"
urlpatterns = [path("", views.listing, name="list")]
