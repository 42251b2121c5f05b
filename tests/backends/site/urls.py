"""The pages of the shop, without the toolbar's and the back office's, and a page for answers."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from demo_bookstore.pitfalls import heavy_work


def answer(request: HttpRequest) -> HttpResponse:
    """Answer at length, as the scenario does whose analysis is left to a worker."""
    scenario = heavy_work.PITFALL.second
    with scenario.wired():
        return HttpResponse(heavy_work.answer_at_length(scenario.prepare()).pk)


urlpatterns = [
    path("", include("demo_bookstore.bookstore.urls")),
    path("answer/", answer),
]
