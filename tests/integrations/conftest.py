"""The fixtures of the site under the toolbar, where the toolbar is installed."""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("debug_toolbar"):
    from tests.integrations.toolbar import history_table, site, wiring  # noqa: F401 - fixtures
