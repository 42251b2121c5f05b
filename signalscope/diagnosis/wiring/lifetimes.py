"""W006 short-lived-receiver: a weakly held receiver that nothing else keeps.

With DEBUG on, Django's check of its signature keeps it in a cache, so it lives there and dies in
production.
"""

from __future__ import annotations

import ast
import functools
import types
from typing import TYPE_CHECKING, Any

from signalscope.diagnosis.catalogue import rule
from signalscope.diagnosis.findings import Finding
from signalscope.diagnosis.source.names import own_nodes
from signalscope.diagnosis.source.trees import Definition, definition_of, tree_of
from signalscope.diagnosis.wiring.about import is_djangos, label
from signalscope.places import Location
from signalscope.registry.functions import chain_of
from signalscope.registry.log import connect_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from signalscope.diagnosis.source.trees import Tree
    from signalscope.naming import ReceiverFacts, SenderFacts, SignalFacts
    from signalscope.registry.live import Wire

__all__ = ["short_lived"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def short_lived(wires: list[Wire]) -> list[Finding]:
    """Find receivers that the source shows to be held by their connection alone.

    Among them those that are dead by now, if their ``connect()`` was seen.
    """
    found: dict[tuple[str, Any], Finding] = {}
    for wire in wires:
        kind = _kind(wire) if wire.entry.weak and not is_djangos(wire) else None
        if kind is not None:
            found[wire.receiver.name, wire.place] = _finding(
                wire.signal, wire.receiver, wire.sender, wire.place, f"is {kind}"
            )
    for signal, row in connect_log.died():
        kind = None if row.place is None else _kind_of_dead(row.place)
        if kind is not None:
            key = row.receiver.name, row.place
            was = f"was {kind}"
            found.setdefault(key, _finding(signal, row.receiver, row.sender, row.place, was))
    return list(found.values())


def _finding(
    signal: SignalFacts,
    receiver: ReceiverFacts,
    sender: SenderFacts | None,
    place: Location | None,
    kind: str,
) -> Finding:
    own = (
        [Location(receiver.file, receiver.line)]
        if receiver.file is not None and receiver.line is not None
        else []
    )
    return Finding.of(
        rule("W006"),
        what=f"{receiver.name}, connected to {label(signal, sender)}, {kind} that nothing but "
        "this weak connection holds: it is gone once the function that made it ends, unless DEBUG "
        "is on.",
        remedy="Connect it with weak=False, or define it at the top of its module.",
        receiver=receiver.name,
        signal=signal.name,
        sender=None if sender is None else sender.name,
        places=tuple(dict.fromkeys([*own, *([] if place is None else [place])])),
    )


def _kind(wire: Wire) -> str | None:
    receiver, place = wire.entry.receiver, wire.place
    if type(receiver) is types.FunctionType:
        return _kind_of_function(receiver, place)
    if type(receiver) is types.MethodType and not issubclass(type(receiver.__self__), type):
        return "a method of an object" if _is_made_there(place, _is_method_of_new) else None
    if issubclass(type(receiver), functools.partial):
        return "a partial" if _is_made_there(place, _is_partial) else None
    return None


def _kind_of_dead(place: Location) -> str | None:
    """Return what a receiver was, by what its ``connect()`` reads."""
    given = _receiver_at(place)
    if given is None:
        return None
    tree, receiver = given
    if isinstance(receiver, ast.Lambda):
        return "a lambda"
    if _is_partial(receiver):
        return "a partial"
    if _is_method_of_new(receiver):
        return "a method of an object"
    is_own = isinstance(receiver, ast.Name) and _local(receiver, tree) is not None
    return "a local function" if is_own else None


def _local(name: ast.Name, tree: Tree) -> ast.AST | None:
    """Return the function that a name stands for, where the one around defines it to connect it."""
    around = next((each for each in _ancestors(name, tree) if isinstance(each, _FUNCTIONS)), None)
    if around is None:
        return None
    defined = [
        each for each in own_nodes(around) if isinstance(each, _FUNCTIONS) and each.name == name.id
    ]
    uses = {_use(each, name.id, tree) for each in ast.walk(around)} - {""}
    return defined[0] if len(defined) == 1 and uses == {"connect"} else None


def _kind_of_function(function: types.FunctionType, place: Location | None) -> str | None:
    if len(list(chain_of(function))) > 1:
        return None  # who wrapped it may hold it
    definition = definition_of(function.__code__)
    if definition is None:
        return None
    if isinstance(definition.node, ast.Lambda):
        return "a lambda" if _is_connects_own(definition) else None
    enclosing = _enclosing(definition)
    if enclosing is None or not _is_used_to_connect_only(definition, enclosing, place):
        return None
    return "a local function"


def _ancestors(node: ast.AST, tree: Tree) -> Iterator[ast.AST]:
    while node in tree.parents:
        node = tree.parents[node]
        yield node


def _is_connects_own(definition: Definition) -> bool:
    """Tell whether a lambda stands in a call of ``connect()``, as the receiver."""
    parent = definition.tree.parents.get(definition.node)
    if isinstance(parent, ast.keyword) and parent.arg == "receiver":
        parent = definition.tree.parents.get(parent)
        return isinstance(parent, ast.Call) and _is_connect(parent)
    return (
        isinstance(parent, ast.Call)
        and _is_connect(parent)
        and _receiver_of(parent) is (definition.node)
    )


def _is_connect(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "connect"
    )


def _receiver_of(call: ast.Call) -> ast.expr | None:
    if call.args:
        return call.args[0]
    return next((each.value for each in call.keywords if each.arg == "receiver"), None)


def _enclosing(definition: Definition) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """Return the function in whose body the definition stands; None for one of a class."""
    for node in _ancestors(definition.node, definition.tree):
        if isinstance(node, _FUNCTIONS):
            return node
        if isinstance(node, (ast.ClassDef, ast.Lambda)):
            return None
    return None


def _is_used_to_connect_only(
    definition: Definition,
    enclosing: ast.FunctionDef | ast.AsyncFunctionDef,
    place: Location | None,
) -> bool:
    node, tree = definition.node, definition.tree
    if not isinstance(node, _FUNCTIONS) or not all(
        map(_is_receiver_decorator, node.decorator_list)
    ):
        return False
    uses = {_use(each, node.name, tree) for each in ast.walk(enclosing)} - {""}
    if uses <= {"connect"}:
        return True
    # Made by a factory: whoever calls it may hold what it returns.
    return (
        uses <= {"connect", "return"}
        and not enclosing.decorator_list
        and _is_made_there(place, lambda value: _is_call_of(value, enclosing.name))
    )


def _use(each: ast.AST, name: str, tree: Tree) -> str:
    """Return how a node uses a name: to ``connect`` it, to ``return`` it, or in some other way."""
    match each:
        case ast.Global(names=names) | ast.Nonlocal(names=names) if name in names:
            return "other"
        case ast.Call(func=ast.Name(id="locals" | "vars" | "globals" | "setattr")):
            return "other"
        case ast.Name() if each.id == name:
            parent = tree.parents.get(each)
            holder = tree.parents.get(parent) if isinstance(parent, ast.keyword) else parent
            if isinstance(holder, ast.Call) and _is_connect(holder):
                return "connect" if _receiver_of(holder) is each else "other"
            return "return" if isinstance(parent, ast.Return) else "other"
        case _:
            return ""


def _is_receiver_decorator(decorator: ast.expr) -> bool:
    function = decorator.func if isinstance(decorator, ast.Call) else None
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", None)
    return name == "receiver"


def _is_call_of(value: ast.expr, name: str) -> bool:
    if not isinstance(value, ast.Call):
        return False
    function = value.func
    return (
        function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    ) == (name)


def _is_made_there(place: Location | None, wanted: Callable[[ast.expr], bool]) -> bool:
    """Tell whether the call of ``connect()`` is given a receiver that is made in that very call."""
    given = None if place is None else _receiver_at(place)
    return given is not None and wanted(given[1])


def _receiver_at(place: Location) -> tuple[Tree, ast.expr] | None:
    """Return what the one ``connect()`` at a place is given; None where that is not sure."""
    tree = tree_of(place.file)
    if tree is None:
        return None
    calls = [
        node
        for node in tree.parents
        if isinstance(node, ast.Call)
        and _is_connect(node)
        and node.lineno <= place.line <= (node.end_lineno or 0)
    ]
    receiver = _receiver_of(calls[0]) if len(calls) == 1 else None
    return None if receiver is None else (tree, receiver)


def _is_partial(value: ast.expr) -> bool:
    return _is_call_of(value, "partial")


def _is_method_of_new(value: ast.expr) -> bool:
    """Tell whether it reads as ``Listener().method``, which leaves the listener to nobody."""
    if not (isinstance(value, ast.Attribute) and isinstance(value.value, ast.Call)):
        return False
    function = value.value.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    # By convention a class: a function may return what it holds.
    return bool(name[:1].isupper())
