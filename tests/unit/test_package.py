"""The package itself: its public names, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import signalscope


def test_every_public_name_can_be_had():
    """Each from the module that `_HOMES` names, and no other."""
    assert sorted(signalscope._HOMES) == signalscope.__all__
    for name in signalscope.__all__:
        assert getattr(signalscope, name) is not None
    assert set(signalscope.__all__) <= set(dir(signalscope))


def test_a_name_that_is_none_is_an_attribute_error():
    with pytest.raises(
        AttributeError, match="module 'signalscope' has no attribute 'no_such_name'"
    ):
        signalscope.no_such_name  # noqa: B018


def test_importing_it_imports_no_django():
    """So that pytest can load the plugin in suites that have nothing to do with Django."""
    code = "import sys, signalscope; sys.exit('django' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
