"""The project of somebody who reads the pages, and programs that are run in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from tests.docs.blocks import ROOT

APPS = Path(__file__).parent / "reader"

PANEL = "signalscope.integrations.debug_toolbar.SignalscopePanel"
BASE = """
SECRET_KEY = "only for tests"
DEBUG = False
USE_TZ = True
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "urls"
STATIC_URL = "static/"
MIDDLEWARE = []
TEMPLATES = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True},
]
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.staticfiles",
    "shop",
]
SIGNALSCOPE = {}
"""
WITH_TOOLBAR = """
DEBUG = True
MIDDLEWARE = ["debug_toolbar.middleware.DebugToolbarMiddleware"]
INSTALLED_APPS = [*INSTALLED_APPS, "debug_toolbar"]
from debug_toolbar.settings import PANELS_DEFAULTS as DEBUG_TOOLBAR_PANELS
"""
URLS = """
from importlib.util import find_spec

urlpatterns = []
if find_spec("debug_toolbar"):
    from debug_toolbar.toolbar import debug_toolbar_urls

    urlpatterns = debug_toolbar_urls()
"""
SET_UP = """
import django
from django.core.management import call_command

django.setup()
"""
WITH_TABLES = SET_UP + 'call_command("migrate", run_syncdb=True, verbosity=0)\n'


def as_written(fragment):
    """Return a fragment of a settings file, with what the reader has in place of the dots."""
    listed = re.sub(r"^(\w+) = \[\n +# \.\.\..*$", r"\1 = [*\1,", fragment, flags=re.MULTILINE)
    named = re.sub(r"^(\w+) = \{\n +# \.\.\..*$", r"\1 = {**\1,", listed, flags=re.MULTILINE)
    # Twice in the list, an app is an error of Django's.
    # What says nothing of the app, or of the panel, takes it for granted that it is there.
    if "INSTALLED_APPS" not in named:
        named += 'INSTALLED_APPS += ["signalscope"]\n'
    if "DEBUG_TOOLBAR_CONFIG" in named:
        named += f'DEBUG_TOOLBAR_PANELS += ["{PANEL}"]\n'
    return f"{named}INSTALLED_APPS = list(dict.fromkeys(INSTALLED_APPS))\n"


def run(folder, program, *, settings="", files=None, arguments=()):
    """Run Python in the project, whose settings end with these; return what was printed."""
    wanted = {
        "settings.py": BASE + settings,
        "urls.py": URLS,
        "program.py": program,
        **(files or {}),
    }
    shutil.copytree(APPS, folder, dirs_exist_ok=True)
    for name, text in wanted.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "settings",
        "PYTHONPATH": os.pathsep.join(map(str, (folder, ROOT))),
        "PYTHONUTF8": "1",
    }
    return subprocess.run(
        [sys.executable, *(arguments or ["program.py"])],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def output_of(*arguments, **options):
    """Return what a program prints, which has to come to its end."""
    done = run(*arguments, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def toolbar():
    """Return the settings by which the toolbar shows up, where it is installed."""
    return WITH_TOOLBAR if find_spec("debug_toolbar") else ""
