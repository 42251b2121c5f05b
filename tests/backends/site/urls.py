"""The pages of the shop, without the toolbar's and the back office's, and a page for answers."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from demo_bookstore.pitfalls import heavy_work
from demo_bookstore.pitfalls.stock import make_notice


def answer(request: HttpRequest) -> HttpResponse:
    """Answer at length, as the scenario does whose analysis is left to a worker."""
    # Not prepared as the scenario is, which would send another task.
    with heavy_work.PITFALL.second.wired():
        return HttpResponse(heavy_work.answer_at_length(make_notice()).pk)


urlpatterns = [
    path("", include("demo_bookstore.bookstore.urls")),
    path("answer/", answer),
]
