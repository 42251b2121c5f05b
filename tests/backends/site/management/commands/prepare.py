"""Makes the tables and fills the shop."""

from django.conf import settings
from django.core.management import BaseCommand, call_command
from django.db import connection

from demo_bookstore import database
from demo_bookstore.bookstore import seed


class Command(BaseCommand):
    """``manage.py prepare``."""

    help = __doc__

    def handle(self, **options):
        """Begin anew."""
        if connection.vendor != "postgresql":
            database.prepare(seeded=True)
            return
        # The bookstore empties no database that settings name; this one is made here.
        name = connection.settings_dict["NAME"]
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")
            cursor.execute(f"CREATE DATABASE {name}")
        settings.RUN_DIR.mkdir(parents=True, exist_ok=True)
        call_command("migrate", verbosity=0, interactive=False)
        seed.fill()
