"""The folder and the database of one run: made anew at every start, never in the repository."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, connections

from demo_bookstore.schema import Claim, ForeignDatabaseError, make_sure_of

_claims: list[Claim] = []


class UnsafeRunFolderError(Exception):
    """The folder for temporary data belongs to somebody else, or cannot be written."""


def prepare(*, seeded: bool) -> None:
    """Begin with an empty folder and a migrated database, and fill the shop if it is to open."""
    _empty(settings.RUN_DIR)
    try:
        _make_it_ours()
    except ForeignDatabaseError:
        remove()
        raise
    call_command("migrate", verbosity=0, interactive=False)
    if seeded:
        # Imported late, as the models can be loaded only once Django is set up.
        from demo_bookstore.bookstore import seed  # noqa: PLC0415

        seed.fill()


def clear() -> None:
    """Take every row, cached value and written file away, and keep the tables."""
    call_command("flush", verbosity=0, interactive=False)
    cache.clear()
    for folder in (settings.MAIL_DIR, settings.MEDIA_ROOT):
        shutil.rmtree(folder, ignore_errors=True)


def remove() -> None:
    """Leave nothing behind."""
    connections.close_all()
    while _claims:
        _claims.pop().give_back()
    shutil.rmtree(settings.RUN_DIR, ignore_errors=True)
    with suppress(OSError):  # other runs may still be using their part of it
        settings.RUN_DIR.parent.rmdir()


def place() -> str:
    """Say where the data is, for a person."""
    if settings.DATABASE_SCHEMA is None:
        return str(settings.RUN_DIR)
    name = settings.DATABASES["default"]["NAME"]
    return f"the schema {settings.DATABASE_SCHEMA} of the database {name}"


def _make_it_ours() -> None:
    """See to it that what is emptied here is nobody else's, whatever the settings say."""
    if settings.DATABASE_SCHEMA is not None:
        claim = Claim(settings.DATABASE_SCHEMA)
        claim.take()
        _claims.append(claim)
        make_sure_of(settings.DATABASE_SCHEMA)
        return
    file = connection.settings_dict["NAME"]
    if connection.vendor != "sqlite" or Path(file).parent != settings.RUN_DIR:
        message = (
            f"The settings name a database, {file}, which the bookstore has not made, and so does "
            "not empty. Leave DATABASES as it is, and set DATABASE_URL to use PostgreSQL."
        )
        raise ForeignDatabaseError(message)


def _empty(folder: Path) -> None:
    try:
        # The parent has a name that anyone can guess, in a place where anyone can create it.
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        if folder.parent.is_symlink() or (
            hasattr(os, "getuid") and folder.parent.stat().st_uid != os.getuid()
        ):
            message = f"{folder.parent} belongs to another user. Set TMPDIR to a folder of yours."
            raise UnsafeRunFolderError(message)
        connections.close_all()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        message = f"{folder} cannot be prepared: {error.strerror}. Set TMPDIR to another folder."
        raise UnsafeRunFolderError(message) from error
