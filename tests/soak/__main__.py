"""Soaks the bookstore: ``python -m tests.soak [--minutes N] [--sabotage NAME]``."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.soak.rounds import RATE, VARIANTS, Soak
from tests.soak.servers import COMMANDS, fill
from tests.soak.site.sabotage import NAMES


def main():
    """Return 1 where anything is in breach, else 0."""
    options = _options()
    started = time.monotonic()

    def say(line):
        print(f"{time.monotonic() - started:4.0f} s  {line}", file=sys.stderr, flush=True)

    names = [name for name in COMMANDS if options.only.lower() in name.lower()]
    seconds = options.minutes * 60 / len(names) / len(VARIANTS)
    breaches = []
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        filled = Path(folder) / "filled"
        fill(filled)
        for name in names:
            soak = Soak(name, seconds, filled, options, say=say)
            print(soak.run(), flush=True)
            breaches += [f"{name}: {each}" for each in soak.breaches]
    for breach in breaches:
        print(f"BREACH  {breach}")
    print(f"{len(breaches) or 'No'} breaches; took {time.monotonic() - started:.0f} s")
    return 1 if breaches else 0


def _options():
    parser = argparse.ArgumentParser(prog="nox -s soak --", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2, help="of load, all servers together")
    parser.add_argument(
        "--only", choices=("asgi", "wsgi"), default="", help="one server of the two"
    )
    parser.add_argument("--rate", type=float, default=RATE, help="requests a second")
    parser.add_argument(
        "--no-latency",
        dest="latency",
        action="store_false",
        help="show latencies and do not judge them, for a machine that others use",
    )
    parser.add_argument("--sabotage", choices=NAMES, default="", help="a fault, put in on purpose")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
