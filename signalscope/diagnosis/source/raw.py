"""W012 ignores-raw: a save receiver with side effects that never looks at ``raw``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from signalscope.diagnosis.source.about import finding_of
from signalscope.diagnosis.source.effects import effect_of
from signalscope.diagnosis.source.walking import walk

if TYPE_CHECKING:
    from signalscope.diagnosis.findings import Finding
    from signalscope.diagnosis.source.frames import Frame
    from signalscope.diagnosis.source.receivers import Listener
    from signalscope.diagnosis.source.walking import Guard, Reached

__all__ = ["ignores_raw"]

_MOST_TOLD = 3
_PLAIN = {
    *("isinstance", "issubclass", "len", "bool", "any", "all", "str", "int", "callable"),
    "type",
}

_DJANGOS = {"_state", "_meta", "_default_manager", "_base_manager"}


def ignores_raw(listener: Listener) -> list[Finding]:
    """Find writes, mails and tasks of a save receiver that ``loaddata`` sets off as well."""
    frame, wrappers = listener.frame(), listener.wrappers()
    if frame is None or wrappers is None or frame.looks_at_raw:
        return []
    if any(each.looks_at_raw or _decides(each) for each in wrappers):
        return []
    reached = walk(frame)
    if any(each.frame.hands_on(each.call) and not _is_read(each, reached) for each in reached):
        return []  # who is handed all that was sent may look
    found: dict[tuple[str, int], tuple[Reached, str]] = {}
    for each in reached:
        effect = effect_of(each.call, each.frame)
        if (
            effect is not None
            and not any(frame.looks_at_raw for frame in each.through)
            and not any(map(_keeps_fixtures_out, each.guards))
        ):
            found.setdefault((each.frame.file, each.call.lineno), (each, effect))
    if not found:
        return []
    effects = list(dict.fromkeys(effect for _, effect in found.values()))
    told = ", ".join(effects[:_MOST_TOLD])
    more = f" and {len(effects) - _MOST_TOLD} more" if len(effects) > _MOST_TOLD else ""
    return [
        finding_of(
            "W012",
            listener,
            [each for each, _ in found.values()],
            what=f"{listener.wires[0].receiver.name} calls {told}{more} and never looks at raw, "
            "so loaddata sets that off too, for rows that the fixture may bring itself.",
            remedy="Take raw=False as a parameter, and return where it is true.",
            effects=effects,
        )
    ]


def _decides(wrapper: Frame) -> bool:
    """Tell whether a wrapper may leave out the call of what it wraps."""
    return any(
        isinstance(node, (ast.If, ast.IfExp, ast.BoolOp, ast.Match, ast.While))
        for node in ast.walk(wrapper.node)
    )


def _is_read(handed: Reached, reached: list[Reached]) -> bool:
    """Tell whether the function that is handed all was read as well: a call in it was reached."""
    callee = handed.frame.callee(handed.call.func)
    if callee is None:
        return False
    depth = len(handed.through)
    below = [each.through[depth] for each in reached if _is_below(each, handed)]
    return any(frame.function is callee.function for frame in below)


def _is_below(one: Reached, other: Reached) -> bool:
    """Tell whether a call was reached through the functions that led to another, and one more."""
    depth = len(other.through)
    return len(one.through) > depth and one.through[:depth] == other.through


def _keeps_fixtures_out(guard: Guard) -> bool:
    """Tell whether a condition may never hold while a fixture is loaded.

    ``update_fields`` is None then, nobody has set a private attribute of the instance, and what a
    function of the program says is not known.
    """
    if guard.kind == "handler":
        return True
    tests = (
        [guard.node]
        if guard.kind in ("if", "with")
        else [each.test for each in ast.walk(guard.node) if isinstance(each, ast.If)]
    )
    return any(_is_telling(part, guard) for test in tests for part in ast.walk(test))


def _is_telling(part: ast.AST, guard: Guard) -> bool:  # noqa: PLR0911 - one for each kind
    match part:
        case ast.Name():
            return part.id == "update_fields"
        case ast.Constant(value=str(text)):
            return text in ("update_fields", "loaddata") or text.startswith("_")
        case ast.Attribute(attr=name):
            return name == "argv" or (name.startswith("_") and name not in _DJANGOS)
        case ast.Call(func=ast.Name(id="getattr" | "hasattr")):
            return False  # the name of the attribute is a constant
        case ast.Call(func=ast.Name() as function):
            return function.id not in _PLAIN and not _is_class(function, guard)
        case ast.Call() if guard.kind == "with":
            return "atomic" not in ast.unparse(part.func)
        case _:
            return False


def _is_class(name: ast.Name, guard: Guard) -> bool:
    return issubclass(type(guard.frame.names.value_of(name)), type)
