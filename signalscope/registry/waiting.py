"""Connections that wait for their sender: a model that was named before it was made."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any
from weakref import ref as weak_reference  # by name: tests of Django's mock weakref.ref

from django.apps.registry import Apps
from django.db.models.options import Options

from signalscope.notes import maker_of
from signalscope.places import CARRIER, file_kinds
from signalscope.reading import model_options, own_dict, plain_text
from signalscope.registry.entries import is_plain

if TYPE_CHECKING:
    from types import CodeType, FrameType

__all__ = ["Waiting", "is_resumed"]

_Place = tuple["CodeType", int]
_RESUMING = Apps.do_pending_operations.__code__


def is_resumed(frame: FrameType | None) -> bool:
    """Tell whether Django is at work, up from `frame`, on what waited for a model."""
    while frame is not None and file_kinds[frame.f_code.co_filename] == CARRIER:
        if frame.f_code is _RESUMING:
            return True
        frame = frame.f_back
    return False


class Waiting:
    """Where ``connect()`` was called with the name of a model that is not there yet.

    Nothing is kept alive: Django holds the very receiver as long as the connection waits.
    """

    def __init__(self) -> None:
        self._noted: dict[tuple[Any, ...], tuple[Any, Any, _Place | None]] = {}

    def clear(self) -> None:
        """Forget all places."""
        self._noted.clear()

    def note(  # noqa: PLR0913, PLR0917 - what tells one connection from others
        self,
        signal: object,
        receiver: object,
        sender: str,
        dispatch_uid: object,
        registry: object,
        frame: FrameType,
    ) -> None:
        """Note a call, unless its model is there by now.

        `registry` is the ``apps`` that was given, None for that of this process. Raises TypeError
        for a receiver that allows no weak reference.
        """
        app_label, _, name = str.__str__(sender).partition(".")
        models = own_dict(Options.default_apps if registry is None else registry)["all_models"]
        if not is_plain(dispatch_uid) or name.lower() in dict.get(models, app_label, {}):
            return
        key = (id(signal), id(receiver), dispatch_uid, app_label, name.lower())
        # Of two that wait alike, it is not known here which one comes to be the connection.
        place = None if key in self._noted else maker_of(frame)
        self._noted[key] = (
            weak_reference(signal),
            weak_reference(receiver, functools.partial(self._noted.pop, key)),
            place,
        )

    def take(
        self, signal: object, receiver: object, sender: object, dispatch_uid: object
    ) -> _Place | None:
        """Return the place of the call that waited for `sender`, once; None where not known."""
        options = model_options(sender)
        app_label = plain_text(options.get("app_label"))
        name = plain_text(options.get("model_name"))
        key = (id(signal), id(receiver), dispatch_uid, app_label, name)
        of_signal, of_receiver, place = self._noted.pop(key, (None, None, None))
        if of_signal is None or of_signal() is not signal or of_receiver() is not receiver:
            return None
        return place
