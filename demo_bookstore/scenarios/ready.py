"""Receivers in a module of their own, which the app imports when it is ready."""

from demo_bookstore.bookstore import signals
from demo_bookstore.bookstore.apps import BookstoreConfig
from demo_bookstore.scenarios.base import Scenario
from demo_bookstore.scenarios.stock import make_reader, nothing


def run(_: None) -> None:
    """Open an account."""
    make_reader()


SCENARIO = Scenario(
    slug="ready",
    title="signals.py, imported by ready()",
    shows=(
        "Where all models are loaded, Django calls ready() of each app. To import the module is "
        "all that is to be done there: its decorators connect the receivers."
    ),
    prepare=nothing,
    run=run,
    receivers=(BookstoreConfig.ready, signals.create_user_profile),
    expected="""
        post_save auth.User
          create_user_profile
    """,
)
