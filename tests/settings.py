"""Settings of the tests: the bookstore and the toolbar are there where they can be imported."""

import os
from importlib.util import find_spec

# The bookstore reads it, and a shell has it for another project.
os.environ.pop("DATABASE_URL", None)

SECRET_KEY = "only for tests"
DEBUG = False
USE_TZ = True
ALLOWED_HOSTS = ["*"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
# The folder of a PostgreSQL's socket; `nox -s postgresql` starts one and sets it. Then SQLite is an
# alias beside two databases of that server.
SIGNALSCOPE_POSTGRESQL = os.environ.get("SIGNALSCOPE_POSTGRESQL")
if SIGNALSCOPE_POSTGRESQL:
    DATABASES["light"] = DATABASES["default"]
    for alias in ("default", "second"):
        DATABASES[alias] = {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": SIGNALSCOPE_POSTGRESQL,
            "USER": "signalscope",
            "NAME": "postgres",
            "TEST": {"NAME": f"signalscope_{alias}"},
        }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "signalscope",
    "tests.testapp",
]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "tests.urls"

# The demo needs the toolbar, which is an extra; without it, what tests them is skipped.
WITH_TOOLBAR = find_spec("debug_toolbar") is not None and find_spec("demo_bookstore") is not None

if WITH_TOOLBAR:
    from demo_bookstore import settings as demo

    INSTALLED_APPS = list(dict.fromkeys([*demo.INSTALLED_APPS, *INSTALLED_APPS]))
    MIDDLEWARE = demo.MIDDLEWARE
    TEMPLATES = demo.TEMPLATES
    ROOT_URLCONF = demo.ROOT_URLCONF
    DEBUG_TOOLBAR_PANELS = demo.DEBUG_TOOLBAR_PANELS
    DEBUG_TOOLBAR_CONFIG = demo.DEBUG_TOOLBAR_CONFIG
    # What the scenarios take, and from Django 6.1 on a mailer for what they send.
    taken = [name for name in vars(demo) if name.startswith("TRACE_") or name == "MAILERS"]
    globals().update({name: getattr(demo, name) for name in taken})
