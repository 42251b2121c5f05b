"""The bookstore in a database that is somebody's: it plays there, and touches nothing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connections

from tests.functional.test_bookstore import run

pytestmark = [
    pytest.mark.skipif(
        not settings.SIGNALSCOPE_POSTGRESQL, reason="needs a PostgreSQL: nox -s postgresql"
    ),
    # What is looked at has to be committed, as others look at it too.
    pytest.mark.django_db(transaction=True),
]

ROOT = Path(__file__).parents[2]
PATIENCE = 60


@pytest.fixture
def ask():
    """Ask the database a question, or tell it something."""

    def ask(statement):
        with connections["default"].cursor() as cursor:
            cursor.execute(statement)
            return [row[0] for row in cursor.fetchall()] if cursor.description else None

    return ask


@pytest.fixture
def url(ask):
    """Somebody's database: with rows in a table, and the tables of these tests, named as ours."""
    ask("CREATE TABLE public.precious (word text)")
    ask("INSERT INTO public.precious VALUES ('kept')")
    folder, name = settings.SIGNALSCOPE_POSTGRESQL, connections["default"].settings_dict["NAME"]
    yield f"postgresql://signalscope@/{name}?host={quote(folder, safe='')}"
    assert ask("SELECT word FROM public.precious") == ["kept"]
    ask("DROP TABLE public.precious")


@pytest.fixture
def named(ask):
    """Name a schema, and drop it when the test is over."""
    names = []

    def named(name):
        names.append(name)
        return name

    yield named
    for name in names:
        ask(f"DROP SCHEMA IF EXISTS {name} CASCADE")


def schemas(ask):
    return ask("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'demo_bookstore%'")


def run_script(first, then, *, url, **environment):
    """Run the demo as a program that has done something else first."""
    lines = [
        "import os, sys",
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'demo_bookstore.settings'",
        "from demo_bookstore import __main__ as shop, settings",
        first,
        f"sys.exit({then})",
    ]
    return subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def count(ask, table):
    (number,) = ask(f"SELECT count(*) FROM {table}")  # noqa: S608 - names of our own
    return number


@contextmanager
def open_shop(url, port="0"):
    """Serve until the block is over, and yield where the data is, as the shop says it."""
    command = [sys.executable, "-m", "demo_bookstore", "--port", port]
    environment = os.environ | {"DATABASE_URL": url}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        overdue = threading.Timer(PATIENCE, process.kill)
        overdue.start()
        try:
            yield next(line for line in process.stdout if "Its data is in" in line), process
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                assert process.wait() == 0
        finally:
            overdue.cancel()
            process.kill()


def test_plays_every_scenario_and_leaves_nothing(ask, url):
    """Beside tables that are called as the shop's own."""
    before = count(ask, "pg_class")
    result = run("--check", DATABASE_URL=url)
    assert result.returncode == 0, result.stdout + result.stderr
    assert schemas(ask) == []
    assert count(ask, "pg_class") == before


def test_is_served_from_a_schema_of_its_own(ask, url):
    """Which it names, and which is gone when it closes."""
    with open_shop(url) as (said, _):
        (schema,) = schemas(ask)
        assert f"the schema {schema} of the database" in said
        assert count(ask, f"{schema}.bookstore_book") >= 300
        assert count(ask, "public.bookstore_book") == 0
    assert schemas(ask) == []


def test_begins_anew_after_one_that_was_killed(ask, url, named):
    """Its schema carries the mark, and so may go."""
    with open_shop(url) as (_, process):
        (schema,) = schemas(ask)
        process.kill()
        process.wait()
    named(schema)
    port = schema.rpartition("_")[2]
    ask(f"TRUNCATE {schema}.bookstore_purchase")
    assert schemas(ask) == [schema]
    with open_shop(url, port):
        assert count(ask, f"{schema}.bookstore_purchase") > 0
    assert schemas(ask) == []


def test_two_never_share_a_schema(ask, url, named):
    """The second is told, and the first loses nothing."""
    with open_shop(url):
        (schema,) = schemas(ask)
        name = schema.removeprefix("demo_bookstore_")
        # As from another computer, where the port is free.
        second = run_script(
            "from demo_bookstore.database import prepare",
            f"shop._with_django({name!r}, lambda: prepare(seeded=False))",
            url=url,
            DEMO_BOOKSTORE_RUN=name,
        )
        assert second.returncode == 2, second.stdout + second.stderr
        assert f"Another bookstore is using the schema {schema}" in second.stderr
        assert count(ask, f"{schema}.bookstore_book") >= 300


def test_a_schema_that_is_not_ours_is_left_alone(ask, url, named):
    """However it is called."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    schema = named(f"demo_bookstore_{port}")
    ask(f"CREATE SCHEMA {schema}")
    ask(f"CREATE TABLE {schema}.bookstore_book AS SELECT 'kept' AS word")
    result = run("--port", str(port), DATABASE_URL=url)
    assert (result.returncode, result.stdout) == (2, "")
    assert f"a schema {schema} which the bookstore has not made" in result.stderr
    assert "Traceback" not in result.stderr
    assert count(ask, f"{schema}.bookstore_book") == 1


def test_a_path_that_a_pool_has_lost_is_noticed(ask, url):
    """Before a table is made or emptied where it should not be."""
    result = run_script(
        "del settings.DATABASES['default']['OPTIONS']['options']", "shop.main(['--check'])", url=url
    )
    assert result.returncode == 2, result.stdout + result.stderr
    assert "Tables would be looked for in public" in result.stderr
    assert schemas(ask) == []


def test_a_database_named_past_the_url_is_refused(ask, url, tmp_path):
    """Settings of somebody's own can name one, which would be emptied."""
    (tmp_path / "careless.py").write_text(
        "from demo_bookstore.settings import *\n"
        "DATABASE_SCHEMA = None\n"
        "del DATABASES['default']['OPTIONS']['options']\n"
    )
    result = run(
        "--check",
        DATABASE_URL=url,
        DEMO_BOOKSTORE_SETTINGS="careless",
        PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}",
    )
    assert result.returncode == 2, result.stdout + result.stderr
    assert "which the bookstore has not made" in result.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda url: url.replace("?host=", "?host=%2Fnowhere"), "cannot be reached"),
        (lambda url: url.replace("signalscope@", "nobody@"), "cannot be reached"),
        (lambda url: url.replace("?host=", "x?host="), "cannot be reached"),
    ],
    ids=["server", "user", "database"],
)
def test_what_cannot_be_reached_is_said_in_one_line(url, change, message):
    """With the reason, and without a traceback."""
    result = run("--check", DATABASE_URL=change(url))
    assert (result.returncode, result.stdout) == (2, "")
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_one_who_may_make_no_schema_is_told(ask, url):
    """By PostgreSQL's own words."""
    ask("DROP ROLE IF EXISTS guest")
    ask("CREATE ROLE guest LOGIN")
    try:
        result = run("--check", DATABASE_URL=url.replace("signalscope@", "guest@"))
    finally:
        ask("DROP ROLE guest")
    assert result.returncode == 2
    assert "cannot be made" in result.stderr
    assert "permission denied" in result.stderr
    assert len(result.stderr.splitlines()) == 1
