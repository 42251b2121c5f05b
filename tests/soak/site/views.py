"""Pages that send what is in `workload`, and those of the shop that the load needs in one state."""

from __future__ import annotations

from uuid import uuid4

from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from opentelemetry import trace

from demo_bookstore.bookstore import services
from demo_bookstore.bookstore.models import LOW_STOCK, Book
from tests.soak.site import census, workload


@csrf_exempt
def purchase(request, slug):
    """Sell a copy; before that there were just enough of them, so that each sale is like all."""
    with transaction.atomic():
        books = Book.objects.filter(slug=slug)
        books.update(stock_quantity=LOW_STOCK)
        services.complete_purchase(book=books.get(), user=request.user, quantity=1)
    return HttpResponse("sold")


@csrf_exempt
def edition(request):
    """Bring out a book, and withdraw it."""
    with transaction.atomic():
        book = Book.objects.create(title="A Short-Lived Edition", slug=f"soak-{uuid4()}", price=9)
        book.delete()
    return HttpResponse("withdrawn")


def nested(request):
    """Send a signal from its own receiver, a few times."""
    workload.counted.send(nested, left=workload.LEVELS)
    return HttpResponse("counted")


def endless(request):
    """The same without end; MAX_DEPTH ends it, and where nobody sets that, Python's stack."""
    try:
        workload.circled.send(endless)
    except RecursionError:
        return HttpResponse("ended")
    return HttpResponse("not ended", status=500)


def fails(request):
    """Let through what a receiver raises."""
    workload.refused.send(fails)
    return HttpResponse("accepted")


def robust(request):
    """Keep what a receiver raises."""
    answers = workload.refused.send_robust(robust)
    return HttpResponse(", ".join(type(answer).__name__ for _, answer in answers))


async def fan_out(request):
    """Run receivers side by side, each of which sends in turn."""
    await workload.packed.asend(fan_out)
    return HttpResponse("packed")


async def tangle(request):
    """Let through what one of two receivers raises while the other waits."""
    # Long, so that it surely is under way when the other one raises.
    await workload.tangled.asend(tangle, pause=workload.PATIENCE)
    return HttpResponse("untangled")


async def robust_tangle(request):
    """Keep it, and let the other one finish."""
    answers = await workload.tangled.asend_robust(robust_tangle, pause=0.01)
    return HttpResponse(", ".join(sorted(type(answer).__name__ for _, answer in answers)))


async def slow(request):
    """Wait for longer than anybody will."""
    await workload.awaited.asend(slow)
    return HttpResponse("arrived")


def count(request):
    """Tell how things are in this worker; with `flush`, once all spans are sent."""
    if "flush" in request.GET:
        trace.get_tracer_provider().force_flush()
    return JsonResponse(census.taken(deep="deep" in request.GET))
