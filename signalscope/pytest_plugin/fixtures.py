"""The fixtures."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from signalscope.pytest_plugin.items import CARRIED, RECORDING
from signalscope.pytest_plugin.options import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from signalscope.recording import Recording

__all__ = ["HELD", "muted_signals", "mutes_of_test", "signal_recording"]

HELD = pytest.StashKey[bool]()
"""There where Django stays patched from one test to the next."""


@pytest.fixture
def signal_recording(request: pytest.FixtureRequest) -> Iterator[Recording | None]:
    """Record the whole test, its function-scoped fixtures included; return the `Recording`.

    It holds what the test's own thread and tasks send, not what a live server's thread does. For a
    part of a test, use ``signalscope.record()``.
    """
    from signalscope.conf import is_ready

    if not is_ready():
        if _asked_for(request):
            pytest.fail(
                "signal_recording needs Django's settings, and they are not configured. Install "
                "pytest-django, or set DJANGO_SETTINGS_MODULE before the tests run.",
                pytrace=False,
            )
        yield None  # to nobody, as an option asked for it
        return
    from signalscope import patching
    from signalscope.recording import record

    if request.config.stash[OPTIONS].records and HELD not in request.config.stash:
        # Every test is recorded: what is patched stays so until the last has ended.
        patching.hold()
        request.config.stash[HELD] = True
    with record() as recording:
        request.node.stash[RECORDING] = recording
        request.node.stash[CARRIED] = True
        yield recording


def _asked_for(request: pytest.FixtureRequest) -> bool:
    """Tell whether the test itself wants to be recorded, rather than an option."""
    function = getattr(request.node, "_fixtureinfo", None)
    named = "signal_recording" in getattr(function, "initialnames", ())
    return named or bool(request.node.get_closest_marker("signalscope"))


@pytest.fixture
def muted_signals(request: pytest.FixtureRequest) -> Iterator[Callable[..., None]]:
    """Return a function that mutes until the test ends; it takes what `signalscope.muted` takes."""
    from signalscope.muting import muted

    with ExitStack() as stack:
        request.node.stash[CARRIED] = True

        def mute(*signals: Any, **narrowed: Any) -> None:
            stack.enter_context(muted(*signals, **narrowed))

        yield mute


@pytest.fixture
def mutes_of_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """Mute what the markers and the options say; tests get it by these, not by its name."""
    wanted = request.config.stash[OPTIONS]
    with ExitStack() as stack:
        if wanted.mutes or request.node.get_closest_marker("muted_signals"):
            from signalscope.muting import muted

            request.node.stash[CARRIED] = True
            for mark in request.node.iter_markers("muted_signals"):
                stack.enter_context(muted(*mark.args, **mark.kwargs))
            unmuted = list(request.node.iter_markers("unmuted_signals"))
            if wanted.mutes and not any(not mark.args for mark in unmuted):
                but = [name for mark in unmuted for name in mark.args] or None
                if wanted.muted_signals:
                    stack.enter_context(muted(*wanted.muted_signals, but=but))
                for receiver in wanted.muted_receivers:
                    stack.enter_context(muted(receiver=receiver, but=but))
        yield
