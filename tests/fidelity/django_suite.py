"""Run Django's own tests around signals without us and with us recording; compare test by test.

``python -m tests.fidelity.django_suite`` takes the tests of the installed Django from its source
distribution, since wheels have none. Exit status: 0 where each test came to the same, 1 where one
did not, 2 where the tests could not be had. `tests.fidelity.at_large` takes many more.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import django

from tests.fidelity.at_large.__main__ import show
from tests.fidelity.at_large.comparing import compare
from tests.fidelity.at_large.report import Row, status, table
from tests.fidelity.at_large.running import Bench, NotRun
from tests.fidelity.suites import DJANGO_QUICK


def main() -> int:
    """Fetch, run twice, compare; all with this interpreter."""
    version = django.get_version()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(DJANGO_QUICK, version, Path(folder), sys.executable)
        try:
            bench.fetch(version)
            row = Row(f"Django {version}", version, compare(bench))
        except NotRun as error:
            row = Row(f"Django {version}", version, None, str(error))
    show(row)
    print(f"\n{table([row])}")
    return status([row])


if __name__ == "__main__":
    sys.exit(main())
