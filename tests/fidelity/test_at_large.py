"""The comparison with other people's suites, on small suites that are packed like theirs."""

from __future__ import annotations

import re
import sys
import tarfile
import textwrap

import pytest

from tests.fidelity.at_large import comparing
from tests.fidelity.at_large.comparing import compare, differs_alone
from tests.fidelity.at_large.report import Row, status, table
from tests.fidelity.at_large.running import Bench, Notes, NotRun
from tests.fidelity.suites import Suite

SETTINGS = """
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
MIGRATION_MODULES = {"contenttypes": None, "auth": None}
SECRET_KEY = "of a test"
"""
RUNNER = """
import os, sys
import django

os.environ["DJANGO_SETTINGS_MODULE"] = "package_settings"
django.setup()
from django.test.runner import DiscoverRunner
sys.exit(DiscoverRunner(verbosity=0).run_tests(sys.argv[1:]))
"""
START = """
import datetime, os, pathlib, sys, unittest, warnings
from django.contrib.auth.models import Group
from django.db.models.signals import post_save
from django.test import TestCase

RECORDED = "signalscope" in sys.modules

def hear(**_):
    pass

post_save.connect(hear, sender=Group)
"""
ALIKE = """
class Alike(TestCase):
    def test_passes(self):
        Group.objects.create(name="readers")

    def test_fails(self):
        self.fail("always")

    @unittest.expectedFailure
    def test_is_known(self):
        self.fail("always")

    def test_subtests(self):
        for number in range(3):
            with self.subTest(number=number):
                self.assertNotEqual(number, 1)

    @unittest.skip("always")
    def test_is_skipped(self):
        pass

    def test_warns(self):
        warnings.warn(f"of this line, at {datetime.datetime.now()}", UserWarning)
"""
OTHERWISE = """
class Otherwise(TestCase):
    def test_steady(self):
        Group.objects.create(name="readers")

    def test_outcome(self):
        self.assertFalse(RECORDED)

    def test_queries(self):
        for _ in range(1 + RECORDED):
            self.assertEqual(Group.objects.count(), 0)

    def test_warnings(self):
        if RECORDED:
            warnings.warn("seen with Signalscope", UserWarning)
"""
ONCE = """
class Once(TestCase):
    def test_steady(self):
        Group.objects.create(name="readers")

    def test_outcome(self):
        self.assertFalse(RECORDED)

    def test_now_and_then(self):
        seen = pathlib.Path(os.environ["SEEN"])
        if RECORDED and not seen.exists():
            seen.touch()
            self.fail("the first time")
"""
SCRIPT = ("run.py",)
PYTEST = ("pytest", "--ds=package_settings", "-o", "addopts=", "-o", "filterwarnings=")


@pytest.fixture
def bench(tmp_path):
    """Return a function that packs a suite, to be run by this interpreter."""

    def pack(body, command=SCRIPT, **options):
        source = tmp_path / "package-1.0"
        source.mkdir()
        files = {"package_settings.py": SETTINGS, "run.py": RUNNER, "test_all.py": START + body}
        for name, text in files.items():
            (source / name).write_text(textwrap.dedent(text))
        packed = Bench(
            Suite("package", "package", "1.0", command, **options),
            "6.1",
            tmp_path / "work",
            sys.executable,
        )
        packed.archive = tmp_path / "package-1.0.tar.gz"
        with tarfile.open(packed.archive, "w:gz") as archive:
            archive.add(source, source.name)
        return packed

    return pack


@pytest.mark.parametrize("command", [SCRIPT, PYTEST], ids=["unittest", "pytest"])
def test_each_test_is_compared_by_outcome_queries_and_warnings(bench, command, monkeypatch):
    monkeypatch.setattr(comparing, "MOST_ALONE", 2)  # where more differ, none is run alone
    compared = compare(bench(ALIKE + OTHERWISE, command))
    assert [re.sub(r".*\W(test_\w+: \w+).*", r"\1", line) for line in compared.differences] == [
        "test_outcome: outcomes",
        "test_queries: queries",
        "test_warnings: warnings",
    ]
    assert not compared.unsteady
    found = {re.split(r"\W", test)[-1]: each for test, each in compared.without.outcomes.items()}
    assert found["test_passes"] == "passed"
    assert found["test_fails"] == "failed"
    assert found["test_is_known"] == "failed as expected"
    assert found["test_is_skipped"] == "skipped"
    assert "failed" in found["test_subtests"]
    assert (compared.tests, compared.failing, compared.skipped) == (10, 2, 1)
    assert compared.recorded.calls >= compared.recorded.dispatches > 0
    assert compared.without.dispatches == 0
    assert status([Row("package", "6.1", compared)]) == 1


