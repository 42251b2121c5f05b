"""What an assertion asks for, and how a record differs from it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from signalscope.errors import SignalscopeError
from signalscope.matching import name_matches, sender_matcher, signal_matcher
from signalscope.naming import sender_facts
from signalscope.notes import facts_of
from signalscope.records import Dispatch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


from signalscope.wording import apart, name_of_sender, name_of_signal, spell

__all__ = ["KEPT", "LIKELY", "Difference", "Filter", "must_name", "name_test"]


KEPT = ("action", "created", "instance", "pk_count", "raw", "reverse", "update_fields", "using")
"""The arguments of a send that recordings keep, besides model instances of any name."""


_FLAGS = frozenset(KEPT) - {"instance", "pk_count"}


# How alike names must be (difflib): receivers and signals, and the short names of arguments.
LIKELY = 0.6


_ALIKE = 0.5


def must_name(kind: str, given: Any) -> None:
    """Raise `SignalscopeError` where nothing that has a name was given."""
    __tracebackhide__ = True
    if given is None:
        raise SignalscopeError(f"This asks for one {kind}, and None is none.")


class Difference(NamedTuple):
    """Where a record is not what was asked for; if not `certain`, it may be all the same."""

    about: str
    """``signal``, ``sender`` or ``kwargs``."""
    text: str
    certain: bool = True


class Filter:
    """The signal, the sender and the arguments that are asked for, each only if it is."""

    def __init__(
        self, signal: Any = None, sender: Any = None, facts: Mapping[str, _Fact] | None = None
    ) -> None:
        self.signal_name: str | None = None if signal is None else name_of_signal(signal)
        self.sender_name: str | None = None if sender is None else name_of_sender(sender)
        self.facts: Mapping[str, _Fact] = facts or {}
        self._signal = _anything if signal is None else signal_matcher(signal)
        self._sender = _anything if sender is None else sender_matcher(sender)
        self._called_signal = _anything if signal is None else name_test(signal, self.signal_name)
        self._called_sender = _anything if sender is None else name_test(sender, self.sender_name)

    @classmethod
    def of(cls, signal: Any, sender: Any, kwargs: Mapping[str, Any]) -> Filter:
        """Make one of what a test gave; raise `SignalscopeError` for what is never kept."""
        __tracebackhide__ = True
        facts = {}
        for name, value in kwargs.items():  # a comprehension would be a frame to hide (3.11)
            facts[name] = _fact(name, value)
        return cls(signal, sender, facts)

    def differences(self, dispatch: Dispatch) -> list[Difference]:
        """Tell how `dispatch` differs from what is asked for."""
        found = []
        if not self._signal(dispatch.signal_facts):
            found.append(self._other_signal(dispatch.signal_name))
        if not self._sender(dispatch.sender_facts):
            found.append(self._other_sender(dispatch.sender_name))
        if self.facts:
            kept = dispatch.kwargs
            for name, fact in self.facts.items():
                difference = fact.difference(name, kept, dispatch)
                if difference is not None:
                    found.append(difference)
        return found

    def differences_of(self, signal_name: str, sender_name: str | None) -> list[Difference]:
        """Tell how a send differs of which no more than the names is known."""
        found = []
        if not self._called_signal(signal_name):
            found.append(self._other_signal(signal_name))
        if not self._called_sender(sender_name):
            found.append(self._other_sender(sender_name))
        return found

    def _other_signal(self, name: str) -> Difference:
        was, asked = apart(name, str(self.signal_name))
        return Difference("signal", f"signal={was}, not {asked}")

    def _other_sender(self, name: str | None) -> Difference:
        return Difference("sender", f"sender={name}, not {self.sender_name}")

    def spelt(self, by: str) -> str:
        """Spell out the sender, after `by`, and the arguments."""
        sender = f"{by}{self.sender_name}" if self.sender_name is not None else ""
        asked = ", ".join(f"{name}={fact.spelt}" for name, fact in self.facts.items())
        return f"{sender} with {asked}" if asked else sender


def _anything(_: object) -> bool:
    return True


def name_test(wanted: Any, name: str | None) -> Callable[[str | None], bool]:
    """Return a test for names, given what is wanted and its name."""
    if isinstance(wanted, str):
        return lambda candidate: name_matches(candidate, wanted)
    return lambda candidate: candidate == name


class _Fact:
    """The value that an argument should have had; `spelt` shows it."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.spelt = spell(value)

    def difference(
        self, name: str, kept: Mapping[str, Any], dispatch: Dispatch
    ) -> Difference | None:
        """Compare with what is kept of an argument; None where it is equal."""
        if name not in kept:
            # Django sends its flags in the one form that is kept; others may send them in any.
            unsure = name in _FLAGS and not dispatch.signal_name.startswith("django.")
            text = f"{name} was not sent, or in no form that is kept" if unsure else f"no {name}"
            return Difference("kwargs", text, certain=not unsure)
        if name == "pk_count" and kept[name] is None:
            return Difference("kwargs", "pk_count is not known", certain=False)
        return self._compare(name, kept[name])

    def _compare(self, name: str, was: Any) -> Difference | None:
        if self.value == was:
            return None
        return Difference("kwargs", f"{name}={spell(was)}, not {self.spelt}")


class _Label(_Fact):
    """An instance as it is shown, compared as text."""

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.spelt = value

    def _compare(self, name: str, was: Any) -> Difference | None:
        if was == self.value:
            return None
        # Where the key could not be read, the label is the model alone.
        unsure = " pk=" in self.value and was == self.value.partition(" pk=")[0]
        return Difference("kwargs", f"{name}={was}, not {self.spelt}", certain=not unsure)


class _Instance(_Label):
    """A model instance, told from others by model and key, as ``Model.__eq__`` does."""

    def _compare(self, name: str, was: Any) -> Difference | None:
        model, _, key = self.value.partition(" pk=")
        was_model, _, was_key = str(was).partition(" pk=")
        if model != was_model or (_tells(key) and _tells(was_key)):
            return super()._compare(name, was)
        text = f"{name}={was}, which may be {self.spelt}; to ask for just that: {name}={was!r}"
        return Difference("kwargs", text, certain=False)


def _tells(key: str) -> bool:
    """Tell whether instances can be told apart by `key`: not where it shows as its type."""
    return key not in ("", "None") and not (key.startswith("<") and key.endswith(">"))


def _fact(name: str, value: Any) -> _Fact:
    __tracebackhide__ = True
    if sender_facts(type(value)).is_model:
        # The label is the one that a record of this very instance would have.
        record = object.__new__(Dispatch)
        record.sent = facts_of({name: value})
        if name in record.sent:
            return _Instance(record.kwargs[name])
    if isinstance(value, str) and (name == "instance" or (name not in KEPT and " pk=" in value)):
        return _Label(value)
    if name == "instance":
        raise SignalscopeError(
            f"instance={spell(value)} is neither a model instance nor the label of one "
            '("bookstore.Book pk=3"), and recordings keep no more of an instance than its label.'
        )
    if name not in KEPT:
        nearest = get_close_matches(name, KEPT, n=1, cutoff=_ALIKE)
        hint = f" Did you mean {nearest[0]}?" if nearest else ""
        raise SignalscopeError(
            f"Recordings do not keep the argument {name!r} of a send, so nothing can be asserted "
            f"of it.{hint} They keep {', '.join(KEPT)}, and of model instances under any name the "
            'label ("bookstore.Book pk=3").'
        )
    if name == "update_fields":
        if isinstance(value, str):
            return _Fact(frozenset({value}))
        if hasattr(type(value), "__iter__"):
            return _Fact(frozenset(value))
    return _Fact(value)
