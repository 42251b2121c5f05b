"""What can be asked of the plugin on the command line and in the configuration file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from signalscope.budgets import Budget

__all__ = ["MARKERS", "OPTIONS", "Options", "add", "read"]

MARKERS = {
    "signalscope(max_ms=, max_queries=, max_depth=, forbid=[ids])": "fail the test where its "
    "signals take more than this, or where Signalscope finds one of these",
    "muted_signals(*signals, receiver=None, sender=None, but=None)": "skip these receivers in the "
    "test, as signalscope.muted does",
    "unmuted_signals(*names)": "run what the option signalscope_muted_receivers or "
    "signalscope_muted_signals switched off: what is named, or all",
}

_LIMITS = {
    "max_ms": ("float", "milliseconds that signals may take in a test"),
    "max_queries": ("int", "queries that receivers may run in a test"),
    "max_depth": ("int", "depth of dispatches in a test; 0 allows none that a receiver sends"),
}
_REPORTS = (".html", ".json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options, checked."""

    summary: bool
    reports: tuple[Path, ...]
    limits: dict[str, Any]
    """Of each test, as `Budget.of` takes them."""
    forbidden_in_wiring: tuple[str, ...]
    """Ids of rules about what is connected."""
    fails_on_leaks: bool
    muted_signals: tuple[str, ...]
    muted_receivers: tuple[str, ...]

    @property
    def gathers(self) -> bool:
        """Whether anything is told of all tests together."""
        return self.summary or bool(self.reports)

    @property
    def records(self) -> bool:
        """Whether each test is recorded."""
        return self.gathers or bool(self.limits)

    @property
    def mutes(self) -> bool:
        """Whether something is off in each test."""
        return bool(self.muted_signals or self.muted_receivers)


OPTIONS = pytest.StashKey[Options]()


def add(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("signalscope", "Django signals, as Signalscope sees them")
    group.addoption(
        "--signalscope",
        action="store_true",
        help="record each test, and end with the slowest and most called receivers",
    )
    group.addoption(
        "--signalscope-report",
        action="append",
        default=[],
        metavar="FILE",
        help="write what was recorded to FILE: .html to read, .json to work with",
    )
    group.addoption(
        "--signalscope-fail-on",
        metavar="ID,...",
        help="fail each test in whose recording one of these is found, as W101,W104; and the run, "
        "where one that is about what is connected is found, as W001",
    )
    group.addoption(
        "--signalscope-fail-on-leaks",
        action="store_true",
        help="fail each test that leaves receivers connected, disconnected or in another order",
    )
    for name, (kind, what) in _LIMITS.items():
        group.addoption(
            f"--signalscope-{name.replace('_', '-')}",
            type={"int": int, "float": float}[kind],
            metavar="N",
            help=what,
        )
        parser.addini(f"signalscope_{name}", what, type=kind, default=None)  # type: ignore[arg-type]
    parser.addini("signalscope_fail_on", "ids of findings that fail a test", type="args")
    parser.addini("signalscope_fail_on_leaks", "as --signalscope-fail-on-leaks", type="bool")
    for what in ("signals", "receivers"):
        parser.addini(
            f"signalscope_muted_{what}",
            f"dotted names of {what}, * allowed, that are off unless a test says unmuted_signals",
            type="linelist",
        )


def read(config: pytest.Config) -> Options:
    """Return the options; raise `pytest.UsageError` for what cannot be."""
    reports = tuple(config.invocation_params.dir / each for each in _given(config, "report"))
    for path in reports:
        if path.suffix not in _REPORTS:
            raise pytest.UsageError(
                f"--signalscope-report={path.name}: the file's name ends in {' or '.join(_REPORTS)}"
            )
        if path.is_dir() or any(each.is_file() for each in path.parents):
            raise pytest.UsageError(f"--signalscope-report={path}: no file can be written there")
    wanted = Options(
        summary=_given(config, None),
        reports=reports,
        limits=_limits(config),
        forbidden_in_wiring=tuple(filter(_is_of_wiring, _forbidden(config))),
        fails_on_leaks=_given(config, "fail_on_leaks")
        or bool(config.getini("signalscope_fail_on_leaks")),
        muted_signals=tuple(config.getini("signalscope_muted_signals")),
        muted_receivers=tuple(config.getini("signalscope_muted_receivers")),
    )
    if wanted.limits:
        budget_of(wanted.limits, "the options of Signalscope")
    return wanted


def budget_of(limits: dict[str, Any], where: str) -> Budget:
    """Return a budget; raise `pytest.UsageError` that says where it is asked for."""
    from signalscope.budgets import Budget
    from signalscope.errors import SignalscopeError

    try:
        return Budget.of(limits)
    except SignalscopeError as error:
        raise pytest.UsageError(f"{where}: {error}") from None


def _given(config: pytest.Config, name: str | None) -> Any:
    return config.getoption("signalscope" if name is None else f"signalscope_{name}")


def _limits(config: pytest.Config) -> dict[str, Any]:
    limits = {}
    for name in _LIMITS:
        value = _given(config, name)
        if value is None:
            value = config.getini(f"signalscope_{name}")
        if value is not None:
            limits[name] = value
    forbidden = [each for each in _forbidden(config) if not _is_of_wiring(each)]
    return {**limits, "forbid": forbidden} if forbidden else limits


def _forbidden(config: pytest.Config) -> list[str]:
    named = _given(config, "fail_on")
    ids = named.split(",") if named else config.getini("signalscope_fail_on")
    return [each.strip() for each in ids if each.strip()]


def _is_of_wiring(id: str) -> bool:  # noqa: A002 - what a rule is known by
    from signalscope.diagnosis.catalogue import is_of_wiring

    return is_of_wiring(id)
