"""A throw-away project with a shop, and what runs its tests in a process of its own."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

import signalscope

SHOP = """
from django.contrib.auth.models import Group, User
from django.db.models.signals import post_save
from django.dispatch import Signal, receiver

paid = Signal()
shipped = Signal()


@receiver(paid)
def ship(sender, **kwargs):
    shipped.send(sender=sender)


@receiver(shipped)
def tell(sender, **kwargs):
    pass


@receiver(post_save, sender=User)
def join(sender, instance, created, **kwargs):
    if created:
        list(Group.objects.all())
"""

SETTINGS = """
SECRET_KEY = "x"
ROOT_URLCONF = "settings"
urlpatterns = []
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "shop"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
"""

APPS = """
from django.apps import AppConfig

class Shop(AppConfig):
    name = "shop"

    def ready(self):
        import shop.signals
"""

PLUGIN = "signalscope.pytest_plugin"
HEAD = "import pytest\nfrom django.contrib.auth.models import User\nfrom shop.signals import paid\n"


@pytest.fixture
def run(pytester, monkeypatch):
    """Return what runs pytest on a project with a shop, whose tests are given as text."""
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(Path(signalscope.__file__).parent.parent))
    pytester.makepyfile(settings=SETTINGS)
    pytester.mkpydir("shop")
    Path("shop/apps.py").write_text(APPS)

    def run(tests, *arguments, head=HEAD, ini="", settings="settings", signals=""):
        Path("shop/signals.py").write_text(SHOP + signals)
        pytester.makeini(
            f"[pytest]\npythonpath = .\nDJANGO_SETTINGS_MODULE = {settings}\n{ini}"
            if settings
            else f"[pytest]\npythonpath = .\n{ini}"
        )
        pytester.makepyfile(test_shop=head + tests)
        entries = importlib.metadata.entry_points(group="pytest11")
        loaded = any(entry.value == PLUGIN for entry in entries)
        given = [] if loaded else ["-p", PLUGIN]
        return pytester.runpytest_subprocess(*given, "-p", "no:randomly", *arguments)

    return run
