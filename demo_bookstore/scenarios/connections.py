"""A connection to the database is opened."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.backends.signals import connection_created

from demo_bookstore.scenarios.base import Scenario, Wire
from demo_bookstore.scenarios.stock import nothing

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


def set_up_session(sender: type, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Say something to the database that holds as long as this connection does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def run(_: None) -> None:
    """Open one more connection, as each new thread does, and close it."""
    another = connections.create_connection("default")
    another.connect()
    with closing(another.connection):
        pass


_BACKEND = type(connections["default"])

SCENARIO = Scenario(
    slug="connections",
    title="A connection is opened",
    shows=(
        "connection_created is sent once for each connection, with the open connection: the place "
        "for what a session needs. Its sender is the class of the backend."
    ),
    prepare=nothing,
    run=run,
    receivers=(set_up_session,),
    wires=(Wire(connection_created, set_up_session),),
    signals=(connection_created,),
    expected=f"""
        connection_created {_BACKEND.__module__}.{_BACKEND.__qualname__}
          set_up_session
    """,
)
