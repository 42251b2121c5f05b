"""The pytest plugin, as throw-away projects use it, each in a process of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.pytester.conftest import PLUGIN


class TestLoading:
    def test_imports_neither_django_nor_the_rest(self, run):
        """A suite that does not use it is as it was."""
        result = run(
            """
import sys

def test_loaded(pytestconfig):
    assert pytestconfig.pluginmanager.hasplugin("signalscope")
    assert not [name for name in sys.modules if name.split(".")[0] == "django"]
    assert {n for n in sys.modules if n.startswith("signalscope.")} == {
        "signalscope.pytest_plugin",
        "signalscope.pytest_plugin.fixtures",
        "signalscope.pytest_plugin.items",
        "signalscope.pytest_plugin.options",
    }
""".replace(
                'hasplugin("signalscope")',
                f'hasplugin("signalscope") or pytestconfig.pluginmanager.hasplugin("{PLUGIN}")',
            ),
            *("-p", "no:django"),
            head="",
            settings=None,
        )
        result.assert_outcomes(passed=1)

    def test_patches_nothing_where_it_is_not_used(self, run):
        result = run("""
import signalscope

def test_plain():
    assert not signalscope.is_installed()

def test_recorded(signal_recording):
    assert signalscope.is_installed()

def test_plain_again():
    assert not signalscope.is_installed()
""")
        result.assert_outcomes(passed=3)

    def test_can_be_left_out(self, run):
        result = run("def test_plain(): paid.send(sender=None)\n", "-p", "no:signalscope")
        result.assert_outcomes(passed=1)

    def test_shows_in_what_pytest_lists(self, run):
        """Markers, fixtures and options have their help."""
        result = run("", "--markers")
        for marker in ("signalscope(max_ms", "muted_signals(", "unmuted_signals("):
            result.stdout.fnmatch_lines([f"@pytest.mark.{marker}*"])
        run("", "--fixtures").stdout.fnmatch_lines(["signal_recording*", "muted_signals*"])
        run("", "--help").stdout.fnmatch_lines(["*--signalscope-report=FILE*"])


class TestFixture:
    def test_records_the_whole_test(self, run):
        """With what its own fixtures send, not with what those of a wider scope do."""
        result = run("""
@pytest.fixture(scope="module")
def wider():
    paid.send(sender="module")

@pytest.fixture
def own():
    paid.send(sender="fixture")

@pytest.fixture(autouse=True)
def always():
    paid.send(sender="autouse")

def test_it(own, wider, db, signal_recording):
    paid.send(sender="test")
    found = [each.sender_name for each in signal_recording.dispatches]
    assert sorted(found) == ["autouse", "fixture", "test"]

def test_another(signal_recording):
    assert [each.sender_name for each in signal_recording.dispatches] == ["autouse"]
""")
        result.assert_outcomes(passed=2)

    def test_in_asynchronous_and_unittest_tests(self, run):
        result = run("""
import unittest
from django.test import TestCase, TransactionTestCase

class Recorded:
    @pytest.fixture(autouse=True)
    def recording(self, signal_recording):
        self.recording = signal_recording

    def check(self):
        self.recording.assert_called("shop.signals.ship", times=1)

class TestDjango(Recorded, TestCase):
    def test_sync(self):
        paid.send(sender=None)
        self.check()

    async def test_async(self):
        await paid.asend(sender=None)
        self.check()

class TestTransactions(Recorded, TransactionTestCase):
    def test_sync(self):
        paid.send(sender=None)
        self.check()

class TestIsolated(Recorded, unittest.IsolatedAsyncioTestCase):
    async def test_async(self):
        await paid.asend(sender=None)
        self.check()
""")
        result.assert_outcomes(passed=4)

    @pytest.mark.parametrize("scope", ["function", "module"])
    def test_under_pytest_asyncio(self, run, scope):
        """Whichever loop the test runs in."""
        pytest.importorskip("pytest_asyncio")
        result = run(
            f"""
pytestmark = pytest.mark.asyncio(loop_scope="{scope}")

async def test_first():
    await paid.asend(sender=None)

async def test_it(signal_recording):
    await paid.asend(sender=None)
    signal_recording.assert_called("shop.signals.ship", times=1)

@pytest.mark.muted_signals(paid)
async def test_muted(signal_recording):
    await paid.asend(sender=None)
    signal_recording.assert_not_called("shop.signals.ship")
