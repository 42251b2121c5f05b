"""A user signs up, and a receiver issues the loyalty card."""

from django.contrib.auth.models import User
from django.utils.crypto import get_random_string

from demo_bookstore.bookstore import signals
from demo_bookstore.scenarios.base import Scenario


def prepare() -> str:
    """Choose a name that is free."""
    return f"newcomer-{get_random_string(8).lower()}"


def run(name: str) -> None:
    """Sign up, then change the address: only the first of the two saves issues a card."""
    user = User.objects.create_user(name)
    user.email = f"{name}@readers.example"
    user.save(update_fields=["email"])


SCENARIO = Scenario(
    slug="user-profile",
    title="A newcomer gets a loyalty card",
    shows=(
        "One receiver of post_save runs for both saves of a user, and acts on the first: "
        "created tells them apart."
    ),
    prepare=prepare,
    run=run,
    receivers=(signals.create_user_profile,),
    expected="""
        post_save auth.User
          create_user_profile
        post_save auth.User
          create_user_profile
    """,
)
