"""Shows what the scenarios are, from their own source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.http import require_safe

from demo_bookstore.scenarios.catalogue import SCENARIOS

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """List all scenarios."""
    pages = [
        {
            "scenario": scenario,
            "sources": scenario.sources(),
            "lines": [{"text": line, "kind": _kind(line)} for line in scenario.trace.splitlines()],
        }
        for scenario in SCENARIOS
    ]
    return render(request, "scenarios/list.html", {"pages": pages})


def _kind(line: str) -> str:
    """Tell lines apart: dispatches and receivers take turns with every step of indentation."""
    if "(error:" in line:
        return "error"
    depth = (len(line) - len(line.lstrip())) // 2
    return "receiver" if depth % 2 else "dispatch"
