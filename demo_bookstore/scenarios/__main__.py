"""Plays scenarios for the page that shows them: `python -m demo_bookstore.scenarios SLUG ...`.

It prints one line of JSON. The page runs it as a process of its own: what a scenario connects, sets
or breaks is gone with the process, and a visitor's shop goes on as it was.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import django

if TYPE_CHECKING:
    from collections.abc import Iterator


def main(slugs: list[str]) -> None:
    """Play the scenarios, each in an empty database."""
    # As the shop itself does: not what a shell has exported for another project of yours.
    settings = os.environ.get("DEMO_BOOKSTORE_SETTINGS", "demo_bookstore.settings")
    os.environ["DJANGO_SETTINGS_MODULE"] = settings
    os.environ["DEMO_BOOKSTORE_RUN"] = f"scenario-{os.getpid()}"
    django.setup()
    from demo_bookstore import database  # noqa: PLC0415
    from demo_bookstore.scenarios.catalogue import SCENARIOS  # noqa: PLC0415

    # Whatever a scenario prints is not part of the answer.
    answer, sys.stdout = sys.stdout, sys.stderr
    by_slug = {scenario.slug: scenario for scenario in SCENARIOS}
    try:
        database.prepare(seeded=False)
        told = []
        for slug in slugs:
            database.clear()
            told.append(_perform(by_slug[slug]))
    finally:
        database.remove()
    print(json.dumps(told), file=answer)


def _perform(scenario: Any) -> dict[str, Any]:
    from django.conf import settings  # noqa: PLC0415
    from django.utils.module_loading import import_string  # noqa: PLC0415

    from demo_bookstore.scenarios import player, watching  # noqa: PLC0415

    told: dict[str, list[str]] = {}

    @contextmanager
    def watched() -> Iterator[None]:
        with watching.traced() as told["spans"], watching.logged() as told["log"]:
            yield

    try:
        played = player.play(scenario, watched)
    except player.CannotBePlayedError as problem:
        return {"slug": scenario.slug, "problem": str(problem)}
    except Exception as problem:  # noqa: BLE001 - the page says what went wrong
        traceback.print_exc()
        return {"slug": scenario.slug, "problem": f"{type(problem).__name__}: {problem}"}
    return {
        "slug": scenario.slug,
        "as_expected": played.as_expected,
        "difference": played.difference(),
        "tree": played.tree,
        "findings": [
            *({"id": each.id, "what": each.what, "remedy": each.remedy} for each in played.found),
            *(
                {"id": each.id.rpartition(".")[2], "what": each.msg, "remedy": each.hint}
                for each in played.warnings
            ),
        ],
        **told,
        "report": import_string(settings.TRACE_REPORT)(played.saved, title=scenario.title),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
