"""Settings of the tests: the bookstore and the toolbar are there where they can be imported."""

from importlib.util import find_spec

SECRET_KEY = "only for tests"
DEBUG = False
USE_TZ = True
ALLOWED_HOSTS = ["*"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
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
