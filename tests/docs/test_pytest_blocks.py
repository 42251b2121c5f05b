"""The tests, the options and the outline on the page on pytest, in a suite that a pytest runs."""

from __future__ import annotations

import importlib.metadata
import re

import pytest

from tests.docs.blocks import SETTINGS, blocks
from tests.docs.project import run

PAGE = "docs/how-to/pytest.md"
ALL = [each for each in blocks() if each.page == PAGE]
TESTS = [
    each
    for each in ALL
    if each.kind == "python" and "def test_" in each.text and not SETTINGS.search(each.text)
]
OPTIONS = [each for each in ALL if each.kind == "toml"]
(OUTLINE,) = [each.text for each in ALL if each.text.startswith("django.db.models.")] or [""]

pytestmark = pytest.mark.skipif(not ALL, reason="the documentation is not here")

IN_THE_SUITE = """
INSTALLED_APPS += ["signalscope"]
ALLOWED_HOSTS = ["*"]
# What a client's request sends besides.
SIGNALSCOPE = {"DENY": ["*.pre_init", "*.post_init", "*.request_*"]}
"""
URLS = """
from django.http import HttpResponse
from django.urls import path

from shop.models import Book, Order


def checkout(request):
    Order.objects.create()
    return HttpResponse()


urlpatterns = [path("checkout/", checkout)]
"""
SIGNALS = """
from django.db.models.signals import post_save
from django.dispatch import Signal, receiver

from shop.models import Book, Order

book_purchased = Signal()


@receiver(post_save, sender=Order)
def take_from_stock(**kwargs):
    Book(pk=1).save(update_fields=["stock"])


@receiver(post_save, sender=Order)
def confirm(**kwargs): ...


@receiver(post_save, sender=Book)
def warn_low_stock(**kwargs): ...
"""
HANDLERS = """
from django.db.models.signals import post_save
from django.dispatch import receiver

from shop.models import {model}

ran = []


@receiver(post_save, sender={model})
def {name}(**kwargs):
    ran.append(1)
"""
CONFTEST = f"""
import pytest


@pytest.fixture(autouse=True)
def shelf(db, request, monkeypatch):
    import bookstore.signals
    import mailing.receivers
    import search.handlers
    import shop.signals
    from shop.models import Book

    book = Book(pk=1, title="Tides")
    Book.objects.bulk_create([book])
    monkeypatch.setattr(request.module, "book", book)
    search.handlers.ran.clear()


@pytest.fixture
def snapshot():
    '''Stand for a snapshot that was taken before.'''
    return {OUTLINE.rstrip()!r}
"""
HEAD = """
import pytest
from django.db.models.signals import post_save
from shop.models import Book, Review

book = None


def indexed():
    from search import handlers

    Book.objects.create()
    return bool(handlers.ran)

"""
INDEXED = {"test_import": False, "test_later": False, "test_index": True, "test_all": True}
"""Whether the receiver that tests of the page mute, or want, runs in them."""
OTHER = """
def test_other(db):
    assert not indexed()
"""
FILES = {
    "urls.py": URLS,
    "shop/signals.py": SIGNALS,
    "bookstore/signals.py": HANDLERS.format(model="Review", name="record_review_rating"),
    "search/handlers.py": HANDLERS.format(model="Book", name="index_book"),
    "mailing/receivers.py": HANDLERS.format(model="Order", name="greet"),
    "conftest.py": CONFTEST,
}
PLUGIN = "signalscope.pytest_plugin"


def suite(tmp_path, tests, options=(), files=None):
    """Run tests by a pytest of their own, in which all have to pass."""
    entries = importlib.metadata.entry_points(group="pytest11")
    loaded = any(each.value == PLUGIN for each in entries)
    files = {
        **FILES,
        **(files or {}),
        "pyproject.toml": "\n".join(["[tool.pytest]", "strict = true", *options]),
        **{f"test_{name}.py": HEAD + text for name, text in tests.items()},
    }
    given = ["-m", "pytest", "-rA", "-p", "no:randomly", *([] if loaded else ["-p", PLUGIN])]
    done = run(tmp_path, "", settings=IN_THE_SUITE, files=files, arguments=given)
    passed = re.findall(r"^PASSED .+::(\w+)$", done.stdout, re.MULTILINE)
    assert sorted(passed) == sorted(re.findall(r"def (test_\w+)", "".join(tests.values()))), (
        done.stdout + done.stderr
    )


def asking(text):
    """Let the page's tests that mute, or want, a receiver assert that it did not run, or did."""
    for name, runs in INDEXED.items():
        text = re.sub(
            rf"^(def {name}\(.*?\):)(?: \.\.\.|\n    (.+))$",
            rf"\1\n    \2\n    assert indexed() is {runs}",
            text,
            flags=re.MULTILINE,
        )
    return text


def test_what_each_test_says_holds(tmp_path):
    """Markers and fixtures are the plugin's, and mute what they name."""
    tests = {str(each.number): asking(each.text) for each in TESTS if "muted" in each.text}
    assert sum(text.count("assert indexed()") for text in tests.values()) == len(INDEXED)
    suite(tmp_path, tests)


def test_what_the_options_say_holds_for_all(tmp_path):
    """A test that says nothing has what is muted in the configuration file muted, too."""
    options = []
    for each in OPTIONS:
        heading, *lines = each.text.splitlines()
        assert heading == "[tool.pytest]"
        options += lines
    tests = {str(each.number): asking(each.text) for each in TESTS if "snapshot" not in each.text}
    suite(tmp_path, {**tests, "other": OTHER}, options)


def test_the_outline_is_the_one_that_is_shown(tmp_path):
    """By the page's own test, in a shop in which nobody else hears of orders and books."""
    tests = {str(each.number): each.text for each in TESTS if "snapshot" in each.text}
    alone = dict.fromkeys(["search/handlers.py", "mailing/receivers.py"], "ran = []\n")
    assert OUTLINE
    assert len(tests) == 1
    suite(tmp_path, tests, files=alone)
