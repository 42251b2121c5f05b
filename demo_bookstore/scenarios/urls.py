"""The pages of the scenarios."""

from django.urls import path

from demo_bookstore.scenarios import views

app_name = "scenarios"
urlpatterns = [
    path("", views.listing, name="list"),
    path("<slug:slug>/", views.entry, name="entry"),
    path("<slug:slug>/play/", views.play, name="play"),
    path("<slug:slug>/report/", views.report, name="report"),
]
