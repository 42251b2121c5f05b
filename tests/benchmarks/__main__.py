"""Prints the table: ``python -m tests.benchmarks [--quick] [--only WORD] [--folder FOLDER]``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from tests.benchmarks import report
from tests.benchmarks.lab import ROOT, Lab
from tests.benchmarks.picture import picture
from tests.benchmarks.rows import ROWS, Row, curves


def main():
    """Return 1 where a row is grossly worse than it was or shall be, else 0."""
    options = _options()
    started = time.monotonic()

    def say(line):
        print(f"{time.monotonic() - started:4.0f} s  {line}", file=sys.stderr, flush=True)

    lab = Lab(quick=options.quick, say=say)
    rows = []
    for function in ROWS:
        if options.only and options.only not in function.__name__:
            continue
        found = measure(function, lab)
        if any(report.verdict(row) == "GROSS" and not row.counted for row in found):
            # A machine that was busy elsewhere for just that long: only what is so twice, is so.
            say(f"once more: {function.__name__}")
            found = measure(function, Lab(quick=options.quick, say=say))
        rows += found
    print(report.table(rows))
    print(f"\n{report.noise(lab)}")
    print(" · ".join(f"{name} {value}" for name, value in report.machine().items()))
    _save(options.folder, lab, rows, {} if options.only else curves(lab))
    print(f"Took {time.monotonic() - started:.0f} s; the figures and curves: {options.folder}/")
    gross = [row.what for row in rows if report.verdict(row) == "GROSS"]
    for what in gross:
        print(f"Grossly worse: {what}", file=sys.stderr)
    return 1 if gross else 0


def measure(function, lab):
    """Return the rows that a function of `rows` returns or yields."""
    found = function(lab)
    return [found] if isinstance(found, Row) else list(found)


def _options():
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything, for CI")
    parser.add_argument("--only", help="rows whose function has this in its name", metavar="WORD")
    folder = ROOT / "test-results" / "benchmarks"
    parser.add_argument("--folder", type=Path, default=folder, help="where figures are saved")
    return parser.parse_args()


def _save(folder, lab, rows, drawn):
    folder.mkdir(parents=True, exist_ok=True)
    data = json.dumps(report.as_data(lab, rows, drawn), indent=1)
    (folder / "figures.json").write_text(data, encoding="utf-8")
    if drawn:
        (folder / "growth.svg").write_text(picture(list(drawn.values())), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
