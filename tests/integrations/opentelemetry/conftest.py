"""The fixtures of these tests, where OpenTelemetry is installed; else the tests skip themselves."""

import contextlib

with contextlib.suppress(ModuleNotFoundError):
    from tests.integrations.opentelemetry.traced import connect, traced  # noqa: F401 - fixtures
