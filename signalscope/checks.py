"""What is wrong with the settings, and with what is connected, as Django system checks.

``signalscope.E001`` is a fault in ``SIGNALSCOPE``. ``signalscope.E002`` is one in an option that
another tool's setting has for us: the editor, which the panel for the debug toolbar checks itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core import checks

from signalscope import conf
from signalscope.diagnosis.catalogue import unknown
from signalscope.diagnosis.wiring.rules import diagnose_wiring
from signalscope.errors import ConfigurationError
from signalscope.places import short_path
from signalscope.sinks import imported

if TYPE_CHECKING:
    from signalscope.diagnosis.findings import Finding

__all__ = ["check_settings", "check_wiring"]

_LEVELS = {"warning": checks.Warning, "info": checks.Info}


def check_settings(**_: Any) -> list[checks.CheckMessage]:
    """Report unknown keys and wrong values of ``SIGNALSCOPE``, each with the remedy."""
    problems = conf.problems()
    if problems:
        return [
            checks.Error(problem.message, hint=problem.hint, id="signalscope.E001")
            for problem in problems
        ]
    settings = conf.load()
    wrong = [unknown(each) for each in sorted(settings.silenced)]
    found: list[checks.CheckMessage] = [
        checks.Error(f"SIGNALSCOPE['SILENCED']: {each[0]}", hint=each[1], id="signalscope.E001")
        for each in wrong
        if each is not None
    ]
    for entry in settings.sinks:
        try:
            imported(entry)
        except ConfigurationError as error:
            message, remedy = str(error).rsplit(" Name ", 1)
            found.append(checks.Error(message, hint=f"Name {remedy}", id="signalscope.E001"))
    return found


def check_wiring(**_: Any) -> list[checks.CheckMessage]:
    """Report what the rules find in the connections, and in the sources of their receivers.

    The ids are those of the rules, as ``signalscope.W001``. What SILENCED has is left out.
    """
    if conf.problems():
        return []  # which are reported by themselves
    return [
        _LEVELS[each.severity](
            each.what, hint=each.remedy, obj=_place_of(each), id=f"signalscope.{each.id}"
        )
        for each in diagnose_wiring(conf.load().silenced)
    ]


def _place_of(finding: Finding) -> str | None:
    if not finding.places:
        return finding.receiver
    return f"{short_path(finding.places[0].file)}:{finding.places[0].line}"
