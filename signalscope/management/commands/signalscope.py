"""``manage.py signalscope VERB``: what is connected, why it runs, and what a command set off.

Exit status: 0 fine; 1 a difference or a finding that was asked to fail; 2 wrong usage. `run` passes
on the status of the command that it runs.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.core.management.color import no_style

from signalscope.errors import SignalscopeError
from signalscope.management import completion
from signalscope.management.verbs import (
    diff,
    graph,
    listing,
    reasons,
    report,
    rules,
    run,
    snapshot,
)
from signalscope.management.verbs.outcome import (
    Outcome,
    WrongUsageError,
    harmless,
    printable,
)

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

__all__ = ["Command"]

_VERBS = {
    "list": listing,
    "why": reasons,
    "snapshot": snapshot,
    "diff": diff,
    "graph": graph,
    "run": run,
    "report": report,
    "rules": rules,
}


class Command(BaseCommand):
    """The command, which finds the verb and prints what it answers."""

    help = "Show Django signals: what is connected, why it runs, what a command sets off."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own form
    output_transaction = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the verbs."""
        verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
        for name, module in _VERBS.items():
            text = (module.__doc__ or "").splitlines()[0]
            verb = verbs.add_parser(
                name,
                help=text[:1].lower() + text[1:].rstrip("."),
                description=module.__doc__,
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
            module.add_arguments(verb)
            _add_djangos_own(verb)
        if completion.is_completing():
            completion.offer(parser, verbs.choices)

    def handle(self, *_: Any, **options: Any) -> None:
        """Run a verb; raise `CommandError` with the status 2 for what cannot be."""
        # https://no-color.org, which Django does not look at.
        is_plain = os.environ.get("NO_COLOR") and not options.get("force_color")
        style = no_style() if is_plain else self.style
        try:
            outcome: Outcome = _VERBS[options["verb"]].answer(options, style)
        except (SignalscopeError, WrongUsageError) as error:
            # One line, whatever a name or a file that it tells of has in it.
            line = " ".join(harmless(str(error)).split())
            raise CommandError(line, returncode=2) from None
        if outcome.text:
            self.stdout.write(printable(outcome.text, self.stdout))
        if outcome.status:
            sys.exit(outcome.status)


def _add_djangos_own(verb: argparse.ArgumentParser) -> None:
    """Take after the verb what Django's command takes before it.

    Nothing that they mean is done here: Django reads the settings and the path from wherever they
    stand, before it makes this parser, and the rest from the options of the command.
    """
    group = verb.add_argument_group("Django's own options")
    for name in ("--no-color", "--force-color", "--traceback"):
        group.add_argument(name, action="store_true", default=argparse.SUPPRESS)
    for name in ("--settings", "--pythonpath"):
        group.add_argument(name, default=argparse.SUPPRESS)
    group.add_argument("-v", "--verbosity", type=int, choices=range(4), default=argparse.SUPPRESS)
