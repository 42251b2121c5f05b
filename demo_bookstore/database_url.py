"""Reads DATABASE_URL for the settings, which therefore it must not import."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Any

from django.core.exceptions import ImproperlyConfigured

POSTGRESQL = "django.db.backends.postgresql"
REMEDY = "Give one such as postgresql://user@host/name, or unset it to use SQLite."


class DatabaseUrlError(ImproperlyConfigured):
    """DATABASE_URL cannot be used; the message says why, and never shows the password in it."""


def schema_of(run: str) -> str:
    """Return the name of the schema that a run has to itself, within PostgreSQL's 63 bytes."""
    return "demo_bookstore_" + re.sub(r"[^a-z0-9]+", "_", run.lower())[:40]


def read(url: str, schema: str) -> dict[str, Any]:
    """Return Django's description of that database, with the schema as all that can be seen of it.

    Raises `DatabaseUrlError` where the URL is not understood, or what it takes is not installed.
    """
    try:
        import dj_database_url  # noqa: PLC0415 - asked for only where DATABASE_URL is set
    except ImportError:
        raise DatabaseUrlError(_missing("dj-database-url")) from None
    try:
        described = dict(dj_database_url.parse(url))
    except ValueError:
        # Not what the library says, as that can quote the URL.
        raise DatabaseUrlError(f"DATABASE_URL is no URL of a database. {REMEDY}") from None
    if described["ENGINE"] != POSTGRESQL:
        raise DatabaseUrlError(f"DATABASE_URL is no URL of a PostgreSQL. {REMEDY}")
    if not described["NAME"]:
        raise DatabaseUrlError(f"DATABASE_URL names a server, and no database on it. {REMEDY}")
    if not (find_spec("psycopg") or find_spec("psycopg2")):
        raise DatabaseUrlError(_missing("psycopg[binary]"))
    options = dict(described.get("OPTIONS", {}))
    # Nothing else is in the path, so not even a mistake of ours finds tables that are not ours.
    path = f"-c search_path={schema}"
    options["options"] = f"{options.get('options', '')} {path}".strip()
    options.setdefault("connect_timeout", 10)
    return described | {"OPTIONS": options}


def _missing(package: str) -> str:
    return (
        f"DATABASE_URL is set, and to use it takes “{package}”, which is not installed. Install it "
        f"by: python -m pip install '{package}'. Or unset DATABASE_URL to use SQLite."
    )
