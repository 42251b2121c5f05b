"""W011 saves-own-instance: a save receiver that saves its instance, and so is called again."""

from __future__ import annotations

import ast
import contextlib
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_save
from django.utils import timezone, translation

from signalscope.diagnosis.source.about import finding_of
from signalscope.diagnosis.source.names import attribute_of
from signalscope.diagnosis.source.walking import walk
from signalscope.naming import short_name

if TYPE_CHECKING:
    from signalscope.diagnosis.findings import Finding
    from signalscope.diagnosis.source.receivers import Listener
    from signalscope.diagnosis.source.walking import Guard, Reached

__all__ = ["saves_own_instance"]

_SAVES = ("save", "asave")
_HARMLESS = (transaction.atomic, contextlib.suppress, translation.override, timezone.override)
"""Blocks that do not keep receivers from running."""


def saves_own_instance(listener: Listener) -> list[Finding]:
    """Find a save of the instance that each round comes to again, whatever its values."""
    frame = listener.frame()
    if frame is None or listener.is_wrapped or any(map(_overrides_save, frame.models)):
        return []
    is_post = all(wire.signal.ref() is post_save for wire in listener.wires)
    reached = walk(frame)
    if any(_silences(each) for each in reached):
        return []
    for each in reached:
        function = each.call.func
        if (
            isinstance(function, ast.Attribute)
            and function.attr in _SAVES
            and each.frame.is_instance(function.value)
            and not each.deferred
            and not any(_may_stop(guard, is_post=is_post) for guard in each.guards)
        ):
            signal = short_name(listener.wires[0].signal.name)
            return [
                finding_of(
                    "W011",
                    listener,
                    (each,),
                    what=f"{listener.wires[0].receiver.name} calls {ast.unparse(function)}() "
                    f"at each {signal}, and that sends {signal} again: it never ends.",
                    remedy="Set the value in a pre_save receiver, write it by QuerySet.update(), "
                    "or save under a condition that the save itself makes false.",
                )
            ]
    return []


def _overrides_save(model: type) -> bool:
    # It may decide by itself whether to save.
    return attribute_of(model, "save") is not Model.__dict__["save"]


def _silences(reached: Reached) -> bool:
    """Tell whether a call may keep the receiver from being called again."""
    function = reached.call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name == "disconnect" or "mute" in name


def _may_stop(guard: Guard, *, is_post: bool) -> bool:
    if guard.kind == "if":
        return _differs(guard.node, guard, guard.holds, is_post=is_post)
    if guard.kind == "with" and isinstance(guard.node, ast.Call):
        block = guard.frame.names.value_of(guard.node.func)
        return not any(block is each for each in _HARMLESS)
    return True


def _differs(test: ast.AST, guard: Guard, holds: bool, *, is_post: bool) -> bool:  # noqa: FBT001
    """Tell whether a test may turn out otherwise in the round that the save begins."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _differs(test.operand, guard, not holds, is_post=is_post)
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) is holds:
        return any(_differs(each, guard, holds, is_post=is_post) for each in test.values)
    sent = guard.frame.sent(test)
    if sent == "created" and is_post:
        return holds  # the save that follows creates nothing
    if sent == "raw":
        return holds  # nor is it one of a fixture
    if isinstance(test, ast.Compare):
        # What sends does not change.
        return guard.frame.sent(test.left) != "sender"
    is_type_test = (
        isinstance(test, ast.Call)
        and isinstance(test.func, ast.Name)
        and test.func.id == "isinstance"
        and bool(test.args)
    )
    return not (is_type_test and guard.frame.is_instance(test.args[0]))  # type: ignore[attr-defined]
