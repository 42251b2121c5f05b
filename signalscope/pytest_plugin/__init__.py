"""The pytest plugin: recordings of tests, budgets, muting, leaks, and a summary at the end.

pytest loads it wherever Signalscope is installed, so it costs nothing until it is used: neither
Django nor the rest of Signalscope is imported here, but where a test or an option asks for it.
``-p no:signalscope`` leaves it out altogether.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from signalscope.pytest_plugin import options
from signalscope.pytest_plugin.fixtures import (
    HELD,
    muted_signals,
    mutes_of_test,
    signal_recording,
)
from signalscope.pytest_plugin.items import prepare, run

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["muted_signals", "mutes_of_test", "signal_recording"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, and the same for the configuration file."""
    options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers, check the options, and start what they ask for."""
    for marker, what in options.MARKERS.items():
        config.addinivalue_line("markers", f"{marker}: {what}")
    wanted = options.read(config)
    config.stash[options.OPTIONS] = wanted
    if wanted.fails_on_leaks:
        from signalscope.pytest_plugin.leaks import LeakGuard

        config.pluginmanager.register(LeakGuard(), "signalscope-leaks")
    if wanted.forbidden_in_wiring and not hasattr(config, "workerinput"):
        from signalscope.pytest_plugin.wiring import WiringGuard

        guard = WiringGuard(wanted.forbidden_in_wiring)
        config.pluginmanager.register(guard, "signalscope-wiring")
    if wanted.gathers:
        from signalscope.pytest_plugin.gathering import Gathering

        config.pluginmanager.register(Gathering(wanted), "signalscope-gathering")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave Django as it was."""
    if config.stash.get(HELD, False):
        from signalscope import patching

        del config.stash[HELD]
        patching.release()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give each test the fixtures that its markers, and the options, ask for."""
    wanted = config.stash[options.OPTIONS]
    for item in items:
        prepare(item, wanted)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Let an asynchronous test be recorded too; and check its budget where it passed."""
    return (yield from run(item))
