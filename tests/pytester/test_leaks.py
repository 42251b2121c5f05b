"""``--signalscope-fail-on-leaks``: who leaves receivers other than it found them, fails."""

from __future__ import annotations

import pytest

LEAKS = "--signalscope-fail-on-leaks"
HEAD = """
import gc
import pytest
from django.contrib.auth.models import User
from django.db.models.signals import post_save
from shop.signals import join, paid, ship, shipped, tell

def hear(**_): pass
def listen(**_): pass
"""


class TestFinds:
    def test_what_is_still_connected(self, run):
        """With its place; the tests after it are not blamed."""
        result = run(
            """
def test_before(): pass

def test_leaks():
    post_save.connect(hear, sender=User)

def test_after():
    assert hear
""",
            LEAKS,
            head=HEAD,
        )
        result.assert_outcomes(passed=3, errors=1)
        result.stdout.fnmatch_lines(
            [
                "*ERROR at teardown of test_leaks*",
                "test_shop.py::test_leaks left receivers other than it found them:",
                "  post_save: test_shop.hear is still connected for auth.User, at *test_shop.py:13",
                "To switch receivers off*signalscope.muted*",
            ]
        )

    def test_what_is_no_longer_connected(self, run):
        result = run("def test_it(): paid.disconnect(ship)\n", LEAKS, head=HEAD)
        result.assert_outcomes(passed=1, errors=1)
        result.stdout.fnmatch_lines(["  paid: shop.signals.ship is no longer connected"])

    def test_another_order(self, run):
        """As the helpers leave it that disconnect and connect again."""
        result = run(
            """
@pytest.fixture(scope="session", autouse=True)
def more():
    paid.connect(hear)
    yield
    paid.disconnect(hear)

def test_it():
    paid.disconnect(ship)
    paid.connect(ship)

def test_after(): pass
""",
            LEAKS,
            head=HEAD,
        )
        result.assert_outcomes(passed=2, errors=1)
        result.stdout.fnmatch_lines(
            [
                "  paid: its receivers are in another order",
                "    before: ship, hear",
                "    now:    hear, ship",
            ]
        )

    def test_a_fixture_that_cleans_up_nothing(self, run):
        """It is named where it ends, whatever its scope."""
        result = run(
            """
@pytest.fixture
def own():
    paid.connect(hear)

@pytest.fixture(scope="module")
def wider():
    paid.connect(listen)

def test_own(own): pass

def test_first(wider): pass

def test_last(wider): pass
""",
            LEAKS,
            head=HEAD,
        )
        result.assert_outcomes(passed=3, errors=2)
        result.stdout.fnmatch_lines(["*test_own left receivers*", "*test_shop.hear is still*"])
        result.stdout.fnmatch_lines(
            ["*test_last, or what ended with it (wider), left*", "*listen is still*"]
        )

    def test_in_classes_of_unittest_and_in_other_processes(self, run):
        pytest.importorskip("xdist")
        result = run(
            """
from django.test import TestCase

class TestLeaks(TestCase):
    def test_it(self):
        paid.connect(hear)

    def test_other(self):
        pass

class TestSetUp(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        paid.connect(listen)

    @classmethod
    def tearDownClass(cls):
        paid.disconnect(listen)
        super().tearDownClass()

    def test_it(self):
        pass

    def test_other(self):
        pass
""",
            *(LEAKS, "-n", "2"),
            head=HEAD,
        )
        result.assert_outcomes(passed=4, errors=1)
        result.stdout.fnmatch_lines(["*TestLeaks::test_it left receivers*"])

    def test_one_that_is_run_again(self, run):
        """It connects nothing the second time, as the first one's receiver is there still."""
        pytest.importorskip("pytest_rerunfailures")
        result = run(
            "def test_it(): paid.connect(hear)\n\ndef test_after(): pass\n",
            *(LEAKS, "--reruns", "1"),
            head=HEAD,
        )
        assert result.parseoutcomes()["errors"] == 1
        result.stdout.fnmatch_lines(["*test_it left receivers*"])

    def test_what_is_connected_to_a_signal_of_a_module_loaded_meanwhile(self, run, pytester):
        pytester.makepyfile(late="from django.dispatch import Signal\n\nlate = Signal()\n")
        result = run(
            """
def test_imports():
    import late

def test_connects():
    from late import late
    late.connect(hear)
""",
            LEAKS,
            head=HEAD,
        )
        result.assert_outcomes(passed=2, errors=1)
        result.stdout.fnmatch_lines(["*test_connects left receivers*", "  late: *hear is still*"])

    def test_by_the_configuration_file(self, run):
        result = run(
            "def test_it(): paid.disconnect(ship)\n",
            head=HEAD,
            ini="signalscope_fail_on_leaks = true",
        )
        result.assert_outcomes(passed=1, errors=1)


