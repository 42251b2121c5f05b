"""The options and markers of the pytest plugin, and the page that tells of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from signalscope.pytest_plugin import options

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "pytest.md"


class Declared(list):
    """What a plugin declares to pytest, by its names."""

    def getgroup(self, *_):
        return self

    def addoption(self, name, **_):
        self.append(name)

    def addini(self, name, *_, **__):
        self.append(name)


@pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not here")
class TestPage:
    def test_names_every_option_and_marker(self):
        text = PAGE.read_text(encoding="utf-8")
        declared = Declared()
        options.add(declared)
        declared += [f"pytest.mark.{marker.partition('(')[0]}" for marker in options.MARKERS]
        assert [name for name in declared if not re.search(rf"{name}(?![-\w])", text)] == []

    def test_names_no_option_that_is_none(self):
        declared = Declared()
        options.add(declared)
        named = set(
            re.findall(
                r"(?<![\w./-])(?:--signalscope[-\w]*|signalscope_[a-z_]+)", PAGE.read_text("utf-8")
            )
        )
        assert named - set(declared) == set()
