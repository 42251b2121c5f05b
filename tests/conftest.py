"""What holds for every test: it leaves Django, and the recorder, as it found them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.dispatch import Signal

from signalscope import patching
from signalscope.context import current as _current

if TYPE_CHECKING:
    from collections.abc import Iterator


def _fingerprint() -> dict[str, Any]:
    methods = {name: value for name, value in vars(Signal).items() if callable(value)}
    codes = {name: value.__code__ for name, value in methods.items() if hasattr(value, "__code__")}
    return {"methods": methods, "codes": codes}


_UNTOUCHED = _fingerprint()


@pytest.fixture(autouse=True)
def django_left_untouched() -> Iterator[None]:
    """Fail the test that leaves a hook in Django's `Signal`, a recording open or a sink behind."""
    yield
    try:
        now = _fingerprint()
        for name, method in _UNTOUCHED["methods"].items():
            assert now["methods"][name] is method, f"Signal.{name} is another object now"
            if name in _UNTOUCHED["codes"]:
                assert now["codes"][name] is _UNTOUCHED["codes"][name], f"Signal.{name} is hooked"
        assert now["methods"].keys() == _UNTOUCHED["methods"].keys()
        assert patching.recorder.active == [], "a recording or a sink was left behind"
        assert _current.get() is None, "a call or a recording is still the current one"
        assert patching.recorder._reported is False, "a fault of the recorder was reported"
    finally:
        # One bad test must not fail the others.
        patching.uninstall()
        patching.recorder.active.clear()
        patching.recorder._reported = False
        _current.set(None)


@pytest.fixture
def waiting(monkeypatch):
    """Return what waits for a commit; what Django still has queued of other tests is none of it."""
    fresh = {}
    monkeypatch.setattr(patching.recorder, "_waiting", fresh)
    return fresh
