"""Whether a receiver updates the row that it was called for, read from Django's own query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signalscope.thrown import thrown_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signalscope.records import ReceiverCall
    from signalscope.values import InstanceFacts

__all__ = ["is_own_row"]

_MOST_LEVELS = 20
"""Dispatches around an update that are looked at while the program waits."""


def is_own_row(call: ReceiverCall, queryset: Any, objects: Any) -> bool:
    """Tell whether an update inside of `call` surely wrote no row but one that was sent around it.

    `objects` are the instances of a ``bulk_update``, None for an ``update``, of which the filter
    has to name the key. Whatever cannot be read so is no such update.
    """
    try:
        if objects is not None:
            ids = {id(each) for each in objects} if type(objects) in (list, tuple) else set()
            return len(ids) == 1 and any(sent[2] in ids for sent in _sent_around(call))
        keys = list(_keys_of(queryset))
        if not keys:
            return False
        model = queryset.model._meta.concrete_model  # noqa: SLF001 - its name is public
        return any(
            any(type(sent[1]) is type(key) and sent[1] == key for key in keys)
            and (of_class := sent[0].ref()) is not None
            and of_class._meta.concrete_model is model  # noqa: SLF001
            for sent in _sent_around(call)
        )
    except Exception as error:  # a query of another shape
        if thrown_in(error):
            raise
        return False


def _sent_around(call: ReceiverCall) -> Iterator[InstanceFacts]:
    around: ReceiverCall | None = call
    for _ in range(_MOST_LEVELS):
        if around is None:
            return
        yield from (value for value in around.dispatch.sent.values() if type(value) is tuple)
        around = around.dispatch.parent


def _keys_of(queryset: Any) -> Iterator[Any]:
    """Yield the primary keys, one of which each row has to have that the query is about."""
    where = queryset.query.where
    if where.connector != "AND" or where.negated:
        return
    key = queryset.model._meta.pk  # noqa: SLF001
    for child in where.children:
        name = getattr(child, "lookup_name", None)
        if name not in ("exact", "in") or getattr(child.lhs, "target", None) is not key:
            continue
        if name == "exact":
            yield child.rhs
        elif type(child.rhs) in (list, tuple, set) and len(child.rhs) == 1:
            yield from child.rhs
