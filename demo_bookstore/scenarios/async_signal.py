"""An asynchronous page sends a signal that one synchronous and one asynchronous receiver hear."""

from demo_bookstore.bookstore import services, signals
from demo_bookstore.scenarios.base import Scenario
from demo_bookstore.scenarios.stock import make_book


def prepare() -> str:
    """Bring a book to look at, and another one to suggest."""
    make_book(title="The Morning Ferry")
    return make_book().slug


async def run(slug: str) -> None:
    """Look at the book as the JSON page does."""
    await services.view_book(slug)


SCENARIO = Scenario(
    slug="async-signal",
    title="A page that waits for nobody",
    shows=(
        "book_viewed is sent by asend(). The counter is an ordinary function and runs in a "
        "thread; the suggestions are looked up by a coroutine. Which starts first depends on "
        "the version of Django, so the outline sorts them by name."
    ),
    prepare=prepare,
    run=run,
    receivers=(services.view_book, signals.count_book_view, signals.prepare_suggestions),
    findings=("W110",),
    expected="""
        book_viewed bookstore.Book
          count_book_view
          prepare_suggestions (async)
    """,
)
