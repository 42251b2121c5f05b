"""What a shell offers after ``manage.py signalscope``, by Django's own completion for bash.

Django asks the parser of a command for its options, and knows nothing of verbs. While it completes,
it is given the options of the verb that stands there; else the verbs, as if they were options.
"""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from django.core.management import get_commands

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["is_completing", "offer"]


def is_completing() -> bool:
    """Tell whether this process was started to complete a line."""
    return {"DJANGO_AUTO_COMPLETE", "COMP_WORDS", "COMP_CWORD"} <= os.environ.keys()


def offer(parser: argparse.ArgumentParser, verbs: Mapping[str, argparse.ArgumentParser]) -> None:
    """Leave in `parser` what can follow on the line that is typed."""
    # All but the name of the program and the word that is not yet complete.
    words = os.environ["COMP_WORDS"].split()[1 : int(os.environ["COMP_CWORD"])]
    verb = next((word for word in words[1:] if word in verbs), None)
    if verb is None:
        offered = [*_actions(parser), *_words(verbs)]
    elif "--" not in words:
        offered = _actions(verbs[verb])
    elif words[-1] == "--":
        offered = _words(get_commands())
    else:
        offered = []
    parser._actions = offered  # noqa: SLF001 - where Django looks


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return parser._actions  # noqa: SLF001 - as above


def _words(names: Iterable[str]) -> list[argparse.Action]:
    return [argparse.Action([name], dest=argparse.SUPPRESS, nargs=0) for name in names]
