"""Posts an answer as a browser would."""

from django.core.management import BaseCommand
from django.test import Client


class Command(BaseCommand):
    """``manage.py post_answer``."""

    help = __doc__

    def handle(self, **options):
        """Post one, and print its primary key."""
        self.stdout.write(Client().post("/answer/").content.decode())
