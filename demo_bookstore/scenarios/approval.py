"""A review is corrected, then approved, and only the second sets the letter off."""

from demo_bookstore.bookstore import signals
from demo_bookstore.bookstore.models import Review
from demo_bookstore.scenarios.base import Scenario
from demo_bookstore.scenarios.stock import make_author, make_book, make_reader


def prepare() -> Review:
    """Bring a review that waits to be approved."""
    book = make_book()
    book.authors.add(make_author())
    return Review.objects.create(
        book=book, user=make_reader(), rating=4, text="Worth the fare.", is_approved=False
    )


def run(review: Review) -> None:
    """Correct its text, then approve it."""
    review.text = "Well worth the fare."
    review.save(update_fields=["text"])
    review.is_approved = True
    review.save(update_fields=["is_approved"])


SCENARIO = Scenario(
    slug="approval",
    title="Only when that field was saved",
    shows=(
        "Both saves call both receivers. update_fields tells the one that approves from the one "
        "that corrects, so the authors get their letter once."
    ),
    prepare=prepare,
    run=run,
    receivers=(signals.notify_author_of_review, signals.record_review_rating),
    facts=("update_fields",),
    expected="""
        post_save bookstore.Review update_fields=text
          record_review_rating
          notify_author_of_review
        post_save bookstore.Review update_fields=is_approved
          record_review_rating
            post_save bookstore.Rating update_fields=None
              update_book_rating_stats
                pre_save bookstore.Book update_fields=average_rating,total_ratings,updated_at
                  generate_slug
                post_save bookstore.Book update_fields=average_rating,total_ratings,updated_at
                  log_book_activity
                    post_save bookstore.ActivityLog update_fields=None
                      trim_activity_log
                  assign_catalogue_number
          notify_author_of_review
    """,
)
