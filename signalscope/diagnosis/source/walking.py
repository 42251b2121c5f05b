"""The calls that a receiver makes, each with the conditions under which it is made."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

from django.db import transaction

from signalscope.diagnosis.source.trees import parameters_of
from signalscope.places import CARRIER, file_kinds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from signalscope.diagnosis.source.frames import Frame

__all__ = ["Guard", "Reached", "walk"]

MOST_DEEP = 2
"""Helpers of helpers are followed, and no further."""


class Guard(NamedTuple):
    """A condition, or something else that decides whether what follows is run."""

    kind: str
    """``if``, ``loop``, ``handler``, ``with``, ``match``; ``exit`` where what was before may have
    left the function."""
    node: ast.AST
    """The test; for others the statement."""
    holds: bool
    frame: Frame


class Reached(NamedTuple):
    """One call in the source, as the receiver may come to make it."""

    call: ast.Call
    frame: Frame
    guards: tuple[Guard, ...]
    deferred: bool
    """Whether it waits for the commit."""
    through: tuple[Frame, ...]
    """The receiver's own frame, and those of the helpers that led here."""


def walk(frame: Frame) -> list[Reached]:
    """Return the calls that the receiver of a frame makes, those of its helpers included.

    Helpers are functions of the receiver's own top-level package, methods of its object and of the
    instance, and functions within it.
    """
    walker = _Walker(frame)
    walker.function(frame, (), deferred=False, through=(frame,))
    return walker.found


_NEVER, _MAYBE, _ALWAYS = 0, 1, 2  # whether a block is left


class _Walker:
    def __init__(self, frame: Frame) -> None:
        self.found: list[Reached] = []
        self._package = _package(frame)

    def function(
        self,
        frame: Frame,
        guards: tuple[Guard, ...],
        *,
        deferred: bool,
        through: tuple[Frame, ...],
    ) -> None:
        path = _Path(self, frame, deferred, through)
        if isinstance(frame.node, ast.Lambda):
            path.expression(frame.node.body, guards)
        else:
            path.block(frame.node.body, guards)

    def follow(self, call: ast.Call, path: _Path, guards: tuple[Guard, ...]) -> None:
        """Read the function that a call runs, too."""
        callee = path.frame.callee(call.func)
        if callee is None or len(path.through) > MOST_DEEP:
            return
        code = callee.function.__code__
        if file_kinds[code.co_filename] == CARRIER or any(
            each.function.__code__ is code for each in path.through
        ):
            return
        frame = path.frame.called(callee, call)
        if frame is not None and (callee.bound or _package(frame) == self._package):
            self.function(frame, guards, deferred=path.deferred, through=(*path.through, frame))


def _package(frame: Frame) -> str:
    name = frame.function.__globals__.get("__name__")
    return name.partition(".")[0] if isinstance(name, str) else ""


