"""The site for gunicorn, each worker of which loads it."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.soak.site.settings")

from django.core.wsgi import get_wsgi_application

from tests.soak.site import telemetry

application = get_wsgi_application()
telemetry.start()
