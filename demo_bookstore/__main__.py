"""`python -m demo_bookstore`: opens the shop, or plays its scenarios with `--check`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

import django
from django.core.exceptions import ImproperlyConfigured

from demo_bookstore.server import ShopRequestHandler, ShopServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo_bookstore.scenarios.base import Scenario

HOST = "127.0.0.1"
DEFAULT_PORT = 8000
FINE, DIFFERENT, WRONG_USAGE = 0, 1, 2

WELCOME = """\
Lighthouse Books is open at {site}

  Post a review        {site}books/{slug}/#review
  Then see its trace   open the toolbar by its handle at the right edge, panel “Signals”
  As JSON              {site}api/books/{slug}/ (in the toolbar: panel “History”)
  Scenarios            {site}scenarios/
  Back office          {site}admin/ (user {admin}, password {admin})

Its data is in {place} and is made anew at every start. Stop with Ctrl+C.
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status: 0 fine, 1 a trace differs, 2 wrong usage."""
    options = _parse(arguments)
    # Not what a shell has exported for another project of yours.
    settings = os.environ.get("DEMO_BOOKSTORE_SETTINGS", "demo_bookstore.settings")
    os.environ["DJANGO_SETTINGS_MODULE"] = settings
    return _check() if options.check else _serve(options.port, options.otlp)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m demo_bookstore",
        description="A bookshop whose signals are worth watching.",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="play every scenario without a server; exit 0 only if each leaves the trace it must",
    )
    parser.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help="serve there (default: %(default)s)"
    )
    parser.add_argument(
        "--otlp", type=_url, metavar="URL", help="send traces to this OTLP/HTTP URL"
    )
    options = parser.parse_args(arguments)
    if options.check and options.otlp:
        parser.error("--check serves nothing, so it has no traces to send: leave --otlp out")
    return options


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:  # noqa: PLR2004
        message = f"{text!r} is no port: give a number from 0 (any that is free) to 65535"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        message = f"{text!r} is no endpoint: give one such as http://127.0.0.1:4318"
        raise argparse.ArgumentTypeError(message)
    return text


def _serve(port: int, otlp: str | None) -> int:
    try:
        # Bound before anything else: preparing the database would empty that of a running shop.
        server = ShopServer((HOST, port), ShopRequestHandler)
    except OSError as error:
        return _complain(f"Port {port} cannot be used: {error.strerror}. Choose another by --port.")
    with server:
        port = server.server_port
        return _with_django(str(port), lambda: _open_shop(server, port, otlp))


def _open_shop(server: ShopServer, port: int, otlp: str | None) -> int:
    from django.conf import settings  # noqa: PLC0415
    from django.utils.module_loading import import_string  # noqa: PLC0415

    from demo_bookstore import database  # noqa: PLC0415

    provider = None
    if otlp:
        try:
            from demo_bookstore import telemetry  # noqa: PLC0415

            exporter = import_string(settings.TRACE_EXPORTER)
        except ImportError as error:
            return _complain(
                f"Traces cannot be sent, as OpenTelemetry support is not installed ({error}). "
                "Install the extra “otel” and the package opentelemetry-exporter-otlp-proto-http."
            )
        provider = telemetry.start(otlp, exporter)

    # From here on there is something to clear away, whoever says when.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        database.prepare(seeded=True)
        from demo_bookstore.bookstore import seed  # noqa: PLC0415
        from demo_bookstore.bookstore.models import Book  # noqa: PLC0415
        from demo_bookstore.wsgi import application  # noqa: PLC0415

        server.set_app(application)
        print(
            WELCOME.format(
                site=f"http://{HOST}:{port}/",
                slug=Book.objects.filter(stock_quantity__gt=0).first().slug,
                admin=seed.ADMIN,
                place=database.place(),
            ),
            flush=True,
        )
        server.serve_forever()
    except KeyboardInterrupt:
        print("\nClosed.")
    finally:
        # nox sends a second signal, which shall not cut short what still has to be sent.
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        if provider:
            provider.shutdown()
        database.remove()
    return FINE


def _check() -> int:
    return _with_django(f"check-{os.getpid()}", _play_all)


def _play_all() -> int:
    from demo_bookstore import database  # noqa: PLC0415
    from demo_bookstore.scenarios.catalogue import SCENARIOS  # noqa: PLC0415

    # Some fail on purpose, and it is logged: in here the trace says it better.
    for name in ("django.dispatch", "django.request", "django.tasks", "demo_bookstore"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        database.prepare(seeded=False)
        outcomes = [_play(scenario) for scenario in SCENARIOS]
    finally:
        database.remove()
    different = outcomes.count(False)
    print(f"{len(outcomes) - different} of {len(outcomes)} scenarios left the trace they must.")
    return DIFFERENT if different else FINE


def _play(scenario: Scenario) -> bool:
    from demo_bookstore import database  # noqa: PLC0415
    from demo_bookstore.scenarios import player  # noqa: PLC0415

    print(f"{scenario.title}\n{'-' * len(scenario.title)}")
    database.clear()
    try:
        played = player.play(scenario)
    except player.CannotBePlayedError as error:
        print(f"not played: {error}\n")
        return False
    except Exception as error:  # noqa: BLE001 - the others are still to be played
        print(f"failed: {type(error).__name__}: {error}\n")
        return False
    print(played.tree)
    for warning in played.warnings:
        print(f"{warning.id.rpartition('.')[2]} {warning.msg}")
    print("ok\n" if played.as_expected else f"differs\n{played.difference()}\n", flush=True)
    return played.as_expected


def _with_django(run: str, action: Callable[[], int]) -> int:
    """Set Django up for the run of that name, which says where its data is, and do the action."""
    os.environ["DEMO_BOOKSTORE_RUN"] = run
    try:
        django.setup()
    except ModuleNotFoundError as error:
        return _complain(f"The bookstore needs “{error.name}”, which is not installed.")
    except ImproperlyConfigured as error:
        return _complain(str(error))
    from demo_bookstore.database import UnsafeRunFolderError  # noqa: PLC0415
    from demo_bookstore.schema import ForeignDatabaseError  # noqa: PLC0415

    try:
        return action()
    except (ForeignDatabaseError, UnsafeRunFolderError) as error:
        return _complain(str(error))


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _complain(message: str) -> int:
    print(message, file=sys.stderr)
    return WRONG_USAGE


if __name__ == "__main__":
    sys.exit(main())
