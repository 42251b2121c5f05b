"""A schema of our own in somebody's PostgreSQL: made, emptied and dropped, and nothing beside it.

The shop begins anew at every start, and the scenarios empty every table. In a database that is
named by DATABASE_URL, which a shell may have exported for another project, this happens within one
schema: one that was not there, or that carries our mark.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from django.db import DatabaseError, OperationalError, connection

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

MARK = "Made by python -m demo_bookstore, which empties it at will and drops it in the end."


class ForeignDatabaseError(Exception):
    """The database cannot be used without touching what is not ours; the message says why."""


class Claim:
    """A schema that belongs to this process for as long as a connection of its own is open."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._connection: BaseDatabaseWrapper = connection.copy()

    def take(self) -> None:
        """Make the schema, in place of one that an earlier run has left.

        Raises `ForeignDatabaseError` if it is not ours, in use, out of reach or not to be had.
        """
        try:
            self._take()
        except ForeignDatabaseError:
            self._connection.close()
            raise
        except OperationalError as error:
            self._connection.close()
            message = f"The database that DATABASE_URL names cannot be reached: {_first(error)}"
            raise ForeignDatabaseError(message) from error
        except DatabaseError as error:
            self._connection.close()
            message = (
                f"The schema {self.name} cannot be made in the database that DATABASE_URL names: "
                f"{_first(error)}"
            )
            raise ForeignDatabaseError(message) from error

    def give_back(self) -> None:
        """Drop the schema. What is still using it must not keep the shop from closing."""
        with suppress(DatabaseError):
            self._run(f"DROP SCHEMA IF EXISTS {self.name} CASCADE")
        self._connection.close()

    def _take(self) -> None:
        self._run("SET lock_timeout = '10s'")
        # It ends with the connection, however the process ends.
        if not self._ask("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"):
            message = (
                f"Another bookstore is using the schema {self.name} of that database. "
                "Close it, or choose another port by --port."
            )
            raise ForeignDatabaseError(message)
        there = self._ask("SELECT count(*) FROM pg_namespace WHERE nspname = %s")
        mark = self._ask(
            "SELECT max(obj_description(oid, 'pg_namespace')) FROM pg_namespace WHERE nspname = %s"
        )
        if there and mark != MARK:
            message = (
                f"The database has a schema {self.name} which the bookstore has not made, and so "
                "does not empty. Choose another port by --port, or another database."
            )
            raise ForeignDatabaseError(message)
        # One string, and so one transaction: there is no moment at which it lacks the mark.
        self._run(
            f"DROP SCHEMA IF EXISTS {self.name} CASCADE; CREATE SCHEMA {self.name}; "
            f"COMMENT ON SCHEMA {self.name} IS '{MARK}'"
        )

    def _run(self, statement: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)

    def _ask(self, question: str) -> object:
        with self._connection.cursor() as cursor:
            cursor.execute(question, [self.name])
            return cursor.fetchone()[0]


def make_sure_of(name: str) -> None:
    """Raise `ForeignDatabaseError` unless the tables that Django is about to use are in there.

    A pool between us and the server may have lost what says so.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schemas(false)")
        (found,) = cursor.fetchone()
    if list(found) != [name]:
        message = (
            f"Tables would be looked for in {', '.join(found) or 'no schema'}, and not in {name}, "
            "where the bookstore keeps its own. Connect to the server without a pool."
        )
        raise ForeignDatabaseError(message)


def _first(error: Exception) -> str:
    """Return what went wrong without the hints that follow."""
    return str(error).strip().partition("\n")[0]
