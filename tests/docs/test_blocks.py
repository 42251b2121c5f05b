"""Each block of the documentation does what the page around it says."""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import itertools
import json
import re
import shlex
import tomllib
import types
import unittest
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, get_commands
from django.test import RequestFactory, TestCase
from django.utils.module_loading import import_string

import signalscope
from signalscope.management.commands.signalscope import Command
from signalscope.patching import installing
from signalscope.pytest_plugin import options as plugin_options
from tests.docs.blocks import ROOT, SETTINGS, blocks
from tests.docs.stage import Shop

pytestmark = pytest.mark.skipif(
    not (ROOT / "docs").exists() or not (ROOT / ".github").exists(), reason="this is no checkout"
)

ALL = blocks() if (ROOT / "docs").exists() else []
BY_SPHINX = {
    *("testcode", "testoutput"),  # nox -s docs runs them
    *("include", "literalinclude", "toctree", "eval-rst", "image"),  # and fails if they do not fit
}
TUTORIAL = "docs/tutorial.md"
"""Its commands and its test are run by tests/functional/test_tutorial.py, its endless loop by
test_programs.py here."""
SHOWN = {
    "docs/architecture/index.md#0": "a drawing",
    "docs/how-to/pytest.md#6": "made up of several runs: it only shows what a leak looks like",
    "docs/how-to/pytest.md#7": "as above, of a whole suite",
}
"""The blocks of text that nothing is compared with, each with its reason."""
COMPARED = {
    "docs/how-to/asgi.md#3",  # these by test_programs.py
    "docs/how-to/celery-and-tasks.md#9",
    "docs/how-to/logging.md#1",
    "docs/how-to/structlog.md#2",
    "docs/how-to/pytest.md#9",  # by test_pytest_blocks.py
    "docs/how-to/celery-and-tasks.md#1",  # these below
    "docs/how-to/celery-and-tasks.md#3",
}


def of(*kinds):
    return [each for each in ALL if each.kind in kinds and each.page != TUTORIAL]


def block(page, number):
    (found,) = (each for each in ALL if (each.page, each.number) == (page, number))
    return found


def test_each_is_of_a_kind_that_is_looked_at():
    known = BY_SPHINX | {"python", "sh", "console", "toml", "yaml", "diff", "text"}
    assert [str(each) for each in ALL if each.kind not in known] == []


def test_each_text_is_compared_or_has_its_reason():
    """And nothing stands in the lists that is no longer there."""
    assert sorted(map(str, of("text"))) == sorted({*SHOWN, *COMPARED})


# --- Python -------------------------------------------------------------------------------------

NEEDS = {
    "docs/how-to/celery-and-tasks.md": ["celery"],
}
IN_PROCESSES = {"docs/how-to/opentelemetry.md"}
"""What sets up a process for good: test_programs.py runs it in one of its own."""
# Fragments of settings have test_settings_blocks.py.
PROGRAMS = [
    each
    for each in of("python")
    if not SETTINGS.search(each.text) and each.page not in IN_PROCESSES
]
PAGES = sorted({each.page for each in PROGRAMS})


@pytest.fixture
def shop(db, settings, monkeypatch):
    """Give a shop, with Signalscope installed."""
    # The filter of log lines that a page configures would keep track for good.
    monkeypatch.setattr(installing._State, "tracks", False)
    settings.SIGNALSCOPE = {}
    signalscope.install()
    shop = Shop()
    yield shop
    shop.close()
    signalscope.uninstall()


def run_tests_of(names):
    """Run the tests that a block defines: methods, and functions by the fixtures they name."""
    for name, value in list(names.items()):
        if isinstance(value, type) and issubclass(value, TestCase) and value is not TestCase:
            value.book = names["book"]
            result = unittest.TestResult()
            unittest.defaultTestLoader.loadTestsFromTestCase(value).run(result)
            assert result.testsRun
            assert result.failures + result.errors == []
            del names[name]


@pytest.mark.parametrize("page", PAGES)
def test_python_runs(page, shop, pytestconfig):
    """All blocks of a page, in their order, in one namespace."""
    for needed in NEEDS.get(page, ()):
        pytest.importorskip(needed)
    names = {"__name__": "shop.page", "pytest": pytest, "signalscope": signalscope, **shop.names()}
    prepare = PREPARED.get(page)
    done = prepare(names, shop) if prepare else None
    for marker, what in plugin_options.MARKERS.items():
        # Where the plugin is not installed, but only there to be imported.
        pytestconfig.addinivalue_line("markers", f"{marker}: {what}")
    printed = io.StringIO()
    case = types.SimpleNamespace(
        captureOnCommitCallbacks=TestCase.captureOnCommitCallbacks, book=names["book"]
    )
    names["self"] = case
    for each in PROGRAMS:
        if each.page != page:
            continue
        code = compile(each.text, str(each), "exec")
        with contextlib.redirect_stdout(printed):
            exec(code, names)  # noqa: S102 - that is what is tested
        run_tests_of(names)
        after = AFTER.get((page, each.number))
        if after:
            after(names, shop, printed.getvalue())
    if done:
        done()


