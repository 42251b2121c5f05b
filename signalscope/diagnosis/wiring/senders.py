"""W002 unresolved-sender and W003 silent-sender: connections that no send will reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models.signals import ModelSignal, m2m_changed

from signalscope.diagnosis.catalogue import rule
from signalscope.diagnosis.findings import Finding
from signalscope.diagnosis.wiring.about import finding_of, is_djangos
from signalscope.naming import receiver_facts, sender_facts, short_name, signal_facts
from signalscope.places import Location
from signalscope.reading import bases_of, model_options
from signalscope.registry.functions import pending_operations
from signalscope.registry.live import suggestion
from signalscope.registry.senders import living

if TYPE_CHECKING:
    from signalscope.registry.live import Wire

__all__ = ["silent_senders", "unresolved_senders"]


def unresolved_senders(_: list[Wire]) -> list[Finding]:
    """Find connections that wait for a model which is not there, though all models are loaded."""
    if not apps.models_ready:
        return []
    labels = [sender_facts(model).name for model in apps.get_models(include_swapped=True)]
    found = []
    for signal, receiver, label in pending_operations():
        facts, name = receiver_facts(receiver), short_name(signal_facts(signal).name)
        has_place = facts.file is not None and facts.line is not None
        near = suggestion(label, labels)
        found.append(
            Finding.of(
                rule("W002"),
                what=f"{facts.name} is connected to {name} of {label}, and there is no such "
                "model, so it never runs.",
                remedy=near or "Name a model by its app's label and its name, as in blog.Entry.",
                receiver=facts.name,
                signal=signal_facts(signal).name,
                sender=label,
                places=(Location(facts.file, facts.line),) if has_place else (),  # type: ignore[arg-type]
            )
        )
    return found


def silent_senders(wires: list[Wire]) -> list[Finding]:
    """Find connections to a model's signals for a class that never sends them."""
    throughs = _throughs()
    found = []
    for wire in wires:
        signal = wire.signal.ref()
        model = None if wire.sender is None else living(wire.sender)
        if is_djangos(wire) or type(signal) is not ModelSignal or not _is_model(model):
            continue
        why = _silence(signal, model, throughs)
        # A field connects for each class that it is put into, its abstract one among them.
        if why is not None and not any(_is_for_a_child(wire, each) for each in wires):
            name = sender_facts(model).name
            found.append(
                finding_of(
                    "W003",
                    [wire],
                    what=f"{wire.receiver.name} is connected to {short_name(wire.signal.name)} "
                    f"of {name}, {why[0]}, so it never runs.",
                    remedy=why[1],
                )
            )
    return found


def _is_for_a_child(wire: Wire, other: Wire) -> bool:
    """Tell whether another connection is of the same function, for a child of the sender."""
    child: Any = None if other.sender is None else living(other.sender)
    model = None if wire.sender is None else living(wire.sender)
    return (
        other.signal is wire.signal
        and other.receiver is wire.receiver
        and child is not model
        and issubclass(type(child), type)
        and any(base is model for base in bases_of(child))
    )


def _is_model(value: Any) -> bool:
    return bool(model_options(value))


def _throughs() -> set[Any]:
    """Return the models that send ``m2m_changed``."""
    return {
        field.remote_field.through
        for model in apps.get_models(include_auto_created=True, include_swapped=True)
        for field in model._meta.local_many_to_many  # noqa: SLF001 - documented
    }


def _silence(signal: Any, model: Any, throughs: set[Any]) -> tuple[str, str] | None:
    """Say why a model never sends a signal, and what helps; None where it may."""
    options = model._meta  # noqa: SLF001 - documented
    if options.abstract:
        return (
            "which is abstract, and whose children send as themselves",
            "Connect for each child, or for any sender with a test of issubclass(sender, ...).",
        )
    if options.swapped:
        return f"which is swapped for {options.swapped}", f"Connect for {options.swapped}."
    if signal is m2m_changed and model not in throughs and options.local_many_to_many:
        names = [f"{model.__name__}.{each.name}" for each in options.local_many_to_many]
        return (
            "while the model between the two sends it",
            f"Connect for {' or '.join(f'{name}.through' for name in names)}.",
        )
    return None
