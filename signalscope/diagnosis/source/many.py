"""W013 reads-m2m-on-create: a save receiver that reads a many-to-many of its instance."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from django.db.models.signals import m2m_changed, post_save

from signalscope.diagnosis.source.about import finding_of
from signalscope.diagnosis.source.effects import related_manager
from signalscope.diagnosis.source.walking import walk
from signalscope.registry.live import wires_of

if TYPE_CHECKING:
    from signalscope.diagnosis.findings import Finding
    from signalscope.diagnosis.source.receivers import Listener
    from signalscope.diagnosis.source.walking import Guard, Reached

__all__ = ["reads_many_to_many"]

_READS = {
    *("all", "filter", "exclude", "get", "count", "exists", "first", "last", "values"),
    *("values_list", "order_by", "annotate", "aggregate", "in_bulk", "contains", "iterator"),
    *("select_related", "prefetch_related", "only", "distinct", "acount", "aexists", "aget"),
    *("afirst", "alast", "aiterator"),
}


def reads_many_to_many(listener: Listener) -> list[Finding]:
    """Find a many-to-many that is read after a row was made: what belongs to it comes later."""
    frame = listener.frame()
    if (
        frame is None
        or listener.is_wrapped
        or not frame.models
        or any(wire.signal.ref() is not post_save for wire in listener.wires)
    ):
        return []
    found = {ast.unparse(each.call.func): each for each in walk(frame) if _is_early_read(each)}
    if not found or _hears_of_changes(listener):
        return []
    names = ", ".join(f"{each}()" for each in found)
    return [
        finding_of(
            "W013",
            listener,
            list(found.values()),
            what=f"{listener.wires[0].receiver.name} calls {names} when a row is "
            "made too; a many-to-many is still empty then, as forms, the admin and "
            "add() fill it after the save.",
            remedy="Connect to m2m_changed of the field's through model, or read it on commit.",
        )
    ]


def _is_early_read(reached: Reached) -> bool:
    function = reached.call.func
    return (
        isinstance(function, ast.Attribute)
        and function.attr in _READS
        and isinstance(function.value, ast.Attribute)
        and reached.frame.is_instance(function.value.value)
        and related_manager(function.value, reached.frame) == "many-to-many"
        and not reached.deferred
        and not any(map(_may_leave_new_rows_out, reached.guards))
    )


def _may_leave_new_rows_out(guard: Guard) -> bool:
    """Tell whether what follows may be left out for a row that is being made."""
    if guard.kind in ("loop", "handler", "match", "exit"):
        return True
    if guard.kind == "with":
        return False
    return _is_false_for_new(guard.node, guard, guard.holds)


def _is_false_for_new(test: ast.AST, guard: Guard, holds: bool) -> bool:  # noqa: FBT001
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _is_false_for_new(test.operand, guard, not holds)
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) is holds:
        return any(_is_false_for_new(each, guard, holds) for each in test.values)
    sent = guard.frame.sent(test)
    if sent == "created":
        return not holds
    if sent == "raw":
        return holds
    if isinstance(test, ast.Attribute) and guard.frame.is_instance(test.value):
        # A row's own values are as good for a new one.
        return test.attr.startswith("_")
    return not (isinstance(test, ast.Compare) and _is_of_a_field(test.left, guard))


def _is_of_a_field(expression: ast.expr, guard: Guard) -> bool:
    return (
        isinstance(expression, ast.Attribute)
        and guard.frame.is_instance(expression.value)
        and not expression.attr.startswith("_")
    )


def _hears_of_changes(listener: Listener) -> bool:
    """Tell whether its module listens to changes of many-to-many fields as well."""
    file = listener.wires[0].receiver.file
    return any(wire.receiver.file == file for wire in wires_of([m2m_changed]))
