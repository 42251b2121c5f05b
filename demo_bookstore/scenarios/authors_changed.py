"""Authors are added to a book, taken off it and cleared, from both sides of the relation."""

from demo_bookstore.bookstore import signals
from demo_bookstore.bookstore.models import Author, Book
from demo_bookstore.scenarios.base import Scenario
from demo_bookstore.scenarios.stock import make_author, make_book


def prepare() -> tuple[Book, Author, Author]:
    """Bring a book without an author, and two authors without a book."""
    return make_book(), make_author(), make_author("Cosimo Hale")


def run(prepared: tuple[Book, Author, Author]) -> None:
    """Add both, take one off from the other side of the relation, and clear what is left."""
    book, first, second = prepared
    book.authors.add(first, second)
    first.books.remove(book)
    book.authors.clear()


SCENARIO = Scenario(
    slug="authors-changed",
    title="Authors come and go",
    shows=(
        "m2m_changed is sent twice for each change, before and after it, and action says "
        "which. The receiver acts after: it notes the addition, the removal from the other "
        "side, and the clearing."
    ),
    prepare=prepare,
    run=run,
    receivers=(signals.authors_changed,),
    facts=("action", "reverse"),
    expected="""
        m2m_changed bookstore.Book_authors action=pre_add reverse=False
          authors_changed
        m2m_changed bookstore.Book_authors action=post_add reverse=False
          authors_changed
            post_save bookstore.ActivityLog
              trim_activity_log
        m2m_changed bookstore.Book_authors action=pre_remove reverse=True
          authors_changed
        m2m_changed bookstore.Book_authors action=post_remove reverse=True
          authors_changed
            post_save bookstore.ActivityLog
              trim_activity_log
        m2m_changed bookstore.Book_authors action=pre_clear reverse=False
          authors_changed
        m2m_changed bookstore.Book_authors action=post_clear reverse=False
          authors_changed
            post_save bookstore.ActivityLog
              trim_activity_log
    """,
)