def by_pytest(names, shop):
    """Stand for what a pytest file has around it; what it marks is compared with the plugin."""
    names["MyRunner"] = import_string("django.test.runner.DiscoverRunner")


def with_celery(names, shop):
    """Give an app with a queue in memory, and a receiver that sends to it."""
    from celery import Celery
    from django.core.mail import EmailMultiAlternatives
    from django.db import transaction
    from django.db.models.signals import post_save
    from django.dispatch import receiver

    app = Celery(broker="memory://", set_as_current=False)

    @app.task(name="shop.tasks.ship")
    def ship(pk):
        """Do nothing."""

    def pays(instance, **_):
        ship.delay(1)
        letter = EmailMultiAlternatives("s", "t", "a@example.com", ["b@example.com"])
        transaction.on_commit(letter.send)

    shop.paid.connect(pays, weak=False)
    names.update(
        app=app,
        ship=ship,
        receiver=receiver,
        partial=__import__("functools").partial,
        post_save=post_save,
        transaction=transaction,
    )
    names["order"] = types.SimpleNamespace(pay=lambda: pay(shop))

    def pay(shop):
        with TestCase.captureOnCommitCallbacks(execute=True), transaction.atomic():
            shop.paid.send(sender=shop.Order, instance=shop.order)

    return lambda: post_save.disconnect(names["confirm"], sender=shop.Order)


def with_handler(names, shop):
    names["handler"] = __import__("logging").StreamHandler()


PREPARED = {
    "docs/how-to/pytest.md": by_pytest,
    "docs/how-to/celery-and-tasks.md": with_celery,
    "docs/how-to/logging.md": with_handler,
}


def effects_are_printed(names, shop, printed):
    assert printed == block("docs/how-to/celery-and-tasks.md", 1).text


def effect_is_found(names, shop, printed):
    """The page's finding, whose lines are broken for the page."""
    with signalscope.record() as recording:
        from django.db import transaction

        with transaction.atomic():
            shop.Order.objects.create(pk=1)
    found = [f"{each.id} {each.name}: {each.message}" for each in recording.findings]
    shown = " ".join(block("docs/how-to/celery-and-tasks.md", 3).text.split())
    shown = shown.replace("shop.signals.confirm", "shop.page.confirm")
    assert found == [shown.replace("shop.Order", "bookstore.models.Order")]


def nothing_is_found(names, shop, printed):
    from django.db import transaction

    with signalscope.record() as names["recording"], transaction.atomic():
        shop.Order.objects.create(pk=1)


def task_is_recorded(names, shop, printed):
    names["ship"](1)
    ((name, recording),) = shop.reports
    assert name.endswith(".ship")
    assert recording["schema"]


def requests_are_sampled(names, shop, printed):
    """With the dice loaded: one request in a hundred."""
    view = names["sampled"](lambda request: "answered")
    names["random"].random = itertools.cycle([0.001, 0.5]).__next__
    try:
        assert view(RequestFactory().get("/a/")) == "answered"
        assert view(RequestFactory().get("/b/")) == "answered"
    finally:
        del names["random"]
    ((path, _),) = shop.reports
    assert path == "/a/"


def the_schema_fits(names, shop, printed):
    jsonschema = pytest.importorskip("jsonschema")
    with signalscope.record() as recording:
        shop.Book.objects.create(title="Tides")
    jsonschema.validate(json.loads(json.dumps(recording.to_dict())), names["schema"])


def the_tree_is_printed(names, shop, printed):
    assert "1 bookstore.signals.record_review_rating" in printed


def it_confirms(names, shop, printed):
    names["test_confirms"](None)


def types_alone(names, shop, printed):
    record = types.SimpleNamespace(error="ValueError: secret")
    assert names["TypeAlone"]().filter(record)
    assert record.error == "ValueError"


def the_first_test_passes(names, shop, printed):
    with signalscope.record() as recording:
        names["test_review_updates_the_rating"](None, recording)
    assert recording.calls("bookstore.signals.record_review_rating")


AFTER = {
    ("docs/how-to/pytest.md", 0): the_first_test_passes,
    ("docs/how-to/celery-and-tasks.md", 0): effects_are_printed,
    ("docs/how-to/celery-and-tasks.md", 2): effect_is_found,
    ("docs/how-to/celery-and-tasks.md", 4): nothing_is_found,
    ("docs/how-to/celery-and-tasks.md", 8): task_is_recorded,
    ("docs/how-to/cost-in-production.md", 1): requests_are_sampled,
    ("docs/how-to/asgi.md", 2): requests_are_sampled,
    ("docs/reference/json.md", 0): the_schema_fits,
    ("docs/how-to/testing.md", 6): it_confirms,
    ("docs/how-to/privacy.md", 6): types_alone,
    ("README.md", 3): the_tree_is_printed,
}


