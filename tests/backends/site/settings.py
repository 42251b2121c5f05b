"""The bookstore's settings, with what it writes below TMPDIR, and Celery over a file.

The processes of a test are given a TMPDIR of their own; SITE_POSTGRESQL, the folder of a server's
socket, puts the shop's data there.
"""

import os

from demo_bookstore.settings import *  # noqa: F403
from demo_bookstore.settings import DATABASES, INSTALLED_APPS, MIDDLEWARE, RUN_DIR

DEBUG = False
# As in production: who traces has to see to it that Signalscope is there. Recordings leave out what
# spans do, so that the two can be compared.
SIGNALSCOPE = {
    "ENABLED": False,
    "DENY": ["*.pre_init", "*.post_init", "django.core.signals.request_*"],
}

# Without the toolbar, which is for people.
INSTALLED_APPS = [each for each in INSTALLED_APPS if each != "debug_toolbar"]
INSTALLED_APPS += ["tests.backends.site"]
MIDDLEWARE = [each for each in MIDDLEWARE if not each.startswith("debug_toolbar.")]
ROOT_URLCONF = "tests.backends.site.urls"

if os.environ.get("SITE_POSTGRESQL"):
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.environ["SITE_POSTGRESQL"],
            "USER": "signalscope",
            "NAME": "signalscope_site",
        }
    }

# A process that is to queue tasks is told so; the others need no broker.
HAS_QUEUE = bool(os.environ.get("SITE_HAS_QUEUE"))
# Celery reads those that begin with CELERY.
CELERY_BROKER_URL = f"sqla+sqlite:///{RUN_DIR}/broker.sqlite3"
CELERY_RESULT_BACKEND = f"db+sqlite:///{RUN_DIR}/results.sqlite3"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
