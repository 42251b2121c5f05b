"""The settings of a server that is soaked: SOAK_VARIANT says whether Signalscope is there.

The plain server has not even the app. Both have OpenTelemetry, a span around each request, and the
same lines on stdout and stderr, so that whatever differs between them is ours.
"""

import os

import django

from tests.backends.site.settings import *  # noqa: F403
from tests.backends.site.settings import INSTALLED_APPS, MIDDLEWARE, SIGNALSCOPE

VARIANT = os.environ.get("SOAK_VARIANT", "plain")
WITH_US = VARIANT == "ours"
ROOT_URLCONF = "tests.soak.site.urls"

# The demo's own two are synchronous: with them every page would run in a thread, and no
# asynchronous one in the event loop.
MIDDLEWARE = [
    "tests.soak.site.middleware.known_request",
    *(["tests.soak.site.sabotage.middleware"] if WITH_US else []),
    *(each for each in MIDDLEWARE if not each.startswith("demo_bookstore.")),
    "tests.soak.site.middleware.Reader",
]

# Each purchase sends a mail: kept ones would grow without end.
if django.VERSION >= (6, 1):
    MAILERS = {"default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}}
else:
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

if WITH_US:
    SIGNALSCOPE = {
        **SIGNALSCOPE,
        "ENABLED": True,
        "SINKS": ["tests.soak.site.census.SINK", "signalscope.integrations.logging.LoggingSink"],
        "MAX_DEPTH": 12,
    }
else:
    INSTALLED_APPS = [each for each in INSTALLED_APPS if each != "signalscope"]

# Lines about signals, and the program's own, go to stdout as JSON. All else goes to stderr, where
# whatever only one of the servers says is a breach.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "tests.soak.site.lines.JsonFormatter"},
        "plain": {"format": "{levelname} {name}: {message}", "style": "{"},
    },
    "filters": (
        {"receiver": {"()": "signalscope.integrations.logging.SignalContextFilter"}}
        if WITH_US
        else {}
    ),
    "handlers": {
        "stdout": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": "json",
            "filters": ["receiver"] if WITH_US else [],
        },
        "stderr": {"class": "logging.StreamHandler", "formatter": "plain"},
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "signalscope.signals": {"handlers": ["stdout"], "level": "DEBUG", "propagate": False},
        "shop": {"handlers": ["stdout"], "level": "INFO", "propagate": False},
    },
}