def test_each_that_is_looked_at_is_there():
    """A block that is moved takes its check along."""
    assert {key for key in AFTER if block(*key).kind != "python"} == set()


def test_marks_and_fixtures_are_the_plugins():
    text = "".join(each.text for each in of("python") if each.page == "docs/how-to/pytest.md")
    tree = ast.parse(text)
    marks = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "pytest.mark"
    }
    known = {each.partition("(")[0] for each in plugin_options.MARKERS}
    assert marks
    assert marks <= known


# --- Commands -----------------------------------------------------------------------------------

NOT_OURS = {"opentelemetry-instrument", "celery", "gunicorn", "export"}
"""Others' programs; what they run of ours, tests/backends runs."""


def commands_of(each):
    """Yield the words of each command of a block, without its variables and continued lines."""
    lines = each.text.replace("\\\n", " ").splitlines()
    if each.kind == "console":
        lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    for line in lines:
        for part in line.split("&&"):
            words = shlex.split(part, comments=True)
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words.pop(0)
            if words:
                yield words


@pytest.mark.parametrize("each", of("sh", "console"), ids=str)
def test_commands_are_ones(each):
    """Of nox, pip or ``manage.py``, with options that there are."""
    ran = list(commands_of(each))
    assert ran
    for words in ran:
        if words[0].startswith("python"):
            words.pop(0)
        if words[0] in NOT_OURS:
            continue
        if words[:3] == ["-m", "pip", "install"]:
            assert_installable(words[3:])
        elif "nox" in words[:2]:
            assert_sessions(words[words.index("nox") + 1 :])
        else:
            assert words[0] == "manage.py"
            assert_managed(words[1:])


def assert_installable(wanted):
    for each in wanted:
        name, _, extra = each.rstrip("]").partition("[")
        assert name in {".", "nox", "uv", "django-signalscope"} or name.startswith("opentelemetry-")
        if extra:
            project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
            assert extra in project["optional-dependencies"]


def assert_sessions(words):
    defined = re.findall(
        r"@nox\.session.*?\ndef (\w+)\(", (ROOT / "noxfile.py").read_text(), re.DOTALL
    )
    assert words == ["-l"] or (words[0] == "-s" and words[1] in defined)


def assert_managed(words):
    if words[0] != "signalscope":
        assert words[0] in get_commands()
        return
    parser = Command().create_parser("manage.py", "signalscope")
    try:
        parsed = parser.parse_args(words[1:])
    except CommandError as error:
        pytest.fail(str(error))
    assert isinstance(parsed, argparse.Namespace)


def test_workflows_run_commands_that_are_ones():
    (found,) = of("yaml")
    workflow = yaml.safe_load(found.text)
    ((job),) = workflow["jobs"].values()
    ran = [step["run"].split() for step in job["steps"] if "manage.py" in step.get("run", "")]
    assert ran
    for words in ran:
        assert_managed(words[words.index("manage.py") + 1 :])


def side(marked, mark):
    """Return one side of a difference: the lines that have this mark, or none."""
    lines = [line[1:] for line in marked.splitlines() if line[0] in f" {mark}"]
    return json.loads("\n".join(lines).rstrip(","))


def test_a_difference_is_one_of_snapshots():
    """With the marks taken as they are meant, it is a connection before and after."""
    (found,) = of("diff")
    before, after = side(found.text, "-"), side(found.text, "+")
    assert [key for key in before if before[key] != after[key]] == ["dispatch_uid"]
    schema = json.loads((ROOT / "signalscope/rendering/schemas/wiring-1.json").read_text("utf-8"))
    assert list(before) == list(after) == list(schema["$defs"]["connection"]["properties"])


class Declared:
    """Takes what a plugin declares."""

    def __init__(self):
        self.options, self.settings = [], []

    def getgroup(self, *_):
        return self

    def addoption(self, name, **_):
        self.options.append(name)

    def addini(self, name, *_, **__):
        self.settings.append(name)


@pytest.mark.parametrize("each", of("toml"), ids=str)
def test_options_in_pyproject_are_the_plugins(each):
    declared = Declared()
    plugin_options.add(declared)
    (section,) = tomllib.loads(each.text).values()
    for name, value in section["pytest"].items():
        assert name in declared.settings
        assert isinstance(value, (int, list))


def test_options_of_pytest_are_the_plugins():
    declared = Declared()
    plugin_options.add(declared)
    page = (ROOT / "docs/how-to/pytest.md").read_text("utf-8")
    named = set(re.findall(r"--signalscope[\w-]*", page))
    assert named
    assert named <= set(declared.options)


def test_the_pages_are_found():
    """Else nothing of this looks at anything."""
    assert len(ALL) > 100
    assert Path(ROOT / "README.md").exists()