""",
            *("-W", "ignore"),
        )
        result.assert_outcomes(passed=3)

    def test_under_anyio_whose_runner_began_earlier(self, run):
        pytest.importorskip("anyio")
        result = run("""
pytestmark = pytest.mark.anyio

@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"

async def test_first():
    await paid.asend(sender=None)

async def test_it(signal_recording):
    await paid.asend(sender=None)
    signal_recording.assert_called("shop.signals.ship", times=1)
""")
        result.assert_outcomes(passed=2)

    def test_without_settings_says_what_is_missing(self, run):
        result = run(
            "def test_it(signal_recording): pass\n",
            *("-p", "no:django"),
            head="",
            settings=None,
        )
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines(["*signal_recording needs Django's settings*"])


class TestBudgets:
    def test_fail_the_test_that_goes_beyond(self, run):
        """With what was spent, by whom, and the tree."""
        result = run("""
@pytest.mark.signalscope(max_ms=0)
def test_ms(db): paid.send(sender=None)

@pytest.mark.signalscope(max_depth=0)
def test_depth(db): paid.send(sender=None)

@pytest.mark.signalscope(max_queries=0)
def test_queries(db): User.objects.create(username="a")

@pytest.mark.signalscope(max_ms=10_000, max_depth=1, max_queries=1)
def test_within(db):
    paid.send(sender=None)
    User.objects.create(username="a")
""")
        result.assert_outcomes(failed=3, passed=1)
        result.stdout.fnmatch_lines(
            [
                "Signals took *, where at most 0 ms may be",
                "*shop.signals.ship*",
                "Dispatches were nested 1 deep, where 0 may be",
                "  paid → shipped",
                "  Recorded:",
                "Receivers ran 1 query, where at most 0 may be",
                "  shop.signals.join: 1 query in 1 call",
            ]
        )

    def test_the_nearest_counts(self, run):
        """A test's marker before its class's, and that before the options."""
        result = run(
            """
@pytest.mark.signalscope(max_depth=1)
class TestNear:
    def test_class(self): paid.send(sender=None)

    @pytest.mark.signalscope(max_depth=0)
    def test_own(self): paid.send(sender=None)

    @pytest.mark.signalscope(max_depth=None)
    def test_none(self): paid.send(sender=None)

def test_options(): paid.send(sender=None)
""",
            "--signalscope-max-depth=0",
        )
        result.assert_outcomes(passed=2, failed=2)

    @pytest.mark.parametrize(
        ("option", "ini"),
        [
            (["--signalscope-max-queries=0"], ""),
            ([], "signalscope_max_queries = 0"),
            (["--signalscope-max-queries=0"], "signalscope_max_queries = 5"),
        ],
    )
    def test_for_the_whole_suite(self, run, option, ini):
        """By an option or the configuration file; the option counts."""
        tests = 'def test_it(db): User.objects.create(username="a")\n'
        run(tests, *option, ini=ini).assert_outcomes(failed=1)

    def test_a_test_that_fails_by_itself_says_only_that(self, run):
        result = run("""
@pytest.mark.signalscope(max_depth=0)
def test_it():
    paid.send(sender=None)
    assert False, "by itself"

@pytest.mark.signalscope(max_depth=0)
@pytest.mark.xfail(strict=True)
def test_expected():
    paid.send(sender=None)
""")
        result.assert_outcomes(failed=1, xfailed=1)
        result.stdout.no_fnmatch_line("*nested*")

    def test_forbid_what_the_rules_find(self, run):
        """By marker, or for all tests by an option."""
        tests = """
from shop.signals import shipped

def fails(**_):
    raise ValueError

{marker}
def test_it():
    shipped.connect(fails)
    shipped.send_robust(sender=None)
    shipped.disconnect(fails)
