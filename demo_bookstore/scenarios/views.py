"""The pages of the scenarios: all of them, and one with its code and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from demo_bookstore.scenarios import stage
from demo_bookstore.scenarios.base import Pair, Scenario
from demo_bookstore.scenarios.catalogue import CHAPTERS, SCENARIOS

if TYPE_CHECKING:
    from django.http import HttpRequest

_ENTRIES = {entry.slug: entry for chapter in CHAPTERS for entry in chapter.entries}
_SCENARIOS = {scenario.slug: scenario for scenario in SCENARIOS}

# A report is a page of its own, with its style in it, and takes nothing from anywhere.
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """List all scenarios by chapter."""
    return render(request, "scenarios/list.html", {"chapters": CHAPTERS})


@require_safe
def entry(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a scenario, or a pair side by side."""
    return _page(request, slug)


def play(request: HttpRequest, slug: str) -> HttpResponse:
    """Play what the page shows, and show it with what became of it."""
    if request.method != "POST":
        return redirect("scenarios:entry", slug)
    try:
        performed = stage.perform([scenario for _, scenario in _sides(slug)])
    except stage.StageBusyError:
        return _page(
            request, slug, problem="Others are playing. Try again in a moment.", status=503
        )
    except stage.StageFailedError:
        problem = "It could not be played: the process that should have has not answered."
        return _page(request, slug, problem=problem, status=500)
    return _page(request, slug, performed={each["slug"]: each for each in performed})


@require_safe
def report(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the last recording of a scenario as a report."""
    if slug not in _SCENARIOS:
        raise Http404(slug)
    page = stage.report(_SCENARIOS[slug])
    if page is None:
        raise Http404(slug)
    return HttpResponse(page, headers={"Content-Security-Policy": _REPORT_POLICY})


def _sides(slug: str) -> list[tuple[str, Scenario]]:
    if slug not in _ENTRIES:
        raise Http404(slug)
    found = _ENTRIES[slug]
    return found.sides if isinstance(found, Pair) else [("", found)]


def _page(
    request: HttpRequest,
    slug: str,
    *,
    performed: dict[str, dict[str, Any]] | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    sides = [
        {
            "label": label,
            "scenario": scenario,
            "sources": scenario.sources(),
            "lines": [{"text": line, "kind": _kind(line)} for line in scenario.trace.splitlines()],
            "played": (performed or {}).get(scenario.slug),
        }
        for label, scenario in _sides(slug)
    ]
    order = list(_ENTRIES)
    place = order.index(slug)
    context = {
        "entry": _ENTRIES[slug],
        "sides": sides,
        "problem": problem,
        "previous": _ENTRIES[order[place - 1]] if place else None,
        "next": _ENTRIES[order[place + 1]] if place + 1 < len(order) else None,
    }
    return render(request, "scenarios/entry.html", context, status=status)


def _kind(line: str) -> str:
    """Tell lines apart: dispatches and receivers take turns with every step of indentation."""
    if "(error:" in line:
        return "error"
    depth = (len(line) - len(line.lstrip())) // 2
    return "receiver" if depth % 2 else "dispatch"
