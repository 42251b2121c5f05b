"""A fixture is loaded, and a receiver takes its rows for news."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.mail import send_mail
from django.core.management import call_command
from django.db import transaction
from django.db.models.signals import post_save

from demo_bookstore.pitfalls.models import Notice
from demo_bookstore.scenarios.base import Scenario, Wire, pitfall
from demo_bookstore.scenarios.stock import nothing

FIXTURE = Path(__file__).with_name("notices.json")
READERS = "board@lighthouse-books.example"


def announce(sender: type[Notice], instance: Notice, *, created: bool, **kwargs: Any) -> None:
    """Bad: `created` is true for the rows of a fixture, too."""
    if created:
        _write_to_readers(instance)


def announce_news(
    sender: type[Notice], instance: Notice, *, created: bool, raw: bool, **kwargs: Any
) -> None:
    """Good: what is loaded from a fixture is no news."""
    if created and not raw:
        transaction.on_commit(lambda: _write_to_readers(instance))


def _write_to_readers(notice: Notice) -> None:
    send_mail(f"New on the board: {notice.title}", notice.text, None, [READERS])


def load_notices(_: None) -> None:
    """Load two notices of last year, as a new colleague does on the first day."""
    call_command("loaddata", FIXTURE, verbosity=0)


PITFALL = pitfall(
    slug="ignored-raw",
    title="Mail for every row of a fixture",
    shows=(
        "loaddata saves with raw=True: the rows are to be taken as they are, and what they refer "
        "to may not be there yet. A receiver that never looks at raw treats them as news."
    ),
    bad=Scenario(
        slug="ignored-raw-bad",
        title="Looks at created only",
        shows=(
            "Two old notices are loaded, and the readers get two letters: while raw is true, and "
            "before the transaction is committed."
        ),
        prepare=nothing,
        run=load_notices,
        receivers=(announce,),
        wires=(Wire(post_save, announce, sender=Notice),),
        facts=("created", "raw"),
        findings=("W012", "W102", "W107"),
        expected="""
            post_save pitfalls.Notice created=True raw=True
              announce
            post_save pitfalls.Notice created=True raw=True
              announce
        """,
    ),
    good=Scenario(
        slug="ignored-raw-good",
        title="Looks at raw first",
        shows="The same fixture, the same signals, and no letter.",
        prepare=nothing,
        run=load_notices,
        receivers=(announce_news,),
        wires=(Wire(post_save, announce_news, sender=Notice),),
        facts=("created", "raw"),
        expected="""
            post_save pitfalls.Notice created=True raw=True
              announce_news
            post_save pitfalls.Notice created=True raw=True
              announce_news
        """,
    ),
)