def test_what_comes_to_the_same_is_no_difference_even_where_it_fails(bench):
    row = Row("package", "6.1", compare(bench(ALIKE)))
    assert row.compared.failing == 2
    assert row.problems == row.compared.unsteady == []
    assert status([row]) == 0


def test_what_a_test_sends_is_counted_and_it_can_be_run_alone(bench):
    suite = bench(ALIKE)
    saves, sends_nothing = (
        suite.run(record=True, labels=[f"test_all.Alike.{name}"])
        for name in ("test_passes", "test_fails")
    )
    assert list(saves.outcomes) == ["test_all.Alike.test_passes"]
    assert saves.dispatches == sends_nothing.dispatches + 1
    assert saves.calls == sends_nothing.calls + 1


def test_what_differs_each_time_fails_and_what_does_so_once_is_told(bench, monkeypatch, tmp_path):
    monkeypatch.setattr(comparing, "TRIES", 1)
    compared = compare(bench(ONCE, environment={"SEEN": str(tmp_path / "seen")}))
    (different,) = compared.differences
    assert different == "test_all.Once.test_outcome: outcomes passed without us, failed recorded"
    (unsteady,) = compared.unsteady
    assert unsteady.startswith("test_all.Once.test_now_and_then: outcomes")
    row = Row("package", "6.1", compared)
    assert row.problems == [different]
    assert status([row]) == 1


@pytest.mark.parametrize(
    ("plain", "recorded", "verdict"),
    [
        ([("passed", 3), ("passed", 3)], [("passed", 4), ("passed", 4)], (False, True)),
        ([("passed", 3), ("passed", 5)], [("passed", 4), ("passed", 6)], (False, False)),
        ([("passed", 3), ("failed", 3)], [("passed", 3), ("passed", 3)], (False, False)),
        ([("passed", 3), ("failed", 3)], [("error", 3), ("error", 3)], (True, False)),
        ([], [], (False, False)),
    ],
    ids=["one more", "at random", "now and then", "never so", "cannot be run"],
)
def test_alone_it_has_to_differ_from_what_is_the_same_each_time(plain, recorded, verdict):
    def runs(found):
        for outcome, queries in found:
            noted = {"outcomes": [outcome], "queries": queries, "warnings": []}
            yield Notes({"test": noted}, seconds=1, dispatches=0, calls=0, faults=[])

    alone = list(zip(runs(plain), runs(recorded), strict=True))
    kinds = ("outcomes", "queries")
    assert tuple(differs_alone(alone, "test", kind) for kind in kinds) == verdict


def test_a_test_that_takes_the_hooks_away_is_told(bench):
    body = """
class Takes(TestCase):
    def test_passes(self):
        Group.objects.create(name="readers")
        if RECORDED:
            import signalscope
            signalscope.uninstall()
"""
    row = Row("package", "6.1", compare(bench(body)))
    assert row.problems == ["a test took the hooks away"]
    assert status([row]) == 1


def test_that_a_suite_breaks_off_only_when_recorded_is_a_fault(bench):
    body = """
if RECORDED:
    os._exit(3)
"""
    row = Row("package", "6.1", compare(bench(ALIKE + body)))
    assert row.problems[0].startswith("recorded, it ended without a word")
    assert status([row]) == 1


def test_a_suite_in_which_nothing_is_sent_proves_nothing(bench):
    body = """
class Still(unittest.TestCase):
    def test_passes(self):
        pass
"""
    row = Row("package", "6.1", compare(bench(body)))
    assert row.problems == ["no receiver call was recorded"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "no tests were found"),
        ("raise RuntimeError('no server')", "1 of 1 tests fail without us"),
        (ALIKE.replace("Group.objects", "self.none"), "3 of 6 tests fail without us"),
    ],
    ids=["empty", "broken", "failing"],
)
def test_a_suite_that_says_nothing_without_us_was_not_run(bench, body, reason):
    with pytest.raises(NotRun, match=reason):
        compare(bench(body))


def test_a_suite_that_was_not_run_is_never_equal():
    row = Row("package 1.0", "6.1.3", None, "no tests were found")
    assert "not run: no tests were found" in table([row])
    assert status([row]) == 2
    assert status([]) == 2
