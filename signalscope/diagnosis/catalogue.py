"""The catalogue of rules: the one place that says which there are and what they are called."""

from __future__ import annotations

import difflib
from typing import NamedTuple

__all__ = ["RULES", "Rule", "complaint", "rule"]


class Rule(NamedTuple):
    """A rule that exists; its page is the section `anchor` of the reference of rules."""

    id: str
    name: str
    severity: str
    """``warning`` for what is likely to do harm, ``info`` for what is worth knowing."""
    title: str

    @property
    def anchor(self) -> str:
        """The anchor of its section: ``w101-recursion``."""
        return f"{self.id}-{self.name}".lower()


RULES = {
    each.id: each
    for each in (
        Rule("W101", "recursion", "warning", "A receiver is entered again for the same instance"),
        Rule("W102", "side-effect-on-raw", "warning", "SQL writes while a fixture is loaded"),
        Rule("W103", "slow-receiver", "warning", "A receiver takes long itself"),
        Rule("W104", "repeated-query", "warning", "A receiver repeats one statement"),
        Rule("W105", "swallowed-error", "warning", "An error is kept by a robust send"),
        Rule("W106", "skipped-after-error", "warning", "Receivers do not run after an error"),
        Rule("W108", "bypassed", "info", "A bulk operation skips receivers"),
        Rule("W109", "redundant-save", "info", "An instance is saved again by its own receiver"),
        Rule("W110", "thread-hop", "info", "A receiver runs in another thread or event loop"),
    )
}
"""Id → rule, in the order of ids."""


def rule(id: str) -> Rule:  # noqa: A002 - what a rule is known by
    """Return the rule of this id. Raises KeyError where there is none."""
    return RULES[id]


def complaint(id: str) -> str | None:  # noqa: A002 - what a rule is known by
    """Return what is wrong with an id that no rule has, the nearest named; else None."""
    if id in RULES:
        return None
    by_name = {each.name: each.id for each in RULES.values()}
    near = difflib.get_close_matches(id.lower(), by_name, n=1, cutoff=0.75)
    near = [by_name[near[0]]] if near else difflib.get_close_matches(id, RULES, n=1, cutoff=0.6)
    hint = f"Did you mean {near[0]!r}?" if near else f"The ids are {', '.join(RULES)}."
    return f"{id!r} is no id of a rule. {hint}"