"""
        marker = '@pytest.mark.signalscope(forbid=["W105"])'
        result = run(tests.format(marker=marker))
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["1 finding, where none may be: W105", "  W105 *fails*"])
        tests = tests.format(marker="")
        run(tests, "--signalscope-fail-on=W101, W105").assert_outcomes(failed=1)
        run(tests, "--signalscope-fail-on=W101").assert_outcomes(passed=1)
        result = run(tests, "--signalscope")
        result.stdout.fnmatch_lines(["Findings", "  1 × W105 *test_shop.py::test_it"])
        result = run(tests, "--signalscope-fail-on=W999")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["*'W999' is no id of a rule*"])

    def test_forbid_what_is_connected(self, run):
        """By the option alone, as no test is to blame: the run fails, and no test of it."""
        tests = "def test_it(): pass\n"
        strict = "\n@receiver(shipped)\ndef strict(sender): pass\n"
        run(tests, "--signalscope-fail-on=W005").assert_outcomes(passed=1)
        result = run(tests, "--signalscope-fail-on=W005,W101", signals=strict)
        result.assert_outcomes(passed=1)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines(["*signals.py:*: W005 shop.signals.strict*no [*][*]kwargs*"])
        result = run('@pytest.mark.signalscope(forbid=["W005"])\n' + tests)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["*W005 is about what is connected*manage.py check*"])

    @pytest.mark.parametrize(
        ("marker", "says"),
        [
            ("max_query=1", "*'max_query' is no limit of a budget; max_queries is*"),
            ("max_ms='fast'", "*max_ms takes a number of milliseconds*not 'fast'*"),
            ("max_depth=-1", "*max_depth takes a whole number from 0*"),
            ("max_queries=True", "*max_queries takes a whole number*"),
            ("50", "*takes its limits by name*"),
            ("forbid=3", "*forbid takes ids of findings*"),
        ],
    )
    def test_a_marker_that_cannot_be_is_an_error_of_usage(self, run, marker, says):
        """That names the test."""
        result = run(f"@pytest.mark.signalscope({marker})\ndef test_it(): pass\n")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"*test_shop.py::test_it*{says}"])


class TestMuting:
    def test_by_marker_and_by_fixture(self, run):
        """Until the test ends, and the fixtures of the test hear of it."""
        result = run("""
@pytest.fixture
def sold():
    paid.send(sender="fixture")

@pytest.mark.muted_signals(receiver="shop.signals.ship")
def test_marker(signal_recording, sold):
    paid.send(sender=None)
    signal_recording.assert_not_called("shop.signals.ship")
    assert {each.reason for d in signal_recording.walk() for each in d.not_called} == {"muted"}

def test_fixture(signal_recording, muted_signals):
    paid.send(sender=None)
    muted_signals(paid)
    paid.send(sender=None)
    signal_recording.assert_called("shop.signals.ship", times=1)

def test_after(signal_recording):
    paid.send(sender=None)
    signal_recording.assert_called("shop.signals.ship", times=1)
""")
        result.assert_outcomes(passed=3)

    def test_off_unless_the_test_says_so(self, run):
        result = run(
            """
def test_off(signal_recording):
    paid.send(sender=None)
    assert signal_recording.calls() == []

@pytest.mark.unmuted_signals("shop.signals.ship")
def test_one(signal_recording):
    paid.send(sender=None)
    signal_recording.assert_called("shop.signals.ship")
    signal_recording.assert_not_called("shop.signals.tell")

@pytest.mark.unmuted_signals
def test_all(signal_recording, db):
    paid.send(sender=None)
    User.objects.create(username="a")
    signal_recording.assert_called("shop.signals.tell")
    signal_recording.assert_called("shop.signals.join")

def test_signals_by_name(signal_recording, db):
    User.objects.create(username="a")
    signal_recording.assert_not_called("shop.signals.join")
""",
            ini=(
                "signalscope_muted_receivers = shop.signals.ship\n  shop.signals.t*\n"
                "signalscope_muted_signals = django.db.models.signals.*\n"
            ),
        )
        result.assert_outcomes(passed=4)


TOLD = """
def test_paid():
    paid.send(sender=None)

@pytest.mark.parametrize("name", ["a", "b"])
def test_saved(db, name):
    User.objects.create(username=name)

def test_failing():
    paid.send(sender=None)
    assert False

@pytest.mark.skip
def test_skipped(): pass

@pytest.fixture
def broken():
    paid.send(sender=None)
    raise RuntimeError

