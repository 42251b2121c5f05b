"""The fixtures of all, and those of the site under the toolbar, where the toolbar is installed."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

if find_spec("debug_toolbar"):
    from tests.integrations.toolbar import history_table, site, wiring  # noqa: F401 - fixtures


@pytest.fixture(autouse=True)
def _nothing_is_slow(settings):
    """Take nothing for slow, however busy the machine, unless a test says so."""
    settings.SIGNALSCOPE = {"SLOW_MS": 600_000}
