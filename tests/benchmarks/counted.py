"""What is counted and not timed: bytecodes, memory, the processor's instructions.

``python -m tests.benchmarks.counted WHAT VARIANT PROGRAM SIZE [TIMES]`` counts in a process of its
own. Counts repeat to the last digit or nearly so; they do not say how long a thing takes, but a
step too many shows in them on the noisiest machine.

bytecodes     instructions of CPython's that one operation executes, in all frames of Python
memory        bytes, and blocks of the allocator, that one operation leaves behind
instructions  what the processor executes, as valgrind counts it: two runs of different length,
              so that the start of the interpreter falls out. Hardware counters (`perf stat`) are
              mostly forbidden in containers; this needs none
"""

from __future__ import annotations

import gc
import json
import os
import re
import shutil
import subprocess
import sys
import tracemalloc

from tests.benchmarks.lab import ROOT

_KEPT = 10_000


def count(what, variant, program, size=0):
    """Return what is counted for one operation."""
    if what == "instructions":
        short, long = 2000, 6000
        spent = [_instructions(variant, program, size, times) for times in (short, long)]
        return (spent[1] - spent[0]) / (long - short)
    return json.loads(_run([], what, variant, program, size).stdout)


def counts_instructions():
    """Tell whether valgrind is there."""
    return shutil.which("valgrind") is not None


def _instructions(variant, program, size, times):
    done = _run(
        ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"],
        *("run", variant, program, size, times),
    )
    return int(re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)[1].replace(",", ""))


def _run(prefix, *arguments):
    command = [*prefix, sys.executable, "-m", "tests.benchmarks.counted", *map(str, arguments)]
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=True
    )


# --- In the process that counts -------------------------------------------------------------------


def bytecodes(variant, program):
    """Count by tracing, which no specialised code escapes."""
    counted = 0

    def trace(frame, event, _argument):
        nonlocal counted
        frame.f_trace_opcodes = True
        counted += event == "opcode"
        return trace

    def spent(times):
        nonlocal counted
        program.times, counted = times, 0
        program.prepare()
        sys.settrace(trace)
        program.run()
        sys.settrace(None)
        return counted

    with variant.open():
        program.run()
        # The call of `run` itself falls out.
        return (spent(20) - spent(10)) / 10


def memory(variant, program):
    """Send ten thousand times in one recording; all of it is kept."""
    program.times = program.size = 100
    with variant.open():
        program.run()
        program.times = _KEPT
        gc.collect()
        blocks = sys.getallocatedblocks()
        program.run()
        gc.collect()
        blocks = sys.getallocatedblocks() - blocks
        tracemalloc.start()
        program.run()
        gc.collect()
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return {"bytes": size / _KEPT, "blocks": blocks / _KEPT}


def main():
    from tests.benchmarks.worker import make

    what, variant, program, size, *times = sys.argv[1:]
    beside, made = make(variant, program, int(size))
    if what == "run":
        gc.disable()
        made.times = int(times[0])
        with beside.open():
            made.run()
    else:
        print(json.dumps({"bytecodes": bytecodes, "memory": memory}[what](beside, made)))


if __name__ == "__main__":
    main()
