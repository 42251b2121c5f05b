"""Whose code a file is."""

from __future__ import annotations

import functools
from pathlib import Path

import django
import pytest
from django.db.models.signals import post_save

import signalscope
from signalscope import places
from signalscope.places import file_kinds


class TestKindsOfCode:
    def test_a_projects_own_code_is_told_from_what_carries_it(self):
        """This test is a project's; Django and the standard library carry; pytest is a package."""
        assert file_kinds[__file__] == places.USER
        assert file_kinds[post_save.send.__code__.co_filename] == places.CARRIER
        assert file_kinds[functools.__file__] == places.CARRIER
        assert file_kinds[pytest.__file__] == places.PACKAGE

    def test_what_carries_does_so_as_an_installed_package_too(self, monkeypatch):
        """And its neighbours, whose names begin alike, do not."""
        ours, djangos = Path(signalscope.__file__).parent, Path(django.__file__).parent
        monkeypatch.setattr(places, "_package_roots", (str(ours.parent), str(djangos.parent)))
        kinds = type(file_kinds)()
        kinds.add_carrier(str(djangos))
        assert kinds[signalscope.__file__] == kinds[django.__file__] == places.CARRIER
        assert kinds[f"{ours}_more/x.py"] == kinds[f"{djangos}_filters/x.py"] == places.PACKAGE
