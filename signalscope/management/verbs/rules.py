"""List the rules, or show the page of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signalscope.diagnosis.catalogue import RULES, unknown
from signalscope.diagnosis.pages import page_of
from signalscope.management.verbs.outcome import Outcome, WrongUsageError, add_format, as_json

if TYPE_CHECKING:
    import argparse

__all__ = ["add_arguments", "answer"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("id", nargs="?", metavar="ID", help="the id of a rule, or its name")
    add_format(parser, "text", "json")


def answer(options: dict[str, Any], style: Any) -> Outcome:
    """Return the list, or a page."""
    wanted = options["id"]
    rules = list(RULES.values())
    if wanted is not None:
        rules = [each for each in rules if wanted.lower() in (each.id.lower(), each.name)]
        if not rules:
            raise WrongUsageError(" ".join(unknown(wanted) or ()))
    if options["format"] == "json":
        return Outcome(
            as_json("rules", rules=[{**each._asdict(), "page": page_of(each)} for each in rules])
        )
    if wanted is not None:
        return Outcome(page_of(rules[0]))
    longest = max(len(each.name) for each in rules)
    return Outcome(
        "\n".join(
            f"{style.MIGRATE_HEADING(each.id)}  {each.name:<{longest}}  {each.severity:<7}  "
            f"{each.title}"
            for each in rules
        )
    )
