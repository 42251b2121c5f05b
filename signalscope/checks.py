"""What is wrong with the settings, as Django system checks."""

from __future__ import annotations

from typing import Any

from django.core import checks

from signalscope import conf

__all__ = ["check_settings"]


def check_settings(**_: Any) -> list[checks.CheckMessage]:
    """Report unknown keys and wrong values of ``SIGNALSCOPE``, each with the remedy."""
    return [
        checks.Error(problem.message, hint=problem.hint, id="signalscope.E001")
        for problem in conf.problems()
    ]
