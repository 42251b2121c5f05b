"""``python -m tests.fidelity.at_large WORK``: run the suites both ways, print what differs.

Exit status: 0 where every test came to the same, 1 where one did not, 2 where a suite could not be
run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tests.fidelity.at_large.comparing import compare
from tests.fidelity.at_large.report import Row, status, table
from tests.fidelity.at_large.running import Bench, NotRun, build_wheel
from tests.fidelity.suites import PAIRS, SUITES


def main() -> int:
    """Run what was asked for."""
    names = [suite.name for suite in SUITES]
    parser = argparse.ArgumentParser(prog="nox -s suites --")
    parser.add_argument("work", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--only", nargs="+", default=names, choices=names, metavar="NAME")
    parser.add_argument("--django", nargs="+", default=list(PAIRS), choices=list(PAIRS))
    options = parser.parse_args()
    work = options.work.resolve()
    try:
        wheel = build_wheel(work / "wheel")
    except NotRun as error:
        print(f"Nothing can be run: {error}")
        return 2
    rows = []
    for suite in SUITES:
        for django in options.django:
            if suite.name in options.only and django in suite.djangos:
                rows.append(play(Bench(suite, django, work), wheel))
                show(rows[-1])
    print(f"\n{table(rows)}")
    return status(rows)


def play(bench: Bench, wheel: Path) -> Row:
    """Run one suite on one Django."""
    suite, pair = bench.suite, PAIRS[bench.django]
    version = suite.version or pair.django
    name = f"{suite.package} {version}"
    try:
        bench.prepare(pair, wheel)
        bench.fetch(version)
        return Row(name, pair.django, compare(bench))
    except (NotRun, subprocess.TimeoutExpired) as error:
        return Row(name, pair.django, None, str(error))


def show(row: Row) -> None:
    """Say how a suite went as soon as it is known."""
    print(table([row]).splitlines()[-1], flush=True)
    for problem in row.problems:
        print(f"  DIFFERENT {problem}", flush=True)
    for line in row.compared.unsteady if row.compared else ():
        print(f"  UNSTEADY {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
