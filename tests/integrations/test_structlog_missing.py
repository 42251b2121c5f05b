"""Without structlog, its adapter says in one sentence what to install."""

from __future__ import annotations

import sys

import pytest

from signalscope.sinks import made_from


@pytest.fixture
def absent(monkeypatch):
    """Hide structlog."""
    monkeypatch.setitem(sys.modules, "structlog", None)
    monkeypatch.delitem(sys.modules, "signalscope.integrations.structlog", raising=False)


def test_the_import_names_the_command(absent):
    with pytest.raises(ModuleNotFoundError) as caught:
        import signalscope.integrations.structlog  # noqa: F401
    assert str(caught.value) == (
        "StructlogSink and add_signal_context need structlog; install it with: "
        'python -m pip install "django-signalscope[structlog]"'
    )


def test_so_does_the_setting(absent):
    with pytest.raises(Exception, match=r'pip install "django-signalscope\[structlog\]"'):
        made_from("signalscope.integrations.structlog.StructlogSink")


def test_plain_logging_needs_nothing(absent):
    assert made_from("signalscope.integrations.logging.LoggingSink")