CYCLE = """class Cycle:
        def hear(self, **_): pass
    it = Cycle()
    it.it = it
    paid.connect(it.hear)"""
RESTORED = """with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paid, 'receivers', [])
        paid.connect(hear)"""


class TestIsSilentOn:
    @pytest.mark.parametrize(
        "body",
        [
            "paid.connect(hear)\n    paid.disconnect(hear)",
            "def local(**_): pass\n    paid.connect(local)\n    del local",
            "paid.connect(lambda **_: None)",
            CYCLE,
            "import late",
            "from django.test import Client\n    Client().get('/')",
            "from django.dispatch import Signal\n    Signal().connect(hear)",
            RESTORED,
        ],
        ids=["undone", "dead", "lambda", "cycle", "import", "client", "own", "restored"],
    )
    def test_what_is_none(self, run, pytester, body):
        pytester.makepyfile(
            late="from shop.signals import paid\n\ndef wire():\n    paid.connect(hear)\n\n"
            "def hear(**_): pass\n\nwire()\n"
        )
        result = run(f"def test_it():\n    {body}\n", LEAKS, head=HEAD)
        result.assert_outcomes(passed=1)

    def test_fixtures_that_clean_up(self, run):
        """Of any scope, in whichever order they are set up and asked for."""
        result = run(
            """
def wires(scope, receiver):
    @pytest.fixture(scope=scope)
    def wired():
        paid.connect(receiver)
        yield
        paid.disconnect(receiver)
    return wired

own, of_class, of_module = wires("function", hear), wires("class", listen), wires("module", tell)

def test_own(own): pass
def test_module(of_module): pass
def test_both(of_module, own): pass
def test_later(own, request): request.getfixturevalue("of_module")

class TestClass:
    def test_it(self, of_class): pass
    def test_other(self, own, of_class): pass

def setup_module():
    shipped.connect(hear)

def teardown_module():
    shipped.disconnect(hear)
""",
            LEAKS,
            head=HEAD,
        )
        result.assert_outcomes(passed=6)

    def test_fixtures_that_ask_for_others_themselves(self, run):
        """Each is answerable for its own, also where both connect to one signal."""
        result = run(
            """
@pytest.fixture(scope="session")
def inner():
    paid.connect(hear)
    yield
    paid.disconnect(hear)

@pytest.fixture(scope="class")
def outer(request):
    paid.connect(listen)
    request.getfixturevalue("inner")
    paid.connect(tell)
    yield
    paid.disconnect(tell)
    paid.disconnect(listen)

class TestClass:
    def test_it(self, outer): pass
    def test_other(self, outer): pass

def test_later(inner): pass
""",
            LEAKS,
            head=HEAD,
        )
        result.assert_outcomes(passed=3)

    def test_an_app_that_a_test_installs(self, run, pytester):
        """What its ``ready()`` connects is no deed of the test."""
        pytester.mkpydir("more")
        pytester.path.joinpath("more/apps.py").write_text(
            "from django.apps import AppConfig\n\ndef hear(**_): pass\n\n"
            "class More(AppConfig):\n    name = 'more'\n    def ready(self):\n"
            "        from shop.signals import paid\n        paid.connect(hear)\n"
        )
        result = run(
            """
import more.apps
from django.test import modify_settings

@modify_settings(INSTALLED_APPS={"append": "more"})
def test_it(): pass
""",
            LEAKS,
            head=HEAD,
        )
        result.assert_outcomes(passed=1)

    def test_a_suite_without_django(self, run):
        result = run("def test_it(): pass\n", LEAKS, "-p", "no:django", head="", settings=None)
        result.assert_outcomes(passed=1)

    def test_muting_and_replacing(self, run):
        """Which is what it recommends."""
        result = run(
            """
import signalscope
from signalscope.testing import replaced

@pytest.mark.muted_signals(paid)
def test_muted():
    with signalscope.muted(), replaced(ship, by=hear):
        paid.send(sender=None)
""",
            LEAKS,
            head=HEAD,
        )
        result.assert_outcomes(passed=1)
