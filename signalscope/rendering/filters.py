"""What the filter box asks for: words, each of which has to be in a name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Filter", "quoted"]

_TERM = re.compile(r'(?:(signal|sender|receiver):)?("[^"]*"?|\S+)', re.IGNORECASE)


def quoted(kind: str, name: str) -> str:
    """Return the term that finds `name`: ``receiver:"shop.signals.log"``."""
    return f'{kind}:"{name.replace(chr(34), "")}"'


@dataclass(frozen=True, slots=True)
class Filter:
    """Words that must all be found, in any case of letters.

    ``review sender:book`` finds what has "review" in the name of its signal, sender or receiver,
    and "book" in its sender's. Quotes hold a word together that has blanks in it.
    """

    terms: tuple[tuple[str, str], ...] = ()
    """Pairs of the kind that a word is for, empty for any, and the word in lower case."""

    @classmethod
    def of(cls, text: str) -> Self:
        """Read what was typed."""
        found = ((kind.lower(), term.strip('"').lower()) for kind, term in _TERM.findall(text))
        return cls(tuple((kind, term) for kind, term in found if term))

    def __bool__(self) -> bool:
        return bool(self.terms)

    def accepts(self, signal: str, sender: str | None, receivers: Iterable[str] = ()) -> bool:
        """Tell whether a dispatch of `signal` by `sender` that reached `receivers` is wanted."""
        if not self.terms:
            return True
        names = {"signal": [signal.lower()], "sender": [(sender or "").lower()]}
        names["receiver"] = [name.lower() for name in receivers]
        names[""] = [*names["signal"], *names["sender"], *names["receiver"]]
        return all(any(term in name for name in names[kind]) for kind, term in self.terms)
