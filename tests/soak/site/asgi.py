"""The site for uvicorn."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.soak.site.settings")

from django.core.asgi import get_asgi_application

from tests.soak.site import telemetry

application = get_asgi_application()
telemetry.start()