class _Path(NamedTuple):
    """One way through the functions, down to the one that is read."""

    walker: _Walker
    frame: Frame
    deferred: bool
    through: tuple[Frame, ...]

    def block(self, statements: Iterable[ast.stmt], guards: tuple[Guard, ...]) -> int:
        """Read statements; return whether they leave the function, or the loop."""
        left = _NEVER
        for statement in statements:
            outcome, more = self._statement(statement, guards)
            if outcome == _ALWAYS:
                return _ALWAYS
            left = max(left, outcome)
            guards += more
        return left

    def _guard(self, kind: str, node: ast.AST, *, holds: bool = True) -> tuple[Guard]:
        return (Guard(kind, node, holds, self.frame),)

    def _statement(  # noqa: PLR0911 - one for each kind
        self, statement: ast.stmt, guards: tuple[Guard, ...]
    ) -> tuple[int, tuple[Guard, ...]]:
        """Read a statement; return whether it leaves, and what holds for those after it."""
        match statement:
            case ast.If():
                return self._if(statement, guards)
            case ast.For() | ast.AsyncFor() | ast.While():
                return self._loop(statement, guards)
            case ast.Try() | ast.TryStar():
                return self._try(statement, guards)
            case ast.With() | ast.AsyncWith():
                inner = guards
                for item in statement.items:
                    self.expression(item.context_expr, inner)
                    inner += self._guard("with", item.context_expr)
                left = self.block(statement.body, inner)
                return left, self._exit(left, statement)
            case ast.Match():
                self.expression(statement.subject, guards)
                inner = guards + self._guard("match", statement)
                left = max((self.block(each.body, inner) for each in statement.cases), default=0)
                left = min(left, _MAYBE)  # no case may fit
                return left, self._exit(left, statement)
            case ast.Return() | ast.Raise():
                self._parts(statement, guards)
                return _ALWAYS, ()
            case ast.Break() | ast.Continue():
                return _ALWAYS, ()
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return _NEVER, ()  # what it holds runs when it is called
            case _:
                self._parts(statement, guards)
                return _NEVER, ()

    def _exit(self, left: int, statement: ast.stmt) -> tuple[Guard, ...]:
        return self._guard("exit", statement) if left == _MAYBE else ()

    def _if(self, statement: ast.If, guards: tuple[Guard, ...]) -> tuple[int, tuple[Guard, ...]]:
        test = statement.test
        self.expression(test, guards)
        yes = self.block(statement.body, guards + self._guard("if", test))
        no = self.block(statement.orelse, guards + self._guard("if", test, holds=False))
        if yes == no:
            return yes, self._exit(yes, statement)
        if _ALWAYS in (yes, no) and _MAYBE not in (yes, no):
            return _MAYBE, self._guard("if", test, holds=no == _ALWAYS)
        return _MAYBE, self._guard("exit", statement)

    def _loop(
        self, statement: ast.For | ast.AsyncFor | ast.While, guards: tuple[Guard, ...]
    ) -> tuple[int, tuple[Guard, ...]]:
        head = statement.test if isinstance(statement, ast.While) else statement.iter
        self.expression(head, guards)
        left = self.block(statement.body, guards + self._guard("loop", statement))
        left = max(min(left, _MAYBE), self.block(statement.orelse, guards))
        return left, self._exit(left, statement)

    def _try(
        self, statement: ast.Try | ast.TryStar, guards: tuple[Guard, ...]
    ) -> tuple[int, tuple[Guard, ...]]:
        outcomes = [self.block(statement.body, guards)]
        if outcomes[0] != _ALWAYS:
            outcomes[0] = max(outcomes[0], self.block(statement.orelse, guards))
        inner = guards + self._guard("handler", statement)
        outcomes += [self.block(each.body, inner) for each in statement.handlers]
        if self.block(statement.finalbody, guards) == _ALWAYS:
            return _ALWAYS, ()
        if len(set(outcomes)) == 1:
            return outcomes[0], self._exit(outcomes[0], statement)
        return _MAYBE, self._guard("exit", statement)

    def _parts(self, node: ast.AST, guards: tuple[Guard, ...], but: ast.expr | None = None) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.comprehension):
                self._parts(child, guards, but)
            elif isinstance(child, (ast.expr, ast.keyword)) and child is not but:
                self.expression(child, guards)

    def expression(self, node: ast.AST, guards: tuple[Guard, ...]) -> None:
        """Read an expression, in the order in which it is worked out."""
        match node:
            case ast.Lambda():
                return  # runs when it is called
            case ast.BoolOp():
                holds = isinstance(node.op, ast.And)
                for value in node.values:
                    self.expression(value, guards)
                    guards += self._guard("if", value, holds=holds)
            case ast.IfExp():
                self.expression(node.test, guards)
                self.expression(node.body, guards + self._guard("if", node.test))
                self.expression(node.orelse, guards + self._guard("if", node.test, holds=False))
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                first = node.generators[0].iter  # worked out before the loop, and so in any case
                self.expression(first, guards)
                self._parts(node, guards + self._guard("loop", node), but=first)
            case ast.Call():
                self._parts(node, guards)
                self._call(node, guards)
            case _:
                self._parts(node, guards)

    def _call(self, call: ast.Call, guards: tuple[Guard, ...]) -> None:
        self.walker.found.append(Reached(call, self.frame, guards, self.deferred, self.through))
        if self._is_on_commit(call.func):
            self._later(call, guards)
            return
        if not self._local(call.func, guards, deferred=self.deferred):
            self.walker.follow(call, self, guards)

    def _is_on_commit(self, function: ast.expr) -> bool:
        return self.frame.names.value_of(function) is transaction.on_commit or (
            isinstance(function, ast.Attribute) and function.attr == "on_commit"
        )

    def _later(self, call: ast.Call, guards: tuple[Guard, ...]) -> None:
        """Read what is handed to ``on_commit``."""
        given = [*call.args, *(each.value for each in call.keywords if each.arg == "func")]
        if not given:
            return
        function, later = given[0], self._replace(deferred=True)
        if isinstance(function, ast.Lambda):
            later.expression(function.body, guards)
        elif isinstance(function, ast.Call):  # functools.partial, most likely
            if function.args and not isinstance(function.args[0], ast.Starred):
                made = ast.Call(function.args[0], function.args[1:], function.keywords)
                later._call(ast.copy_location(made, function), guards)  # noqa: SLF001 - its own kind
        elif not self._local(function, guards, deferred=True):
            made = ast.copy_location(ast.Call(function, [], []), function)
            later._call(made, guards)  # noqa: SLF001 - its own kind

    def _local(self, function: ast.expr, guards: tuple[Guard, ...], *, deferred: bool) -> bool:
        """Read a function that stands inside of this one; tell whether it is such a one."""
        if not isinstance(function, ast.Name):
            return False
        node = self.frame.names.local_functions.get(function.id)
        if node is None or self.through.count(self.frame) > MOST_DEEP:
            return False
        named = set(parameters_of(node))
        named |= {each.id for each in ast.walk(node) if _is_stored(each)}
        if not named & self.frame.instances:  # else another object may have that name there
            within = self._replace(deferred=deferred, through=(*self.through, self.frame))
            within.block(node.body, guards)
        return True


def _is_stored(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
