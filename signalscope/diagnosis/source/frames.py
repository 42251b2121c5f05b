"""A function of a receiver as it is read: its tree, its names, and what in it is the instance."""

from __future__ import annotations

import ast
import functools
from typing import TYPE_CHECKING, Any, NamedTuple

from signalscope.diagnosis.source.names import Names, attribute_of, plain_function
from signalscope.diagnosis.source.trees import definition_of

if TYPE_CHECKING:
    import types
    from collections.abc import Mapping

    from signalscope.diagnosis.source.trees import Definition, Node

__all__ = ["Callee", "Frame", "frame_of"]


class Callee(NamedTuple):
    """What a call runs, and what it gives to the first parameter by itself."""

    function: Any
    """A function; not typed as one, as a type checker takes that for a method of this class."""
    bound: str
    """What the first parameter stands for: ``instance``, ``self``, or nothing."""


class Frame:
    """One function that runs when the receiver is called."""

    def __init__(  # noqa: PLR0913 - what is known of it
        self,
        function: types.FunctionType,
        definition: Definition,
        *,
        instances: frozenset[str] = frozenset(),
        kwargs: str | None = None,
        owner: type | None = None,
        models: tuple[type, ...] = (),
    ) -> None:
        self.function = function
        self.node: Node = definition.node
        self.file: str = definition.file
        self.names: Names = Names(function, definition.node)
        self.kwargs = kwargs
        """The parameter that holds the rest of what the signal sends, if the function has it."""
        self.owner = owner
        """The class, where the function is a method of the receiver's object."""
        self.models = models
        """The senders; empty where the receiver listens to all, or one is not known."""
        self.instances: frozenset[str] = instances | self._aliases(instances)

    def _aliases(self, instances: frozenset[str]) -> frozenset[str]:
        """Return the names that are given the instance and never anything else."""
        known: set[str] = {each for each in instances if each not in self.names.assigned}
        for name, values in self.names.assigned.items():
            if values and all(
                value is not None and self._is_given(value, known) for value in values
            ):
                known.add(name)
        return frozenset(known)

    def _is_given(self, value: ast.expr, known: set[str]) -> bool:
        if isinstance(value, ast.Name):
            return value.id in known
        return self.sent(value) == "instance"

    def sent(self, value: ast.AST) -> str | None:
        """Return the argument of the signal that an expression reads; None for any other."""
        if isinstance(value, ast.Name):
            # Of a receiver itself: its parameters are named as what is sent.
            is_own = self.kwargs is not None or "sender" in self.names.parameters
            is_one = value.id in self.names.parameters and value.id not in self.names.assigned
            return value.id if is_own and is_one else None
        holder, key = None, None
        if isinstance(value, ast.Subscript):
            holder, key = value.value, value.slice
        elif (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Attribute)
            and value.func.attr in ("get", "pop")
            and value.args
        ):
            holder, key = value.func.value, value.args[0]
        is_rest = isinstance(holder, ast.Name) and holder.id == self.kwargs
        if is_rest and isinstance(key, ast.Constant) and isinstance(key.value, str):
            return key.value
        return None

    def is_instance(self, expression: ast.AST) -> bool:
        """Tell whether an expression surely is the instance that was sent."""
        if isinstance(expression, ast.Name):
            return expression.id in self.instances and not (
                expression.id in self.names.parameters and expression.id in self.names.assigned
            )
        return self.sent(expression) == "instance"

    def callee(self, function: ast.expr) -> Callee | None:
        """Return what a call of an expression runs, where it is written in Python and known."""
        if isinstance(function, ast.Attribute):
            value = function.value
            if isinstance(value, ast.Name) and value.id == self._self and self.owner is not None:
                return _method(self.owner, function.attr, "self")
            if self.is_instance(value):
                found = [_method(model, function.attr, "instance") for model in self.models]
                same = bool(found) and all(each == found[0] for each in found)
                return found[0] if same else None
        living = plain_function(self.names.value_of(function))
        return None if living is None else Callee(living, "")

    @property
    def _self(self) -> str | None:
        arguments = self.node.args
        first = [*arguments.posonlyargs, *arguments.args][:1]
        return first[0].arg if first else None

    def called(self, callee: Callee, call: ast.Call) -> Frame | None:
        """Return the frame of a function that this one calls; None where it cannot be read."""
        definition = definition_of(callee.function.__code__)
        if definition is None:
            return None
        arguments = definition.node.args
        parameters = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
        given: dict[str, Any] = {}
        instances = set()
        if callee.bound:
            first, *parameters = parameters or [""]
            if callee.bound == "instance":
                instances.add(first)
        for name, value in zip(parameters, call.args, strict=False):
            if isinstance(value, ast.Starred):
                break
            given[name] = value
        kwargs = None
        for keyword in call.keywords:
            if keyword.arg is not None:
                given[keyword.arg] = keyword.value
            elif isinstance(keyword.value, ast.Name) and keyword.value.id == self.kwargs:
                kwargs = arguments.kwarg.arg if arguments.kwarg else None
                if "instance" not in self.names.parameters and "instance" in {
                    *parameters,
                    *(each.arg for each in arguments.kwonlyargs),
                }:
                    instances.add("instance")
        instances |= {name for name, value in given.items() if self.is_instance(value)}
        return Frame(
            callee.function,
            definition,
            instances=frozenset(instances),
            kwargs=kwargs,
            owner=self.owner if callee.bound == "self" else None,
            models=self.models,
        )

    @functools.cached_property
    def looks_at_raw(self) -> bool:
        """Whether it reads ``raw``, or hands all that is sent to somebody who may."""
        for node in ast.walk(self.node):
            if isinstance(node, ast.Name) and node.id == "raw" and isinstance(node.ctx, ast.Load):
                return True
            if isinstance(node, ast.Constant) and node.value == "raw":
                return True
            if isinstance(node, ast.Attribute) and node.attr == "raw":
                return True
            if isinstance(node, ast.keyword) and node.arg == "raw":
                return True
        return False

    def hands_on(self, call: ast.Call) -> bool:
        """Tell whether a call is given all that was sent."""
        if self.kwargs is None:
            return False
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        return any(isinstance(each, ast.Name) and each.id == self.kwargs for each in given)


def _method(owner: type, name: str, bound: str) -> Callee | None:
    found = attribute_of(owner, name)
    function = plain_function(found)
    if function is None:
        return None
    return Callee(function, "" if type(found) is staticmethod else bound)


def frame_of(
    function: types.FunctionType, *, owner: type | None, models: tuple[type, ...]
) -> Frame | None:
    """Return the frame of a receiver itself, None where its source cannot be read."""
    definition = definition_of(function.__code__)
    if definition is None:
        return None
    arguments = definition.node.args
    names: Mapping[str, Any] = {each.arg: each for each in (*arguments.args, *arguments.kwonlyargs)}
    return Frame(
        function,
        definition,
        instances=frozenset({"instance"} & set(names)),
        kwargs=arguments.kwarg.arg if arguments.kwarg else None,
        owner=owner,
        models=models,
    )
