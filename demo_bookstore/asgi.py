"""The bookstore as an ASGI application, static files included."""

import os

from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demo_bookstore.settings")

application = ASGIStaticFilesHandler(get_asgi_application())
