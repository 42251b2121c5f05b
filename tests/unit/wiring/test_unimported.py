"""W004: modules that connect receivers and were never imported."""

from __future__ import annotations

import importlib.util
import sys

import pytest
from django.apps import apps
from django.db.models.signals import post_save

from signalscope.diagnosis.wiring import unimported

FILES = {
    "__init__.py": "",
    "models.py": "",
    "apps.py": (
        "from django.apps import AppConfig\n"
        "class Active(AppConfig):\n    name = '{name}'\n    default = True\n"
        "class Other(AppConfig):\n    name = '{name}'\n"
        "    def ready(self):\n        from . import signals\n"
    ),
}
CONNECTS = "from django.db.models.signals import post_save\npost_save.connect(print, sender=None)\n"
DECORATES = (
    "from django.dispatch import receiver\nfrom django.db.models.signals import post_save\n\n\n"
    "@receiver(post_save)\ndef handle(**_):\n    pass\n"
)


@pytest.fixture
def app(tmp_path, monkeypatch, settings):
    """Give a function that makes an app of these files, installs it and asks the rule."""
    names = iter(range(99))
    monkeypatch.syspath_prepend(tmp_path)
    before = list(post_save.receivers)

    def app(**files):
        name = f"unimported_app_{next(names)}"
        for path, text in {**FILES, **files}.items():
            file = tmp_path / name / (path if path.endswith(".py") else f"{path}.py")
            file.parent.mkdir(parents=True, exist_ok=True)
            (file.parent / "__init__.py").touch()
            file.write_text(text.replace("{name}", name))
        with monkeypatch.context() as patch:
            importlib.invalidate_caches()
            with apps_with(name):
                findings = unimported.never_imported([])
            del patch
        for module in [each for each in sys.modules if each.startswith(name)]:
            del sys.modules[module]
        return [
            (each.evidence["module"].removeprefix(f"{name}."), each.places[0].line)
            for each in findings
            if each.evidence["module"].startswith(name)
        ]

    yield app
    with post_save.lock:
        post_save.receivers = before
        post_save.sender_receivers_cache.clear()


class apps_with:  # noqa: N801 - used as a function
    """Install a further app in the block."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        from django.conf import settings

        apps.set_installed_apps([*settings.INSTALLED_APPS, self.name])

    def __exit__(self, *_):
        apps.unset_installed_apps()


class TestNeverImported:
    @pytest.mark.parametrize("name", ["signals", "receivers", "handlers/users", "signals/__init__"])
    @pytest.mark.parametrize(("text", "line"), [(CONNECTS, 2), (DECORATES, 6)], ids=["c", "d"])
    def test_is_found(self, app, name, text, line):
        module = name.replace("/", ".").removesuffix(".__init__")
        assert app(**{name: text}) == [(module, line)]

    def test_one_that_only_its_tests_import(self, app):
        assert app(
            signals=DECORATES, **{"tests/test_signals": "from ..signals import handle\n"}
        ) == [("signals", 6)]

    @pytest.mark.parametrize(
        "text",
        [
            "shown = {'signals': 3}",
            "shown['signals'] = 3",
            "page('signals', title='Signals')",
            "page(slug='signals')",
            "print('signals are nice')",
        ],
    )
    def test_one_whose_name_is_said_for_another_reason(self, app, text):
        """A common word, which is no name of a module by itself."""
        assert app(signals=CONNECTS, views=text) == [("signals", 2)]

    def test_the_ready_of_an_app_config_that_is_not_taken(self, app):
        """`FILES` has one."""
        assert app(signals=CONNECTS) == [("signals", 2)]

    @pytest.mark.parametrize(
        "files",
        [
            {"__init__": "from . import signals"},
            {"models": "from .signals import *"},
            {"models": "import {name}.signals"},
            {"views": "from {name} import signals"},
            {"views": "def view(request):\n    from .signals import x"},
            {"loading": "import_module('{name}.signals')"},
            {"loading": "autodiscover_modules('signals')"},
            {"loading": "AUTODISCOVER = ['signals']"},
            {"loading": "NAME = 'signals'"},
            {"loading": "load_all(of='signals')"},
            {"loading": "for app in apps:\n    import_string(f'{{app}}.signals')"},
            {"loading": "import_string('%s.signals' % app)"},
            {"loading": "hooks = {'loaded': 'signals'}"},
            {"sub/loading": "from ..signals import handle"},
            {"management/commands/load": "from {name}.signals import handle"},
            {"tasks": "import {name}.signals"},
        ],
        ids=str,
    )
    def test_one_that_somebody_may_import(self, app, files):
        """Now, or when it is needed."""
        assert app(signals=DECORATES, **files) == []

    @pytest.mark.parametrize(
        "text",
        [
            "from django.dispatch import Signal\nnoted = Signal()\n",
            (
                "from django.db.models.signals import post_save\n\n"
                "def connect():\n    post_save.connect(print)\n"
            ),
            "import sqlite3\nconnection = sqlite3.connect('x')\n",
            "from django.dispatch import receiver\n# post_save.connect(handle)\n",
            "this is no Python: receiver .connect( signals\n",
            "",
        ],
    )
    def test_one_that_connects_nothing(self, app, text):
        assert app(signals=text) == []

    @pytest.mark.parametrize(
        "name",
        [
            *("tests", "test_signals", "tests/handlers", "migrations/0001_initial", "conftest"),
            *("management/commands/listen", "celery", "tasks"),
        ],
    )
    def test_one_that_is_loaded_otherwise(self, app, name):
        assert app(**{name: DECORATES}) == []

    def test_of_this_project_but_the_one_on_show(self):
        """Which the bookstore has as a pitfall, where it is installed."""
        on_show = ["demo_bookstore.pitfalls.never_imported.forgotten"]
        found = [each.evidence["module"] for each in unimported.never_imported([])]
        assert found == (on_show if apps.is_installed("demo_bookstore.pitfalls") else [])
