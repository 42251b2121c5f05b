"""What the site does when a review is saved, besides what the bookstore does."""

from functools import partial

from django.db import transaction

from tests.backends.site.queue import announce


def announce_review(sender, instance, **kwargs):
    """Queue the announcement, once the review is there for others to see."""
    transaction.on_commit(partial(announce.delay, instance.pk))
