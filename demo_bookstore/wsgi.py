"""The bookstore as a WSGI application, static files included."""

import os

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demo_bookstore.settings")

application = StaticFilesHandler(get_wsgi_application())
