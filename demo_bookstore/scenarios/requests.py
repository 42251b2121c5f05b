"""A request that goes well, and one that does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.core.signals import got_request_exception, request_finished, request_started
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from demo_bookstore.scenarios.base import Scenario, Wire

if TYPE_CHECKING:
    from django.http import HttpRequest


def lamp(request: HttpRequest) -> HttpResponse:
    """Say that the lamp is lit."""
    return HttpResponse("The lamp is lit.")


def fuse(request: HttpRequest) -> HttpResponse:
    """Fail."""
    message = "The fuse has blown."
    raise RuntimeError(message)


# Two pages of their own, so that no visitor of the shop comes across the one that fails.
urlpatterns = [path("lamp/", lamp), path("fuse/", fuse)]


def count_request(sender: type, **kwargs: Any) -> None:
    """Count what comes in, before any middleware has seen it."""
    cache.add("requests", 0, timeout=None)
    cache.incr("requests")


def note_failure(sender: type | None, request: HttpRequest, **kwargs: Any) -> None:
    """Note what failed. Django answers with its own page, whatever is done here."""
    cache.set("failed", request.path)


def turn_the_page(sender: type, **kwargs: Any) -> None:
    """Do what can wait until the response is sent."""
    cache.delete("failed")


def prepare() -> Client:
    """Bring a visitor who looks at Django's answer rather than at the error."""
    return Client(raise_request_exception=False)


def run(visitor: Client) -> None:
    """Ask for a page that is there, and for one that fails."""
    visitor.get("/lamp/")
    visitor.get("/fuse/")


SCENARIO = Scenario(
    slug="requests",
    title="Requests come and go",
    shows=(
        "request_started and request_finished frame each request, outside of all middleware. An "
        "error that no view has caught sends got_request_exception between the two."
    ),
    prepare=prepare,
    run=run,
    receivers=(count_request, note_failure, turn_the_page, fuse),
    wires=(
        Wire(request_started, count_request),
        Wire(got_request_exception, note_failure),
        Wire(request_finished, turn_the_page),
    ),
    signals=(request_started, got_request_exception, request_finished),
    settings={"ROOT_URLCONF": __name__, "MIDDLEWARE": []},
    expected="""
        request_started django.test.client.ClientHandler
          count_request
        request_finished
          turn_the_page
        request_started django.test.client.ClientHandler
          count_request
        got_request_exception
          note_failure
        request_finished
          turn_the_page
    """,
)
