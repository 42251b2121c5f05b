"""Posts a review as a browser would, and prints what was recorded of it as JSON."""

import json

from django.core.management import BaseCommand
from django.test import Client

import signalscope
from demo_bookstore.bookstore.models import Book


class Command(BaseCommand):
    """``manage.py post_review``."""

    help = __doc__

    def handle(self, **options):
        """Post one that nobody has posted before."""
        book = Book.objects.filter(reviews__isnull=True).first() or Book.objects.first()
        with signalscope.record() as recording:
            response = Client().post(
                f"/api/books/{book.slug}/reviews/",
                json.dumps({"rating": 5, "text": "Read it in one crossing."}),
                content_type="application/json",
            )
        self.stdout.write(
            json.dumps({"status": response.status_code, "recording": recording.to_dict()})
        )
