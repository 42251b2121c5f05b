"""What is wrong with the settings, as Django system checks.

``signalscope.E001`` is a fault in ``SIGNALSCOPE``. ``signalscope.E002`` is one in an option that
another tool's setting has for us: the editor, which the panel for the debug toolbar checks itself.
"""

from __future__ import annotations

from typing import Any

from django.core import checks

from signalscope import conf
from signalscope.errors import ConfigurationError
from signalscope.sinks import imported

__all__ = ["check_settings"]


def check_settings(**_: Any) -> list[checks.CheckMessage]:
    """Report unknown keys and wrong values of ``SIGNALSCOPE``, each with the remedy."""
    problems = conf.problems()
    if problems:
        return [
            checks.Error(problem.message, hint=problem.hint, id="signalscope.E001")
            for problem in problems
        ]
    found: list[checks.CheckMessage] = []
    for entry in conf.load().sinks:
        try:
            imported(entry)
        except ConfigurationError as error:
            message, remedy = str(error).rsplit(" Name ", 1)
            found.append(checks.Error(message, hint=f"Name {remedy}", id="signalscope.E001"))
    return found
