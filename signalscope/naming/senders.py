"""Senders: labels of models, dotted names of whatever else sends."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

from signalscope.naming.callables import describe_callable
from signalscope.naming.known import known_senders, look_up, remember, weakly
from signalscope.reading import (
    bases_of,
    class_module,
    dotted_name,
    model_options,
    module_dict,
    own_dict,
    plain_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["SenderFacts", "sender_facts"]


class SenderFacts:
    """The name of a sender: ``bookstore.Book`` for a model, None for None, else a dotted path.

    A migration's model is another object than the model of today, and is called ``bookstore.Book
    (historical)``. `is_model` and `key` (the attribute that holds an instance's primary key) are
    for senders, and for the classes of instances, that are models. A model may be seen while it is
    made: what it does not have yet is read again whenever it is asked for, until it is there.
    """

    __slots__ = ("__weakref__", "_draft", "is_model", "key", "name", "ref")

    name: str | None
    is_model: bool
    key: str | None

    def __init__(self, sender: object, forget: Callable[[Any], object] | None = None) -> None:
        self.ref: Callable[[], Any] = weakly(sender, forget)
        self._read(sender)

    def _read(self, sender: object) -> None:
        """Fill in what is known; the slots of what is not known yet stay empty."""
        options = model_options(sender)
        label = _model_label(sender, options)
        if label is not None:
            self.name, self.is_model = label, True
            key = _key_attribute(options)
            if key is not None:
                self.key = key
        elif _is_to_be_model(sender):
            self._draft = _describe_sender(sender)
        else:
            self.name, self.is_model, self.key = _describe_sender(sender), False, None

    def __getattr__(self, name: str) -> Any:
        # Asked for a slot that is empty: no one pays for this who asks for what is there.
        if name in ("is_model", "key", "name"):
            target = self.ref()
            if target is not None:
                self._read(target)
            try:
                return object.__getattribute__(self, name)
            except AttributeError:
                if name == "name":
                    return self._draft
                return False if name == "is_model" else None
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")


def sender_facts(sender: object) -> SenderFacts:
    """Return the facts of `sender`."""
    if type(sender) is str:
        return _facts_of_text(sender)
    return look_up(known_senders, sender) or remember(known_senders, SenderFacts, sender)


_texts: dict[str, SenderFacts] = {}
_MOST_TEXTS = 1000


def _facts_of_text(sender: str) -> SenderFacts:
    # No weak reference tells when a string dies, so it cannot be known by its id. Two that are
    # equal are one sender to whoever reads of them.
    facts = _texts.get(sender)
    if facts is None:
        if len(_texts) >= _MOST_TEXTS:
            _texts.clear()
        facts = _texts[sender] = SenderFacts(sender)
    return facts


def _describe_sender(sender: object) -> str | None:
    if sender is None:
        return None
    cls = type(sender)
    text = plain_text(sender)
    if text is not None:
        return text
    if issubclass(cls, type):
        return dotted_name(sender)  # type: ignore[arg-type]
    if cls is types.FunctionType:
        return describe_callable(sender)[0]
    if issubclass(cls, types.ModuleType):
        return plain_text(module_dict.__get__(sender).get("__name__")) or dotted_name(cls)
    return dotted_name(cls)


def _model_label(cls: Any, options: Mapping[str, Any]) -> str | None:
    """Return ``app_label.Name`` of a Django model class, None for anything else."""
    app_label, name = plain_text(options.get("app_label")), plain_text(options.get("object_name"))
    if app_label is None or name is None:
        return None
    # What migrations make of a state, they place in a module of this name.
    historical = plain_text(class_module.__get__(cls)) == "__fake__"
    return f"{app_label}.{name} (historical)" if historical else f"{app_label}.{name}"


def _key_attribute(options: Mapping[str, Any]) -> str | None:
    """Return the name under which an instance's ``__dict__`` holds its primary key."""
    return plain_text(own_dict(options.get("pk")).get("attname"))


def _is_to_be_model(cls: object) -> bool:
    """Tell whether Django is about to make a model of a class."""
    return issubclass(type(cls), type) and any(
        dotted_name(base) == "django.db.models.base.ModelBase" for base in bases_of(type(cls))
    )
