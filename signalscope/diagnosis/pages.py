"""The pages of the rules, which the documentation is made of as well."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signalscope.diagnosis.catalogue import Rule

__all__ = ["FOLDER", "page_of"]

FOLDER = Path(__file__).parent / "rule_pages"


def page_of(rule: Rule) -> str:
    """Return the page of a rule, in Markdown: what it means, examples, when it is fine."""
    body = (FOLDER / f"{rule.id.lower()}.md").read_text(encoding="utf-8")
    return f"# {rule.id} {rule.name}\n\n{body.strip()}"
