"""Which calls in a source surely write a row, send a mail or start a task."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from signalscope.diagnosis.source.names import attribute_of, is_model
from signalscope.reading import bases_of, class_module, plain_text
from signalscope.registry.functions import MISSING

if TYPE_CHECKING:
    from signalscope.diagnosis.source.frames import Frame

__all__ = ["effect_of", "is_relation", "related_manager"]

_MANAGERS = {"objects", "_default_manager", "_base_manager"}
_WRITES = {
    *("create", "get_or_create", "update_or_create", "bulk_create", "bulk_update"),
    *("update", "delete", "_raw_delete"),
    *("acreate", "aget_or_create", "aupdate_or_create", "abulk_create", "abulk_update"),
    *("aupdate", "adelete"),
}
_RELATED_WRITES = {
    *("add", "set", "remove", "clear", "aadd", "aset", "aremove", "aclear"),
    *_WRITES,
}
_GETS = {"get", "first", "last", "create", "latest", "earliest", "aget", "afirst", "acreate"}
_MAILS = {"send_mail", "send_mass_mail", "mail_admins", "mail_managers"}
_TASK_STARTS = {"delay", "apply_async", "enqueue", "aenqueue", "delay_on_commit"}
_TASKS = ("celery.", "django.tasks.", "django_tasks.")


def effect_of(call: ast.Call, frame: Frame) -> str | None:
    """Return what a call does that a fixture brings itself, or that cannot be undone: its code.

    None for what does no such thing, and for what is not sure.
    """
    function = call.func
    is_effect = (
        _sends_mail(call, frame)
        if isinstance(function, ast.Name)
        else isinstance(function, ast.Attribute)
        and (_writes(call, function, frame) or _sends_mail(call, frame) or _starts(function, frame))
    )
    return f"{ast.unparse(function)}()" if is_effect else None


def _writes(call: ast.Call, function: ast.Attribute, frame: Frame) -> bool:
    name, value = function.attr, function.value
    if name in ("save", "asave", "delete", "adelete") and not call.args and _is_row(value, frame):
        return True
    if name in _WRITES and _is_queryset(value, frame):
        return True
    return name in _RELATED_WRITES and related_manager(value, frame) is not None


def _chain(expression: ast.expr) -> list[ast.expr]:
    """Return an expression and what stands before its dots, outermost first."""
    found = [expression]
    while True:
        inner = found[-1]
        if isinstance(inner, ast.Attribute):
            found.append(inner.value)
        elif isinstance(inner, ast.Call):
            found.append(inner.func)
        else:
            return found


def _is_queryset(expression: ast.expr, frame: Frame) -> bool:
    """Tell whether it comes of a manager, as ``Book.objects.filter(...)`` does."""
    if isinstance(expression, ast.Name):
        values = frame.names.assigned.get(expression.id, [])
        return len(values) == 1 and values[0] is not None and _is_made(values[0], frame, _is_many)
    return _is_many(expression, frame)


def _is_many(expression: ast.expr, frame: Frame) -> bool:
    chain = _chain(expression)
    if isinstance(chain[0], ast.Call) and _last_name(chain[0]) in {*_GETS, "count", "exists"}:
        return False
    for part in chain:
        if isinstance(part, ast.Attribute) and part.attr in _MANAGERS:
            return True
        if isinstance(part, ast.Attribute) and is_model(frame.names.value_of(part.value)):
            manager = attribute_of(frame.names.value_of(part.value), part.attr)
            return type(manager).__name__ == "ManagerDescriptor"
    return False


def _is_one(expression: ast.expr, frame: Frame) -> bool:
    """Tell whether it gives a row: of a query for one, or made by its class."""
    if not isinstance(expression, ast.Call):
        return False
    if is_model(frame.names.value_of(expression.func)):
        return True
    function = expression.func
    return (
        isinstance(function, ast.Attribute)
        and function.attr in _GETS
        and _is_many(function.value, frame)
    )


def _is_made(value: ast.expr, frame: Frame, wanted: Any) -> bool:
    inner = value.value if isinstance(value, ast.Await) else value
    return bool(wanted(inner, frame))


def _last_name(call: ast.Call) -> str | None:
    return call.func.attr if isinstance(call.func, ast.Attribute) else None


def _is_row(expression: ast.expr, frame: Frame) -> bool:
    """Tell whether it surely is an instance of a model, that which was sent or another."""
    if frame.is_instance(expression):
        return True
    if isinstance(expression, ast.Attribute):
        return frame.is_instance(expression.value) and any(
            is_relation(model, expression.attr) for model in frame.models
        )
    if isinstance(expression, ast.Name):
        values = frame.names.assigned.get(expression.id, [])
        return (
            expression.id not in frame.names.parameters
            and len(values) == 1
            and values[0] is not None
            and _is_made(values[0], frame, _is_one)
        )
    return _is_one(expression, frame)


_TO_ONE = {"ForwardManyToOneDescriptor", "ForwardOneToOneDescriptor", "ReverseOneToOneDescriptor"}
_TO_MANY = {"ReverseManyToOneDescriptor", "ManyToManyDescriptor"}


def is_relation(model: type, name: str) -> bool:
    """Tell whether an attribute of a model's instances is one row of another model."""
    return _descriptor(model, name) in _TO_ONE


def _descriptor(model: type, name: str) -> str | None:
    found = attribute_of(model, name)
    kinds = (kind.__name__ for kind in bases_of(type(found)))  # one is made of another
    return next((kind for kind in kinds if kind in _TO_ONE | _TO_MANY), None)


def related_manager(expression: ast.expr, frame: Frame) -> str | None:
    """Return ``many-to-many`` or ``reverse`` for a manager of the instance's; else None.

    Also for what is made of it by ``filter()`` and the like.
    """
    for part in _chain(expression):
        if isinstance(part, ast.Attribute) and frame.is_instance(part.value):
            kinds = {_descriptor(model, part.attr) for model in frame.models}
            if kinds == {"ManyToManyDescriptor"}:
                return "many-to-many"
            return "reverse" if kinds == {"ReverseManyToOneDescriptor"} else None
    return None


def _sends_mail(call: ast.Call, frame: Frame) -> bool:
    function = frame.names.value_of(call.func)
    if _module_of(function).startswith("django.core.mail"):
        return getattr(function, "__name__", None) in _MAILS
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "send":
        return False
    value = call.func.value
    if isinstance(value, ast.Name):
        values = frame.names.assigned.get(value.id, [])
        value = values[0] if len(values) == 1 and values[0] is not None else value
    return isinstance(value, ast.Call) and _is_a(
        frame.names.value_of(value.func), "django.core.mail.message"
    )


def _starts(function: ast.Attribute, frame: Frame) -> bool:
    if function.attr not in _TASK_STARTS:
        return False
    task = frame.names.value_of(function.value)
    return task is not MISSING and _is_a(
        task if issubclass(type(task), type) else type(task), *_TASKS
    )


def _module_of(value: Any) -> str:
    found = value.__module__ if type(value).__name__ == "function" else None
    return plain_text(found) or ""


def _is_a(kind: Any, *modules: str) -> bool:
    """Tell whether a class, or one that it is made of, is defined in one of these modules."""
    return issubclass(type(kind), type) and any(
        (plain_text(class_module.__get__(base)) or "").startswith(modules)
        for base in bases_of(kind)
    )
