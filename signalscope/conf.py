"""The ``SIGNALSCOPE`` setting: defaults, validation, and the only reader of `django.conf`."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from django.conf import ENVIRONMENT_VARIABLE
from django.conf import settings as django_settings

from signalscope.errors import ConfigurationError

__all__ = ["Problem", "Settings", "is_ready", "load", "problems"]

DEFAULT_DENY = ("django.db.models.signals.pre_init", "django.db.models.signals.post_init")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The ``SIGNALSCOPE`` setting with its defaults filled in; ``slow_ms`` is key ``SLOW_MS``."""

    enabled: bool
    """Install at start. Default: the value of ``DEBUG``."""
    sinks: tuple[Any, ...] = ()
    """Sinks, or dotted paths of sinks or of callables that make one."""
    allow: tuple[Any, ...] = ()
    """Record only these signals, given as objects or as dotted names in which ``*`` matches
    anything. Empty: all."""
    deny: tuple[Any, ...] = DEFAULT_DENY
    """Record none of these signals, unless a recording names them."""
    max_records: int = 10_000
    """Dispatches kept in one recording; the rest are counted in ``.dropped``."""
    max_depth: int | None = None
    """Raise `RecursionLimitExceeded` when one cycle is entered this often. None: never."""
    slow_ms: float = 100
    """Milliseconds of its own time from which a receiver call is slow."""
    repeated_queries: int = 5
    """Queries of one shape from which they count as repeated."""
    queries: bool = True
    """Count and time the SQL of each receiver call."""
    silenced: tuple[str, ...] = field(default=())
    """Ids of findings to leave out."""


class Problem(NamedTuple):
    """What is wrong with a key of the setting, and the remedy."""

    key: str
    message: str
    hint: str | None


def load() -> Settings:
    """Return the settings as they are now, `override_settings` included.

    Raises `ConfigurationError` where the setting cannot be used.
    """
    global _loaded  # noqa: PLW0603 - one entry
    raw = _raw()
    debug = bool(django_settings.DEBUG) if django_settings.configured else False
    if _loaded is not None and _loaded[0] == (raw, debug):
        return _loaded[1]
    wrong = problems(raw)
    if wrong:
        raise ConfigurationError(" ".join(filter(None, (wrong[0].message, wrong[0].hint))))
    values: dict[str, Any] = {
        key.lower(): tuple(value) if isinstance(value, (list, tuple, set)) else value
        for key, value in raw.items()
    }
    settings = Settings(**{"enabled": debug, **values})
    _loaded = ((dict(raw), debug), settings)
    return settings


_loaded: tuple[tuple[dict[str, Any], bool], Settings] | None = None


def _raw() -> Any:
    # Outside a configured project (an interpreter, an auto-instrumented start) defaults hold.
    return getattr(django_settings, "SIGNALSCOPE", {}) if django_settings.configured else {}


# --- Validation -----------------------------------------------------------------------------------

KEYS = tuple(entry.name.upper() for entry in fields(Settings))


def problems(raw: Any = None) -> list[Problem]:
    """Return what is wrong with `raw`, by default with the ``SIGNALSCOPE`` setting."""
    raw = _raw() if raw is None else raw
    if not isinstance(raw, dict):
        return [
            Problem("SIGNALSCOPE", f"SIGNALSCOPE is {_shown(raw)}.", "Make it a dict of options.")
        ]
    found = []
    for key, value in raw.items():
        if key not in KEYS:
            near = difflib.get_close_matches(str(key).upper(), KEYS, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]!r}?" if near else f"The keys are {', '.join(KEYS)}."
            found.append(Problem(str(key), f"SIGNALSCOPE has no key {key!r}.", hint))
            continue
        wanted = _wanted(key, value)
        if wanted:
            found.append(
                Problem(key, f"SIGNALSCOPE[{key!r}] is {_shown(value)}.", f"Make it {wanted}.")
            )
    return found


def _shown(value: object) -> str:
    text = (
        repr(value) if isinstance(value, (str, int, float, type(None), list, tuple, dict)) else ""
    )
    short = 60
    return text if text and len(text) <= short else f"a value of type {type(value).__name__}"


def _wanted(key: str, value: Any) -> str | None:  # noqa: PLR0911 - a table, one row a key
    """Return what `key` takes, or None where `value` will do."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    whole = isinstance(value, int) and not isinstance(value, bool)
    listed = isinstance(value, (list, tuple, set))
    match key:
        case "ENABLED" | "QUERIES":
            return None if isinstance(value, bool) else "True or False"
        case "MAX_RECORDS" | "REPEATED_QUERIES":
            return None if whole and value > 0 else "a whole number above 0"
        case "MAX_DEPTH":
            return None if value is None or (whole and value > 0) else "None or a number above 0"
        case "SLOW_MS":
            return None if number and value >= 0 else "a number of milliseconds, 0 or more"
        case "SILENCED":
            fits = listed and all(isinstance(item, str) for item in value)
            return None if fits else "a list of ids of findings"
        case "SINKS":
            return None if listed else "a list of sinks or of dotted paths"
        case _:
            fits = listed and all(isinstance(item, str) or hasattr(item, "send") for item in value)
            return None if fits else "a list of signals or of their dotted names"


def is_ready() -> bool:
    """Tell whether Django's settings are there, or can be had."""
    return django_settings.configured or bool(os.environ.get(ENVIRONMENT_VARIABLE))
