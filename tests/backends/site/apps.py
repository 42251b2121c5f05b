"""Connects the receiver that hands work to the queue, where there is a worker."""

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_save


class SiteConfig(AppConfig):
    """The app that the tests add to the bookstore."""

    name = "tests.backends.site"
    label = "site_of_the_tests"

    def ready(self):
        """Load the Celery app, by which tasks are sent, and connect the receiver."""
        if settings.HAS_QUEUE:
            from tests.backends.site import receivers

            post_save.connect(receivers.announce_review, sender="bookstore.Review")
