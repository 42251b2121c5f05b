"""Settings of the bookstore: DEBUG on, and whatever it writes outside the repository.

On SQLite, unless DATABASE_URL names a PostgreSQL.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import django

from demo_bookstore import database_url

if TYPE_CHECKING:
    from django.http import HttpRequest

# One folder per user and per run, so that two servers on two ports never share a database.
# `python -m demo_bookstore` names the run after its port; other commands see the default port's.
_USER = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
_RUN = os.environ.get("DEMO_BOOKSTORE_RUN", "8000")
RUN_DIR = Path(tempfile.gettempdir()) / f"demo-bookstore-{_USER}" / _RUN

DEBUG = True
SECRET_KEY = "the-bookstore-is-a-demonstration-and-keeps-no-secrets"  # noqa: S105
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "debug_toolbar",
    "signalscope",
    "demo_bookstore.bookstore",
    "demo_bookstore.pitfalls",
    "demo_bookstore.scenarios",
]

MIDDLEWARE = [
    "debug_toolbar.middleware.DebugToolbarMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "demo_bookstore.bookstore.middleware.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "demo_bookstore.bookstore.middleware.reader_at_the_counter",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "demo_bookstore.urls"
WSGI_APPLICATION = "demo_bookstore.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "demo_bookstore.bookstore.context.shop",
            ],
        },
    },
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": RUN_DIR / "bookstore.sqlite3",
        # The server is threaded: writers queue for the lock instead of failing half-way.
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    },
}
# On PostgreSQL a run has a schema instead, beside whatever else the database holds.
DATABASE_SCHEMA = None
if _url := os.environ.get("DATABASE_URL"):
    DATABASE_SCHEMA = database_url.schema_of(_RUN)
    DATABASES = {"default": database_url.read(_url, DATABASE_SCHEMA)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

STATIC_URL = "static/"
MEDIA_URL = "media/"
MEDIA_ROOT = RUN_DIR / "media"

# Mail is written to files, for reading and not for sending.
MAIL_DIR = RUN_DIR / "mail"
DEFAULT_FROM_EMAIL = "Lighthouse Books <counter@lighthouse-books.example>"
if django.VERSION >= (6, 1):
    MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "OPTIONS": {"file_path": MAIL_DIR},
        },
    }
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = MAIL_DIR

# The toolbar's usual panels, history first, with the static list of signals replaced.
DEBUG_TOOLBAR_PANELS = [
    "debug_toolbar.panels.history.HistoryPanel",
    "debug_toolbar.panels.versions.VersionsPanel",
    "debug_toolbar.panels.timer.TimerPanel",
    "debug_toolbar.panels.settings.SettingsPanel",
    "debug_toolbar.panels.headers.HeadersPanel",
    "debug_toolbar.panels.request.RequestPanel",
    "debug_toolbar.panels.sql.SQLPanel",
    "debug_toolbar.panels.staticfiles.StaticFilesPanel",
    "debug_toolbar.panels.templates.TemplatesPanel",
    "debug_toolbar.panels.alerts.AlertsPanel",
    "debug_toolbar.panels.cache.CachePanel",
    "signalscope.integrations.debug_toolbar.SignalscopePanel",
    "debug_toolbar.panels.tasks.TasksPanel",
    "debug_toolbar.panels.community.CommunityPanel",
    "debug_toolbar.panels.redirects.RedirectsPanel",
    "debug_toolbar.panels.profiling.ProfilingPanel",
]


def show_toolbar(request: HttpRequest) -> bool:
    """Show the toolbar to every visitor: the server listens on the loopback address only.

    Not on a report, which is a page that takes nothing from anywhere.
    """
    from django.conf import settings  # noqa: PLC0415 - what holds now, which a test may have changed

    return settings.DEBUG and not request.path.endswith("/report/")


DEBUG_TOOLBAR_CONFIG = {
    "SHOW_TOOLBAR_CALLBACK": "demo_bookstore.settings.show_toolbar",
    # Folded away until it is asked for: opened, it would hide half of a phone's screen.
    "SHOW_COLLAPSED": True,
    # The tests of this project look at the toolbar, so it has to stay on while they run.
    "IS_RUNNING_TESTS": False,
}

# Every default fits a project under development, so nothing needs to be set here.
SIGNALSCOPE = {}

# What the scenarios are recorded, muted, logged, checked and shown with, and the OpenTelemetry
# instrumentor behind `--otlp`. They are dotted paths so that this file is the only one in which the
# library is named.
TRACE_RECORDER = "signalscope.record"
TRACE_MUTER = "signalscope.muted"
TRACE_CHECKS = "signalscope"
TRACE_LOG = "signalscope.integrations.logging.LoggingSink"
TRACE_LOGGER = "signalscope.signals"
TRACE_ADD_SINK = "signalscope.add_sink"
TRACE_REMOVE_SINK = "signalscope.remove_sink"
TRACE_REPORT = "signalscope.rendering.report.report"
TRACE_EXPORTER = "signalscope.integrations.opentelemetry.SignalscopeInstrumentor"
