"""From live objects to names and places.

A record must not keep the program's objects alive, so it refers to *facts*: one small object for
each receiver, sender and signal, made when that object is first seen and shared by all records.
Facts hold a weak reference and plain strings. Nothing here imports Django, and nothing here runs
code of the program: no ``repr`` or ``str`` of foreign objects, and no properties of theirs.
"""

from __future__ import annotations

import ast
import functools
import sys
import sysconfig
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from weakref import ref as weak_reference  # by name: tests of Django's mock weakref.ref

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "CARRIER",
    "PACKAGE",
    "USER",
    "Location",
    "ReceiverFacts",
    "SenderFacts",
    "SignalFacts",
    "dotted_name",
    "file_kinds",
    "known_receivers",
    "known_senders",
    "known_signals",
    "receiver_facts",
    "sender_facts",
    "signal_facts",
]


class Location(NamedTuple):
    """A line of source: `file` is the path as the interpreter knows it, `line` counts from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        """Read ``file:line``, the form that editors and terminals link."""
        return f"{self.file}:{self.line}"


# --- Facts: what a record says of an object without holding it ------------------------------------


class ReceiverFacts:
    """The dotted name of a receiver, and where it is defined."""

    __slots__ = ("__weakref__", "file", "line", "name", "ref")

    def __init__(self, receiver: object, forget: Callable[[Any], None]) -> None:
        self.ref = _weak(receiver, forget)
        self.name, code = _describe_callable(receiver)
        self.file: str | None = code.co_filename if code else None
        self.line: int | None = code.co_firstlineno if code else None


class SenderFacts:
    """The name of a sender: ``bookstore.Book`` for a model, None for None, else a dotted path.

    `is_model` and `key` (the attribute that holds an instance's primary key) are for senders, and
    for the classes of instances, that are models.
    """

    __slots__ = ("__weakref__", "is_model", "key", "name", "ref")

    def __init__(self, sender: object, forget: Callable[[Any], None]) -> None:
        self.ref = _weak(sender, forget)
        label = _model_label(sender)
        self.is_model = label is not None
        self.key = _key_attribute(sender) if label else None
        self.name = label or _describe_sender(sender)


class SignalFacts:
    """The name of a signal, looked for when it is first read."""

    __slots__ = ("__weakref__", "_name", "ref", "type_name")

    def __init__(self, signal: object, forget: Callable[[Any], None]) -> None:
        self.ref = _weak(signal, forget)
        self.type_name = dotted_name(type(signal))
        self._name: str | None = None

    @property
    def name(self) -> str:
        """The dotted name by which a module holds it: ``django.db.models.signals.post_save``.

        ``<unnamed Signal>`` where no module does.
        """
        if self._name is None:
            signal = self.ref()
            name = None if signal is None else _find_in_modules(signal)
            self._name = name or f"<unnamed {self.type_name.rpartition('.')[2]}>"
        return self._name


_receivers: dict[int, ReceiverFacts] = {}
_senders: dict[int, SenderFacts] = {}
_signals: dict[int, SignalFacts] = {}


known_receivers: dict[int, ReceiverFacts] = {}
known_senders: dict[int, SenderFacts] = {}
known_signals: dict[int, SignalFacts] = {}
"""Facts by the id of their object. An entry goes the moment its object dies (`_remember`), so an id
that is found here belongs to a living object, and it is that object."""


def receiver_facts(receiver: object) -> ReceiverFacts:
    """Return the facts of `receiver`; for a bound method, those of its function."""
    facts = known_receivers.get(id(receiver))
    if facts is not None:
        return facts
    if type(receiver) is types.MethodType:
        # Each dispatch makes a new bound method, whose id says nothing.
        return receiver_facts(receiver.__func__)
    return _remember(known_receivers, ReceiverFacts, receiver)


def sender_facts(sender: object) -> SenderFacts:
    """Return the facts of `sender`."""
    return known_senders.get(id(sender)) or _remember(known_senders, SenderFacts, sender)


def signal_facts(signal: object) -> SignalFacts:
    """Return the facts of `signal`."""
    return known_signals.get(id(signal)) or _remember(known_signals, SignalFacts, signal)


_Facts = TypeVar("_Facts", ReceiverFacts, SenderFacts, SignalFacts)


def _remember(known: dict[int, _Facts], kind: type[_Facts], target: object) -> _Facts:
    # The callback runs before the memory, and so the id, of the object can be used again.
    facts = kind(target, functools.partial(_forget, known, id(target)))
    if facts.ref is not _unreferable:
        known[id(target)] = facts
    return facts


def _forget(known: dict[int, Any], key: int, _: object) -> None:
    known.pop(key, None)


def _weak(target: object, forget: Callable[[Any], None]) -> Callable[[], Any]:
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


def dotted_name(cls: type) -> str:
    """Return module and qualified name of a class; builtins without their module."""
    module = type.__dict__["__module__"].__get__(cls)
    qualname = type.__dict__["__qualname__"].__get__(cls)
    return qualname if module in ("builtins", None) else f"{module}.{qualname}"


def _describe_callable(  # noqa: PLR0911 - one for each kind of callable
    receiver: Any,
) -> tuple[str, types.CodeType | None]:
    cls = type(receiver)
    if cls is types.FunctionType:
        return f"{receiver.__module__}.{receiver.__qualname__}", _unwrapped(receiver).__code__
    if cls is types.MethodType:
        return _describe_callable(receiver.__func__)
    if issubclass(cls, functools.partial):
        inner, code = _describe_callable(functools.partial.func.__get__(receiver))
        return f"functools.partial({inner})", code
    if cls is types.BuiltinFunctionType:
        owner = receiver.__self__
        if isinstance(owner, types.ModuleType) or owner is None:
            module = receiver.__module__
            return (
                receiver.__name__ if module == "builtins" else f"{module}.{receiver.__name__}",
                None,
            )
        return f"{dotted_name(type(owner))}.{receiver.__name__}", None
    if issubclass(cls, type):
        return dotted_name(receiver), None
    get = type.__dict__["__dict__"].__get__
    bases = type.__dict__["__mro__"].__get__(cls)
    call = next((get(base)["__call__"] for base in bases if "__call__" in get(base)), None)
    code = _unwrapped(call).__code__ if isinstance(call, types.FunctionType) else None
    return dotted_name(cls), code


def _unwrapped(function: types.FunctionType) -> types.FunctionType:
    """Follow `functools.wraps` to the function that a reader would look for."""
    for _ in range(32):
        inner = function.__dict__.get("__wrapped__")
        if type(inner) is not types.FunctionType:
            break
        function = inner
    return function


def _describe_sender(sender: object) -> str | None:
    if sender is None:
        return None
    cls = type(sender)
    if issubclass(cls, str):
        return str.__str__(sender)
    if issubclass(cls, type):
        return dotted_name(sender)  # type: ignore[arg-type]
    if cls is types.FunctionType:
        return _describe_callable(sender)[0]
    if issubclass(cls, types.ModuleType):
        return str(object.__getattribute__(sender, "__dict__").get("__name__"))
    return dotted_name(cls)


def _model_label(cls: Any) -> str | None:
    """Return ``app_label.Name`` of a Django model class, None for anything else."""
    try:
        options = type.__getattribute__(cls, "_meta").__dict__
    except (AttributeError, TypeError):
        return None
    app_label, name = options.get("app_label"), options.get("object_name")
    if isinstance(app_label, str) and isinstance(name, str):
        return f"{app_label}.{name}"
    return None


def _key_attribute(cls: Any) -> str | None:
    """Return the name under which an instance's ``__dict__`` holds its primary key."""
    try:
        attname = type.__getattribute__(cls, "_meta").__dict__["pk"].__dict__["attname"]
    except (AttributeError, KeyError):
        return None
    return attname if isinstance(attname, str) else None


# --- Names of signals -----------------------------------------------------------------------------


def _find_in_modules(target: object) -> str | None:
    """Find the module attribute that is `target`; where several are, the one that assigned it."""
    found = [
        (module, name)
        for module, namespace in _namespaces()
        for name, value in namespace
        if value is target
    ]
    if not found:
        return _find_in_classes(target)
    if len(found) > 1:
        found = [at for at in found if _assigns(*at)] or found
    module, name = min(found, key=lambda at: (at[0].count("."), at))
    return f"{module}.{name}"


def _find_in_classes(target: object) -> str | None:
    """Find the class attribute that is `target`."""
    for module, namespace in _namespaces():
        for _, value in namespace:
            # Not isinstance: it would ask a lazy object for its class, and so wake it.
            if issubclass(type(value), type) and value.__module__ == module:
                for name, attribute in list(vars(value).items()):
                    if attribute is target:
                        return f"{dotted_name(value)}.{name}"
    return None


def _namespaces() -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    for name, module in list(sys.modules.items()):
        if issubclass(type(module), types.ModuleType):
            # A lazily loaded module loads itself when asked by getattr; object's own does not ask.
            yield name, list(object.__getattribute__(module, "__dict__").items())


def _assigns(module: str, name: str) -> bool:
    """Tell whether the source of `module` gives `name` its value, rather than imports it."""
    return name in _assigned_names(module)


@functools.lru_cache(maxsize=256)
def _assigned_names(module: str) -> frozenset[str]:
    file = getattr(sys.modules.get(module), "__file__", None)
    try:
        tree = ast.parse(Path(file).read_bytes()) if file else None
    except (OSError, SyntaxError, ValueError):
        tree = None
    if tree is None:
        return frozenset()
    return frozenset(
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )


# --- Kinds of code by where they live -------------------------------------------------------------

USER, PACKAGE, CARRIER = 0, 1, 2
"""A project's own code; an installed package's; and what carries a send rather than causes it:
Django, asgiref, Signalscope and the standard library."""

_package_roots = tuple({sysconfig.get_path(name) for name in ("purelib", "platlib")})
_carrier_roots = (
    *{sysconfig.get_path(name) for name in ("stdlib", "platstdlib")},
    str(Path(__file__).parent),
    "<frozen",
)


class _FileKinds(dict[str, int]):
    """Kind by file name; worked out when a name is first asked for."""

    def __init__(self) -> None:
        self._carriers: tuple[str, ...] = ()

    def __missing__(self, file: str) -> int:
        if file.startswith(self._carriers):
            kind = CARRIER
        elif file.startswith(_package_roots) or "site-packages" in file:
            # The packages usually lie below the standard library's folder.
            kind = PACKAGE
        elif file.startswith(_carrier_roots):
            kind = CARRIER
        else:
            kind = USER
        self[file] = kind
        return kind

    def add_carrier(self, folder: str) -> None:
        """Count the code below `folder` as a carrier."""
        if folder not in self._carriers:
            self._carriers = (*self._carriers, folder)
            self.clear()


file_kinds = _FileKinds()
