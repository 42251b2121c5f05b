"""The catalogue of rules: the one place that says which there are and what they are called."""

from __future__ import annotations

import difflib
from typing import NamedTuple

__all__ = ["RULES", "Rule", "complaint", "is_of_wiring", "rule", "unknown"]


class Rule(NamedTuple):
    """A rule that exists; its page is the section `anchor` of the reference of rules."""

    id: str
    name: str
    severity: str
    """``warning`` for what is likely to do harm, ``info`` for what is worth knowing."""
    title: str
    of: str = "recording"
    """What it looks at: a ``recording``, the ``wiring`` or the ``source`` of receivers."""

    @property
    def anchor(self) -> str:
        """The anchor of its section: ``w101-recursion``."""
        return f"{self.id}-{self.name}".lower()


RULES = {
    each.id: each
    for each in (
        Rule("W001", "duplicate-receiver", "warning", "A receiver is connected twice", "wiring"),
        Rule("W002", "unresolved-sender", "warning", "A sender is no model", "wiring"),
        Rule("W003", "silent-sender", "warning", "A sender never sends", "wiring"),
        Rule(
            "W004", "never-imported", "warning", "Nothing imports a module of receivers", "wiring"
        ),
        Rule("W005", "strict-signature", "warning", "A receiver has no **kwargs", "wiring"),
        Rule("W006", "short-lived-receiver", "warning", "Nothing keeps a receiver", "wiring"),
        Rule("W011", "saves-own-instance", "warning", "A receiver saves without end", "source"),
        Rule("W012", "ignores-raw", "warning", "A fixture sets off side effects", "source"),
        Rule(
            "W013", "reads-m2m-on-create", "warning", "A many-to-many is read too early", "source"
        ),
        Rule("W101", "recursion", "warning", "A receiver is entered again for the same instance"),
        Rule(
            "W102",
            "side-effect-on-raw",
            "warning",
            "Side effects while a fixture is loaded",
        ),
        Rule("W103", "slow-receiver", "warning", "A receiver takes long itself"),
        Rule("W104", "repeated-query", "warning", "A receiver repeats one statement"),
        Rule("W105", "swallowed-error", "warning", "An error is kept from the sender"),
        Rule("W106", "skipped-after-error", "warning", "Receivers do not run after an error"),
        Rule(
            "W107", "effect-before-commit", "warning", "A mail or a task is sent before the commit"
        ),
        Rule("W108", "bypassed", "info", "A bulk operation skips receivers"),
        Rule("W109", "redundant-save", "info", "An instance is saved again by its own receiver"),
        Rule("W110", "thread-hop", "info", "A receiver runs in another thread or event loop"),
    )
}
"""Id → rule, in the order of ids."""


def rule(id: str) -> Rule:  # noqa: A002 - what a rule is known by
    """Return the rule of this id. Raises KeyError where there is none."""
    return RULES[id]


def is_of_wiring(id: str) -> bool:  # noqa: A002 - what a rule is known by
    """Tell whether an id is of a rule about what is connected, or its source."""
    return id in RULES and RULES[id].of != "recording"


def complaint(id: str) -> str | None:  # noqa: A002 - what a rule is known by
    """Return what is wrong with an id that is to be found in a recording; None if nothing is.

    For an id that no rule has, the nearest is named.
    """
    if is_of_wiring(id):
        return (
            f"{id} is about what is connected, so no recording has it. "
            "`manage.py check --fail-level WARNING` fails where it is found."
        )
    wrong = unknown(id)
    return None if wrong is None else f"{wrong[0]} {wrong[1]}"


def unknown(id: str) -> tuple[str, str] | None:  # noqa: A002 - what a rule is known by
    """Return that no rule has an id, and the nearest that there is; None where one has it."""
    if id in RULES:
        return None
    by_name = {each.name: each.id for each in RULES.values()}
    near = difflib.get_close_matches(id.lower(), by_name, n=1, cutoff=0.75)
    near = [by_name[near[0]]] if near else difflib.get_close_matches(id, RULES, n=1, cutoff=0.6)
    hint = f"Did you mean {near[0]!r}?" if near else f"The ids are {', '.join(RULES)}."
    return f"{id!r} is no id of a rule.", hint
