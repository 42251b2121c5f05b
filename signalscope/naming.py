"""From live objects to names and places.

A record must not keep the program's objects alive, so it refers to *facts*: one small object for
each receiver, sender and signal, made when that object is first seen and shared by all records.
Facts hold a weak reference and plain strings. Nothing here imports Django, and nothing here runs
code of the program (see `signalscope.reading`): no ``repr`` or ``str`` of foreign objects either.
"""

from __future__ import annotations

import ast
import functools
import re
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import ref as weak_reference  # by name: tests of Django's mock weakref.ref

from signalscope.places import line_of, short_path
from signalscope.reading import (
    bases_of,
    class_dict,
    class_module,
    dotted,
    dotted_name,
    model_options,
    module_dict,
    namespaces,
    own_dict,
    plain_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = [
    "MAY_BE_STALE",
    "ReceiverFacts",
    "SenderFacts",
    "SignalFacts",
    "known_receivers",
    "known_senders",
    "known_signals",
    "name_signals",
    "note_origin",
    "owner_of",
    "receiver_facts",
    "sender_facts",
    "short_name",
    "signal_facts",
    "stand_in_facts",
]


# --- Facts: what a record says of an object without holding it ------------------------------------


class ReceiverFacts:
    """The dotted name of a receiver, and where it is defined."""

    __slots__ = ("__weakref__", "file", "line", "name", "ref")

    def __init__(self, receiver: object, forget: Callable[[Any], object] | None = None) -> None:
        self.ref = _weak(receiver, forget)
        self.name, code = _describe_callable(receiver)
        self.file: str | None = code.co_filename if code else None
        self.line: int | None = code.co_firstlineno if code else None


class StandInFacts(ReceiverFacts):
    """Those of what was called in a receiver's place: the receiver's own, and who stood in."""

    __slots__ = ("stand_in", "stands_for")

    def __init__(
        self,
        stand_in: object,
        stands_for: ReceiverFacts,
        what: str,
        forget: Callable[[Any], object] | None = None,
    ) -> None:
        self.ref = _weak(stand_in, forget)
        self.name, self.file, self.line = stands_for.name, stands_for.file, stands_for.line
        self.stands_for = stands_for
        self.stand_in = what


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
        self.ref = _weak(sender, forget)
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


class SignalFacts:
    """The name of a signal, looked for when it is first read."""

    __slots__ = ("__weakref__", "_asked", "_name", "_origin", "ref", "type_name")

    def __init__(self, signal: object, forget: Callable[[Any], object] | None = None) -> None:
        self.ref = _weak(signal, forget)
        self.type_name = dotted_name(type(signal))
        self._name: str | None = None
        self._asked = 0
        self._origin: _Place | None = _origin_of(signal)

    @property
    def name(self) -> str:
        """The dotted name by which a module holds it: ``django.db.models.signals.post_save``.

        Where no module does: ``<Signal created at shop/signals.py:12>``, with the path as it is
        below an entry of ``sys.path``; ``<unnamed Signal>`` where that is not known either, as it
        was made while nothing was installed. A module that comes to hold it later gives it its
        name.
        """
        if self._name is not None:
            return self._name
        if not self._asked:
            name_signals()
            found: str | None = self._name  # which the search may have filled in
            if found is not None:
                return found
        self._asked += 1
        # A search goes through all that is loaded. Of n questions log n are worth one, so that a
        # recording of many unnamed sends can be read.
        if self._asked & (self._asked - 1) == 0:
            signal = self.ref()
            self._name = None if signal is None else _find_in_modules(signal)
            if self._name is not None:
                return self._name
        kind = short_name(self.type_name)
        line = None if self._origin is None else line_of(*self._origin)
        if self._origin is None or line is None:
            return f"<unnamed {kind}>"
        return f"<{kind} created at {short_path(self._origin[0].co_filename)}:{line}>"

    def is_unasked(self) -> bool:
        """Tell whether nobody has asked for the name, so that it was not looked for."""
        return self._name is None and not self._asked

    def give_name(self, name: str) -> None:
        """Take the name that a search for many has found."""
        self._name = name


_Place = tuple[types.CodeType, int]
"""An instruction: its code, and its offset there as a frame's ``f_lasti``."""

_origins: dict[int, tuple[Callable[[], object], _Place]] = {}
"""Where signals were created, by their id; an entry goes the moment its signal dies."""


def _origin_of(signal: object) -> _Place | None:
    held = _origins.get(id(signal))
    # Up to Python 3.11 a full stack leaves no room for C code either, and what is dead may stay.
    return None if held is None or held[0]() is not signal else held[1]


def note_origin(signal: object, place: _Place) -> None:
    """Remember where `signal` was created: code and offset (``f_lasti``).

    The signal is left as it is, and not kept alive.
    """
    key = id(signal)
    if _origin_of(signal) is None:  # else its ``__init__`` was called once more
        _origins[key] = weak_reference(signal, functools.partial(_origins.pop, key)), place


def short_name(name: str) -> str:
    """Return the last part of a dotted name; the whole of one in angle brackets."""
    return name if name.startswith("<") else name.rpartition(".")[2]


MAY_BE_STALE = sys.version_info < (3, 12)
"""Whether an entry can stay though its object died: up to Python 3.11 a full stack leaves no room
for C code either, so that `_remember`'s callback fails there. Who looks an id up has to compare."""

known_receivers: dict[int, ReceiverFacts] = {}
known_senders: dict[int, SenderFacts] = {}
known_signals: dict[int, SignalFacts] = {}
"""Facts by the id of their object. An entry goes the moment its object dies (`_remember`), so an id
that is found here belongs to a living object, and it is that object (but see `MAY_BE_STALE`)."""


def receiver_facts(receiver: object) -> ReceiverFacts:
    """Return the facts of `receiver`; for a bound method, those of its function."""
    facts = _known(known_receivers, receiver)
    if facts is not None:
        return facts
    if type(receiver) is types.MethodType:
        # Each dispatch makes a new bound method, whose id says nothing.
        return receiver_facts(receiver.__func__)
    if type(receiver) is types.FunctionType and _made_by_a_look_up(receiver):
        return receiver_facts(receiver.__dict__["__wrapped__"])
    return _remember(known_receivers, ReceiverFacts, receiver)


def owner_of(receiver: object) -> Any:
    """Return the object whose bound method a receiver is, None for what is no bound method."""
    if type(receiver) is types.FunctionType and _made_by_a_look_up(receiver):
        return owner_of(receiver.__dict__["__wrapped__"])
    return receiver.__self__ if type(receiver) is types.MethodType else None


def stand_in_facts(stand_in: object, stands_for: ReceiverFacts, what: str) -> ReceiverFacts:
    """Make the facts by which `stand_in`, which lets itself be referred to weakly, is known."""
    key = id(stand_in)
    forget = functools.partial(known_receivers.pop, key)
    facts = known_receivers[key] = StandInFacts(stand_in, stands_for, what, forget)
    return facts


def _made_by_a_look_up(function: types.FunctionType) -> bool:
    """Tell whether `function` wraps a receiver for one send only, as Sentry's do.

    It replaces ``Signal._live_receivers`` by a function that wraps what it found, anew each time.
    Nobody connected the wrapper, so whoever asks for the receiver means what is inside.
    """
    return (
        "_live_receivers.<locals>." in function.__code__.co_qualname
        and "__wrapped__" in function.__dict__
    )


def sender_facts(sender: object) -> SenderFacts:
    """Return the facts of `sender`."""
    if type(sender) is str:
        return _facts_of_text(sender)
    return _known(known_senders, sender) or _remember(known_senders, SenderFacts, sender)


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


def signal_facts(signal: object) -> SignalFacts:
    """Return the facts of `signal`."""
    return _known(known_signals, signal) or _remember(known_signals, SignalFacts, signal)


_Facts = TypeVar("_Facts", ReceiverFacts, SenderFacts, SignalFacts)


def _known(known: dict[int, _Facts], target: object) -> _Facts | None:
    facts = known.get(id(target))
    return None if facts is None or (MAY_BE_STALE and facts.ref() is not target) else facts


def _remember(known: dict[int, _Facts], kind: type[_Facts], target: object) -> _Facts:
    # The callback runs before the memory, and so the id, of the object can be used again. It is C
    # code throughout, since an object may die where the stack has no room for a frame of Python's;
    # `pop` takes the dead reference, which it is called with, as its default.
    key = id(target)
    facts = kind(target, functools.partial(known.pop, key))
    if facts.ref is not _unreferable:
        known[key] = facts
    return facts


def _weak(target: object, forget: Callable[[Any], object] | None) -> Callable[[], Any]:
    if target is None:
        return _none
    try:
        return weak_reference(target, forget)
    except TypeError:
        return _unreferable


def _none() -> None:
    """Stand for a weak reference to None, which is always there."""


def _unreferable() -> object:
    """Stand for a weak reference to an object that allows none; it matches nothing."""
    return _unreferable


# --- Names of callables and senders ---------------------------------------------------------------


def _describe_callable(receiver: Any) -> tuple[str, types.CodeType | None]:
    cls = type(receiver)
    if cls is types.FunctionType:
        name = dotted(receiver.__module__, receiver.__qualname__)
        return name, _unwrapped(receiver).__code__
    if cls is types.MethodType:
        return _describe_callable(receiver.__func__)
    if issubclass(cls, functools.partial):
        inner, code = _describe_callable(functools.partial.func.__get__(receiver))
        return f"functools.partial({inner})", code
    if cls is types.BuiltinFunctionType:
        return _describe_builtin(receiver), None
    if issubclass(cls, type):
        return dotted_name(receiver), None
    names = (class_dict.__get__(base) for base in bases_of(cls))
    call = next((each["__call__"] for each in names if "__call__" in each), None)
    code = _unwrapped(call).__code__ if type(call) is types.FunctionType else None
    return dotted_name(cls), code


def _describe_builtin(function: types.BuiltinFunctionType) -> str:
    owner = function.__self__
    if owner is None or issubclass(type(owner), types.ModuleType):
        return dotted(function.__module__, function.__name__)
    return dotted(dotted_name(type(owner)), function.__name__)


def _unwrapped(function: types.FunctionType) -> types.FunctionType:
    """Follow `functools.wraps` to the function that a reader would look for."""
    for _ in range(32):
        inner = own_dict(function).get("__wrapped__")
        if type(inner) is not types.FunctionType:
            break
        function = inner
    return function


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
        return _describe_callable(sender)[0]
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


# --- Names of signals -----------------------------------------------------------------------------


def name_signals() -> None:
    """Look for the names of the signals that are known and were not asked for theirs yet.

    A search goes through all that is loaded, so one for all of them costs as much as one for each.
    """
    wanted = {
        id(signal): (facts, signal)
        for facts in list(known_signals.values())
        if facts.is_unasked() and (signal := facts.ref()) is not None
    }
    found: dict[int, list[tuple[str, str]]] = {}
    if wanted:
        for module, namespace in namespaces():
            for name, value in namespace:
                if id(value) in wanted and type(name) is str:
                    found.setdefault(id(value), []).append((module, name))
    for key, places in found.items():
        facts, signal = wanted[key]
        facts.give_name(_best_of(places, signal))


def _find_in_modules(target: object) -> str | None:
    """Find the module attribute that is `target`; where several are, the one that assigned it."""
    found = [
        (module, name)
        for module, namespace in namespaces()
        for name, value in namespace
        if value is target and type(name) is str
    ]
    return _best_of(found, target) if found else _find_in_classes(target)


def _best_of(found: list[tuple[str, str]], target: object) -> str:
    """Return the module attribute that assigned `target`, of those that are it."""
    found = sorted(found, key=lambda at: (at[0].count("."), at))
    if len(found) > 1:
        # Django's model signals stand beside their class, and many modules import them: their
        # sources need not be read then, which takes longer than the search.
        beside = plain_text(class_module.__get__(type(target)))
        likely = [at for at in found if at[0] == beside] + found
        found = [next((at for at in likely if _makes(*at)), found[0])]
    return ".".join(found[0])


def _find_in_classes(target: object) -> str | None:
    """Find the class attribute that is `target`."""
    for module, namespace in namespaces():
        for _, value in namespace:
            # Not isinstance: it would ask a lazy object for its class, and so wake it.
            if issubclass(type(value), type) and plain_text(class_module.__get__(value)) == module:
                for name, attribute in list(class_dict.__get__(value).items()):
                    if attribute is target and type(name) is str:
                        return f"{dotted_name(value)}.{name}"
    return None


def _makes(module: str, name: str) -> bool:
    """Tell whether the source of `module` assigns to `name` what a call returns.

    So an import is none, nor a None that stands in for one that failed.
    """
    file = plain_text(own_dict(sys.modules.get(module)).get("__file__"))
    try:
        source = Path(file).read_bytes() if file else b""
        # To parse takes far longer, and most modules only import the name.
        if not re.search(rb"\b%s\b(?!\.)[^\n=(]*=" % name.encode(), source):
            return False
        tree = ast.parse(source)
    except (OSError, SyntaxError, ValueError):
        return False
    return any(
        isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr))
        and node.value is not None
        and any(isinstance(part, ast.Call) for part in ast.walk(node.value))
        and name in _names_in(node.targets if isinstance(node, ast.Assign) else [node.target])
        for node in ast.walk(tree)
    )


def _names_in(targets: Iterable[ast.expr]) -> set[str]:
    return {part.id for each in targets for part in ast.walk(each) if isinstance(part, ast.Name)}
