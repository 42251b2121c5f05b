"""DATABASE_URL, as far as it goes without a server; tests/postgresql has the rest."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("debug_toolbar", reason="the bookstore shows its signals in the toolbar")

from demo_bookstore import database_url
from demo_bookstore.database_url import DatabaseUrlError, read, schema_of
from tests.functional.test_bookstore import run


@pytest.fixture
def installed(monkeypatch):
    """The library that parses is there, and be it as if a driver were."""
    pytest.importorskip("dj_database_url", reason="the dependency group “test” brings it")
    monkeypatch.setattr(database_url, "find_spec", lambda name: name == "psycopg")


WRONG = {
    "no URL": ("books", "no URL of a database"),
    "no scheme": ("//user:secret@host/db", "no URL of a database"),
    "another's scheme": ("books://user:secret@host/db", "no URL of a database"),
    "no port": ("postgresql://user:secret@host:door/db", "no URL of a database"),
    "brackets": ("postgresql://user:secret@[/db", "no URL of a database"),
    "no database": ("postgresql://user:secret@host", "no database on it"),
    "MySQL": ("mysql://user:secret@host/db", "no URL of a PostgreSQL"),
    "SQLite": ("sqlite:////home/user/secret.sqlite3", "no URL of a PostgreSQL"),
    "blank": (" ", "no URL of a database"),
}


@pytest.mark.usefixtures("installed")
class TestRead:
    def test_describes_the_database(self):
        """With one schema in sight, after whatever else the URL asks for."""
        described = read("postgresql://me:a%40b@host:5433/books?sslmode=require", "demo_x")
        wanted = {"NAME": "books", "USER": "me", "PASSWORD": "a@b", "HOST": "host", "PORT": 5433}
        assert wanted.items() <= described.items()
        assert described["OPTIONS"]["sslmode"] == "require"
        assert described["OPTIONS"]["options"] == "-c search_path=demo_x"

    @pytest.mark.parametrize("more", ["options=-c%20search_path%3Dtheirs", "currentSchema=theirs"])
    def test_another_schema_is_put_out_of_sight(self, more):
        """Of two paths, PostgreSQL takes the last."""
        options = read(f"postgresql://host/db?{more}", "demo_x")["OPTIONS"]["options"]
        assert options == "-c search_path=theirs -c search_path=demo_x"

    @pytest.mark.parametrize(("url", "message"), WRONG.values(), ids=WRONG)
    def test_what_is_wrong_is_said(self, url, message):
        """And no part of the URL, which may have a password in it."""
        with pytest.raises(DatabaseUrlError, match=message) as caught:
            read(url, "demo_x")
        assert "secret" not in str(caught.value)
        assert caught.value.__cause__ is None
        assert "postgresql://user@host/name" in str(caught.value)


class TestMissing:
    def test_the_library_is_named_with_the_command(self, monkeypatch):
        """It is asked for only here, so a plain installation lacks it."""
        monkeypatch.setitem(sys.modules, "dj_database_url", None)
        with pytest.raises(DatabaseUrlError, match="pip install 'dj-database-url'"):
            read("postgresql://host/db", "demo_x")

    def test_the_driver_is_named_with_the_command(self, installed, monkeypatch):
        """As the library, and before Django complains in its own words."""
        monkeypatch.setattr(database_url, "find_spec", lambda _: None)
        with pytest.raises(DatabaseUrlError, match=r"pip install 'psycopg\[binary\]'"):
            read("postgresql://host/db", "demo_x")


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("8000", "demo_bookstore_8000"),
        ("check-12", "demo_bookstore_check_12"),
        ('"; DROP', "demo_bookstore__drop"),
        ("é" * 90, "demo_bookstore__"),
        ("x" * 90, "demo_bookstore_" + "x" * 40),
    ],
)
def test_a_run_names_its_schema(name, schema):
    """By letters that need no quotes, and few enough."""
    assert schema_of(name) == schema


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("arguments", [["--check"], ["--port", "0"]], ids=" ".join)
def test_the_command_says_it_in_one_line(arguments):
    """And leaves by the status of wrong usage."""
    result = run(*arguments, DATABASE_URL="mysql://user:secret@host/db")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("DATABASE_URL is no URL of a PostgreSQL.")
    assert len(result.stderr.splitlines()) == 1
