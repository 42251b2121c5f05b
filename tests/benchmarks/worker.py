"""One process of a measurement: ``python -m tests.benchmarks.worker VARIANT PROGRAM SIZE``.

It answers each line with the number of rounds to run by a line with the least nanoseconds that one
operation took in them.
"""

from __future__ import annotations

import gc
import sys


def configure(program):
    """Set Django up as the program needs it, before anything of it is imported."""
    import django

    if program in {"review", "import"}:
        from tests.benchmarks import shop

        shop.configure()
        return
    from django.conf import settings

    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        SIGNALSCOPE={"MAX_RECORDS": 1_000_000},
    )
    django.setup()


def make(variant, program, size):
    """Return the variant and the program, ready to run."""
    configure(program)
    from tests.benchmarks.programs import PROGRAMS
    from tests.benchmarks.variants import VARIANTS

    if program in {"review", "import"}:
        from tests.benchmarks.workloads import WORKLOADS

        programs = WORKLOADS
    else:
        programs = PROGRAMS
    # The variant first: whatever it hooks is hooked when the program connects.
    beside = VARIANTS[variant]()
    return beside, programs[program](beside, size)


def one_round(variant, program):
    """Return the nanoseconds of one operation."""
    program.prepare()
    gc.collect()
    if not program.collects:
        gc.disable()
    spent = program.spent(variant)
    gc.enable()
    return spent / program.times


def main():
    variant, program = make(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    gc.collect()
    # What Django is made of would make each collection between two rounds take long.
    gc.freeze()
    print("ready", flush=True)
    for line in sys.stdin:
        rounds = int(line)
        print(min(one_round(variant, program) for _ in range(rounds)), flush=True)


if __name__ == "__main__":
    main()
