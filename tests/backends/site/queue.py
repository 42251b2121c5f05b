"""The Celery app and its task: ``celery -A tests.backends.site.queue worker``."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.backends.site.settings")

app = Celery("bookstore")
app.config_from_object("django.conf:settings", namespace="CELERY")


@app.task
def announce(review_pk):
    """Note in the log that a review is out, as a shop may do when it has time."""
    from demo_bookstore.bookstore.models import ActivityLog, Review

    review = Review.objects.get(pk=review_pk)
    entry = ActivityLog.objects.create(
        action=ActivityLog.Action.CREATED,
        model_name="Review",
        object_id=review.pk,
        description=f"Announced: {review}",
    )
    return entry.pk
