"""`SignalscopeRunner`, as ``manage.py test`` uses it, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import signalscope
from tests.pytester.conftest import APPS, SETTINGS, SHOP

TESTS = """
import unittest
from django.contrib.auth.models import User
from django.test import TestCase
from shop.signals import paid


class First(TestCase):
    def setUp(self):
        paid.send(sender=None)

    def test_saves(self):
        User.objects.create(username="a")

    async def test_async(self):
        await paid.asend(sender=None)

    def test_sends(self):
        pass


class Second(TestCase):
    def test_expected(self):
        paid.send(sender=None)

    @unittest.skip("not now")
    def test_skipped(self):
        pass
"""

RUNNER = "signalscope.runner.SignalscopeRunner"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return what runs ``django-admin test`` on a project with a shop."""
    monkeypatch.chdir(tmp_path)
    Path("settings.py").write_text(SETTINGS)
    Path("shop").mkdir()
    for name, text in {"__init__": "", "signals": SHOP, "apps": APPS, "tests": TESTS}.items():
        Path("shop", f"{name}.py").write_text(text)

    def run(*arguments, runner=RUNNER):
        found = os.pathsep.join([str(tmp_path), str(Path(signalscope.__file__).parent.parent)])
        return subprocess.run(
            [sys.executable, "-m", "django", "test", "shop", "--testrunner", runner, *arguments],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": found},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize("parallel", [[], ["--parallel", "2"]])
def test_records_each_test(run, parallel):
    """From its set-up on; in the processes of a parallel run too."""
    done = run("--signalscope", "--signalscope-report=new/r.json", *parallel)
    assert done.returncode == 0, done.stderr
    assert "11 receiver calls in 4 tests" in done.stderr
    told = json.loads(Path("new/r.json").read_text())
    assert {test["test"]: test["calls"] for test in told["tests"]} == {
        "shop.tests.First.test_saves": 3,
        "shop.tests.First.test_async": 4,
        "shop.tests.First.test_sends": 2,
        "shop.tests.Second.test_expected": 2,
    }


@pytest.mark.parametrize("parallel", [[], ["--parallel", "2"]])
def test_fails_what_goes_beyond_a_budget(run, parallel):
    """With the message that the pytest plugin has."""
    done = run("--signalscope-max-queries=0", *parallel)
    assert done.returncode == 1
    assert "FAIL: test_saves" in done.stderr
    assert "Receivers ran 1 query, where at most 0 may be" in done.stderr
    assert "failures=1" in done.stderr


def test_does_nothing_unless_it_is_asked(run):
    """The same words as Django's own runner."""
    ours, plain = run(), run(runner="django.test.runner.DiscoverRunner")
    assert ours.returncode == plain.returncode == 0
    assert ours.stderr.partition("Ran")[0] == plain.stderr.partition("Ran")[0]
    assert "receiver" not in ours.stderr


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ("--signalscope-report=r.txt", "the file's name ends in .html or .json"),
        ("--signalscope-max-ms=-1", "max_ms takes a number of milliseconds from 0"),
    ],
)
def test_what_cannot_be_is_an_error_of_the_command(run, argument, says):
    done = run(argument)
    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: ")
    assert says in done.stderr
