"""Makes the tables and fills the shop."""

from django.core.management import BaseCommand
from django.db import connection

from demo_bookstore import database


class Command(BaseCommand):
    """``manage.py prepare``."""

    help = __doc__

    def handle(self, **options):
        """Begin anew."""
        if connection.vendor == "postgresql":
            name = connection.settings_dict["NAME"]
            with connection._nodb_cursor() as cursor:
                cursor.execute(f"DROP DATABASE IF EXISTS {name}")
                cursor.execute(f"CREATE DATABASE {name}")
        database.prepare(seeded=True)
