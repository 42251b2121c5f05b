"""Whole runs of pytest: a suite of short tests, without the plugin, with it, and recorded."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.lab import ROOT

TESTS = 1000
VARIANTS = {
    "without": ["-p", "no:signalscope"],
    "unused": [],
    "recorded": ["--signalscope"],
    "leaks": ["--signalscope-fail-on-leaks"],
}
SUITE = f"""
import pytest
from django.db.models.signals import post_save
from django.contrib.auth.models import Group

def hear(**_):
    pass

post_save.connect(hear, sender=Group)

@pytest.mark.parametrize("number", range({TESTS}))
def test_saves(db, number):
    Group.objects.create(name=str(number))
"""
SETTINGS = """
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
"""


def time_suites(passes):
    """Return for each pass the seconds that each variant took; the variants take turns."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_suite.py").write_text(SUITE)
        Path(folder, "settings.py").write_text(SETTINGS)
        Path(folder, "pytest.ini").write_text("[pytest]\nDJANGO_SETTINGS_MODULE = settings\n")
        order = list(VARIANTS)
        taken = []
        for _ in range(passes):
            order.append(order.pop(0))
            taken.append({name: _run(folder, VARIANTS[name]) for name in order})
        return taken


def _run(folder, options):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([folder, str(ROOT)])}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider"]
    started = time.perf_counter()
    subprocess.run(
        [*command, *options], cwd=folder, env=environment, check=True, capture_output=True
    )
    return time.perf_counter() - started
