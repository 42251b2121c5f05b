"""A book is deleted: the log keeps its name, and its cover file goes."""

from django.core.files.base import ContentFile

from demo_bookstore.bookstore import services, signals
from demo_bookstore.bookstore.models import Book
from demo_bookstore.scenarios.base import Scenario
from demo_bookstore.scenarios.stock import make_book, make_reader


def prepare() -> Book:
    """Bring a book with a cover file and a rating, and read it back from the database."""
    book = make_book(cover_image=ContentFile(b"not much of a picture", name="cover.png"))
    services.rate_book(book=book, user=make_reader(), rating_value=3)
    return Book.objects.get(pk=book.pk)


def run(book: Book) -> None:
    """Delete it."""
    book.delete()


SCENARIO = Scenario(
    slug="book-deleted",
    title="A book leaves, and takes its cover along",
    shows=(
        "The rating goes first, by cascade; its receiver sees from origin that the book goes "
        "too, and leaves the statistics alone. Then the book: one receiver writes the log, the "
        "other has the cover file removed after the commit."
    ),
    prepare=prepare,
    run=run,
    receivers=(
        signals.update_book_rating_stats,
        signals.log_book_deletion,
        signals.delete_cover_file,
    ),
    expected="""
        post_delete bookstore.Rating
          update_book_rating_stats
        post_delete bookstore.Book
          log_book_deletion
            post_save bookstore.ActivityLog
              trim_activity_log
          delete_cover_file
    """,
)