def test_error(broken): pass
"""


class TestSummary:
    def test_tells_of_all_tests(self, run):
        """Also of those that failed; a skipped one sent nothing."""
        result = run(TOLD, "--signalscope")
        result.assert_outcomes(passed=3, failed=1, skipped=1, errors=1)
        result.stdout.fnmatch_lines(
            [
                "*= signalscope =*",
                "8 receiver calls in 5 tests, * in signals, 2 queries in receivers",
                "Slowest by their own time",
                "Most called",
                "  3 calls  shop.signals.ship  shop/signals.py:*",
                "Most queries",
                "  2 queries  shop.signals.join  2 calls  shop/signals.py:*",
            ]
        )
        result.stdout.no_fnmatch_line("*without a recording*")

    def test_is_the_same_from_several_processes(self, run):
        pytest.importorskip("xdist")
        result = run(TOLD, "--signalscope", "-n", "2", "--signalscope-report=r.json")
        result.stdout.fnmatch_lines(["8 receiver calls in 5 tests, *, 2 queries in receivers"])
        assert len(json.loads(Path("r.json").read_text())["tests"]) == 5

    def test_counts_what_was_lost_with_a_process(self, run):
        pytest.importorskip("xdist")
        result = run(
            "import os\ndef test_dies(): os._exit(1)\ndef test_lives(): paid.send(sender=None)\n",
            *("--signalscope", "-n", "1"),
        )
        result.stdout.fnmatch_lines(["2 receiver calls in 1 test*", "1 test ran without a rec*"])

    def test_counts_each_rerun(self, run):
        pytest.importorskip("pytest_rerunfailures")
        result = run(
            "def test_it():\n    paid.send(sender=None)\n    assert False\n",
            *("--signalscope", "--reruns", "2"),
        )
        result.stdout.fnmatch_lines(["6 receiver calls in 3 tests*"])

    def test_names_the_cycles(self, run):
        result = run(
            """
def test_round():
    rounds = []

    def again(**_):
        if not rounds:
            rounds.append(1)
            paid.send(sender=None)

    paid.connect(again)
    paid.send(sender=None)
    paid.disconnect(again)
""",
            "--signalscope",
        )
        result.stdout.fnmatch_lines(["Recursion", "  1 × paid → *again → paid*test_round"])

    def test_says_what_was_not_recorded(self, run):
        result = run(
            "def test_plain(): pass\n",
            *("--signalscope", "-p", "no:django"),
            head="",
            settings=None,
        )
        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines(["1 test ran without a recording"])

    def test_reports(self, run):
        """As data and as a page, in folders that need not be there yet."""
        run(TOLD, "--signalscope-report=new/r.json", "--signalscope-report=new/r.html")
        told = json.loads(Path("new/r.json").read_text())
        assert (told["schema"], told["kind"]) == (1, "signalscope.suite")
        assert {test["test"].partition("::")[2]: test["outcome"] for test in told["tests"]} == {
            "test_paid": "passed",
            "test_saved[a]": "passed",
            "test_saved[b]": "passed",
            "test_failing": "failed",
            "test_error": "failed",
        }
        joined = told["receivers"]["shop.signals.join"]
        assert (joined["calls"], joined["tests"], joined["queries"]) == (2, 2, 2)
        assert joined["max_in"].startswith("test_shop.py::test_saved[")
        page = Path("new/r.html").read_text()
        assert "<h1>Signals in the tests</h1>" in page
        assert "test_shop.py::test_saved[a]" in page

    @pytest.mark.parametrize("name", ["r.txt", "r", "r.html/r.html"])
    def test_a_report_that_cannot_be_is_an_error_of_usage(self, run, name):
        Path("r.html").write_text("")
        result = run("", f"--signalscope-report={name}")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["*--signalscope-report=*"])


class TestOutline:
    def test_is_the_same_from_run_to_run(self, run):
        """So snapshot plugins can hold it."""
        pytest.importorskip("syrupy")
        tests = """
def test_text(signal_recording, snapshot, db):
    paid.send(sender=None)
    User.objects.create(username="a")
    assert signal_recording.outline() == snapshot

def test_data(signal_recording, snapshot, db):
    from syrupy.extensions.json import JSONSnapshotExtension
    User.objects.create(username="b")
    User.objects.create(username="a")
    assert signal_recording.shape() == snapshot(extension_class=JSONSnapshotExtension)
"""
        run(tests, "--snapshot-update").assert_outcomes(passed=2)
        run(tests).assert_outcomes(passed=2)
        kept = Path("__snapshots__/test_shop.ambr").read_text()
        assert "shop.signals.paid\n    - shop.signals.ship" in kept
        run(tests.replace("paid.send(sender=None)", "")).assert_outcomes(passed=1, failed=1)
