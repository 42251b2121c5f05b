"""Measures side by side: a process for each variant, taking turns, in several passes.

Swapping the hooks within one process would spoil what CPython has specialised, so each variant
lives in a process of its own. How fast a process is depends a little on where its memory happens
to lie, so each pass starts new ones. Within a pass they take turns every few milliseconds, so that
whatever else the machine does strikes all of them alike. What counts is the least of all rounds:
noise only ever adds.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Cell(NamedTuple):
    """One thing that is timed: a program, at a size, in a variant."""

    variant: str
    program: str
    size: int = 0


class Effort(NamedTuple):
    """How much is measured."""

    passes: int
    """How often new processes are started."""
    turns: int
    """How often each of them is asked."""
    rounds: int
    """How many rounds it runs then."""

    def shared(self, by):
        """Return an effort with so many fewer turns, for what takes longer."""
        return self._replace(turns=max(2, self.turns // by))


class Measured(NamedTuple):
    """A figure from the least of all rounds, and the same from the least of each pass alone."""

    value: float
    low: float
    high: float


class Process:
    """A `tests.benchmarks.worker`."""

    def __init__(self, cell, seed):
        self._cell = cell
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.worker", *map(str, cell)],
            cwd=ROOT,
            # The same order of sets and names in all processes of a pass, another in the next.
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()

    def answer(self):
        line = self._process.stdout.readline()
        if not line:
            message = f"The process for {self._cell} ended with {self._process.wait()}."
            raise RuntimeError(message)
        return line

    def rounds(self, number):
        """Return the least nanoseconds of one operation."""
        self._process.stdin.write(f"{number}\n")
        self._process.stdin.flush()
        return float(self.answer())


class Lab:
    """Measures what the rows ask for, once."""

    def __init__(self, *, quick, say=lambda _line: None):
        self.quick = quick
        self._say = say
        self._known = {}
        self.controls = []
        """Ratios of plain Django to plain Django, in processes of their own."""

    @property
    def effort(self):
        """Return what is usual for rounds of a millisecond."""
        return Effort(2, 7, 3) if self.quick else Effort(5, 20, 3)

    def side_by_side(self, cells, effort=None):
        """Return the nanoseconds of each cell, pass by pass: a list of dictionaries."""
        key = tuple(cells)
        if key not in self._known:
            self._say(", ".join(" ".join(map(str, cell)) for cell in key))
            self._known[key] = [
                self._one_pass(key, number, effort or self.effort)
                for number in range(1, (effort or self.effort).passes + 1)
            ]
            self._note_controls(key)
        return self._known[key]

    def ratio(self, cells, formula, effort=None):
        """Return what `formula` makes of nanoseconds by cell."""
        passes = self.side_by_side(cells, effort)
        each = [formula(seen) for seen in passes]
        return Measured(formula(least(passes)), min(each), max(each))

    def in_step(self, cells, rounds, passes):
        """Return the sum of the rounds of each cell where no two rounds are alike.

        Round for round, the least of all passes counts.
        """
        key = (*cells, "in step")
        if key not in self._known:
            self._say(f"{cells[0].program}, {rounds} rounds")
            taken = []
            for number in range(1, passes + 1):
                with ExitStack() as stack:
                    processes = _started(stack, cells, number)
                    taken.append(
                        [
                            {cell: process.rounds(1) for cell, process in _turns(processes, turn)}
                            for turn in range(rounds)
                        ]
                    )
            self._known[key] = taken
        taken = self._known[key]

        def total(some):
            of_rounds = [least(alike) for alike in zip(*some, strict=True)]
            return {cell: sum(seen[cell] for seen in of_rounds) for cell in cells}

        return total(taken), [total([alone]) for alone in taken]

    def nanoseconds(self):
        """Return the least nanoseconds of everything that was timed, by its name."""
        return {
            " ".join(map(str, cell)): spent
            for passes in self._known.values()
            if isinstance(passes[0], dict)
            for cell, spent in least(passes).items()
        }

    def _one_pass(self, cells, number, effort):
        with ExitStack() as stack:
            processes = _started(stack, cells, number)
            for process in processes.values():
                process.rounds(effort.rounds)  # until CPython has specialised what it runs
            seen = dict.fromkeys(cells, float("inf"))
            for turn in range(effort.turns):
                for cell, process in _turns(processes, turn):
                    seen[cell] = min(seen[cell], process.rounds(effort.rounds))
            return seen

    def _note_controls(self, cells):
        total = least(self._known[cells])
        for cell in cells:
            if cell.variant == "control":
                ratio = total[cell] / total[cell._replace(variant="plain")]
                self.controls.append((f"{cell.program} {cell.size}", ratio))


def least(passes):
    """Return the least nanoseconds of each cell in all passes."""
    return {cell: min(seen[cell] for seen in passes) for cell in passes[0]}


def _started(stack, cells, seed):
    processes = {cell: stack.enter_context(Process(cell, seed)) for cell in cells}
    for process in processes.values():
        process.answer()
    return processes


def _turns(processes, turn):
    """Return the processes, each time beginning with another one."""
    items = list(processes.items())
    at = turn % len(items)
    return items[at:] + items[:at]
