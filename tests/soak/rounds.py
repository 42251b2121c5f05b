"""One server soaked: plain and with us by turns, round by round, with a fault now and then."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import tempfile
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from tests.backends.otlp import FAIL, HANG, OK
from tests.soak import checks, report
from tests.soak.kinds import KINDS
from tests.soak.plans import AWAY, rounds
from tests.soak.seen import (
    CALM,
    FAILS,
    HANGS,
    REFUSES,
    Round,
    by_trace,
    class_of,
    lines_by_request,
    reference_of,
)
from tests.soak.servers import COMMANDS, WORKERS, Server, Visitors

VARIANTS = ("plain", "ours")
RATE = 30.0
"""Requests a second, which neither server has trouble with on two processors."""
BOOKS = 40
ANSWERS = {HANGS: HANG, FAILS: FAIL}


class Soak:
    """A kind of server, and what was seen of it."""

    def __init__(self, name, seconds, filled, options, *, say=print):
        self.name = name
        self._filled = filled
        self._modes, self._length = rounds(list(COMMANDS).index(name), seconds)
        self._sabotage = options.sabotage
        self._rate = options.rate
        self._judges_latency = options.latency
        self._say = say
        self._seen = {variant: [] for variant in VARIANTS}
        self._memory = {variant: [] for variant in VARIANTS}
        self._cpu = dict.fromkeys(VARIANTS, 0.0)
        self._answered = dict.fromkeys(VARIANTS, 0)
        self.breaches = []

    def run(self):
        """Soak it; return the table."""
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
            start = lambda variant: Server(  # noqa: E731 - two at one time
                self.name,
                variant,
                Path(shutil.copytree(self._filled, folder / variant)),
                self._sabotage if variant == "ours" else "",
            )
            with ThreadPoolExecutor() as pool:
                starting = [pool.submit(start, variant) for variant in VARIANTS]
            for each in starting:
                if each.exception() is None:
                    stack.callback(self._stop, each.result())
            servers = {each.result().variant: each.result() for each in starting}
            visitors = Visitors()
            stack.callback(visitors.stop)
            self._soak(servers, visitors)
            stack.pop_all().close()
            # What they say while they stop counts, too.
            self._last = {
                variant: Counter(map(class_of, servers[variant].take_complaints()))
                for variant in VARIANTS
            }
        return self._judge()

    def _stop(self, server):
        self.breaches += [f"{server.variant}: {wrong}" for wrong in server.stop()]

    def _soak(self, servers, visitors):
        books = self._books(servers["plain"])
        watch = self._watch = checks.Watch(self._references(servers["ours"], visitors, books))
        self._references(servers["plain"], visitors, books)  # so that both shops are the same
        self.breaches += watch.reference_breaches()
        for variant, server in servers.items():
            told = server.census()
            if any(each["with_us"] != (variant == "ours") for each in told.values()):
                self.breaches.append(f"the server {variant} is not what it is called")
        for number, mode in enumerate(self._modes):
            # Who is first changes, as the machine may.
            for variant in VARIANTS[:: 1 if number % 2 else -1]:
                seen = self._round(servers[variant], visitors, number, mode, books)
                self._seen[variant].append(seen)
                self.breaches += checks.at_rest(seen.census)
                if variant == "ours":
                    self.breaches += watch.round(seen)
                # All has been looked at; kept, it would grow with the minutes.
                seen.spans.clear()
                seen.lines.clear()
                if seen.census is None:
                    return  # with whoever does not rest, there is nothing to be compared
            self._say(f"{self.name}: round {number + 1} of {len(self._modes)}, {mode}")

    def _books(self, server):
        # What is asked first is no part of any round.
        with urllib.request.urlopen(f"{server.url}/api/books/") as response:  # noqa: S310
            slugs = [each["slug"] for each in json.load(response)["books"]]
        return slugs[:BOOKS]

    def _references(self, server, visitors, books):
        """Make requests of each kind alone; return what they looked like."""
        outcomes = []
        for kind in KINDS:
            spec = KINDS[kind]
            awaited = set(map(str, spec.statuses))
            chance = random.Random(kind)  # noqa: S311 - no secret
            for book in books:
                plan = {"due": 0, "kind": kind, "book": book, "hangs_up": None}
                for _ in spec.statuses:
                    trace = f"{chance.getrandbits(128) | 1:032x}"
                    outcomes += visitors.visit(url=server.url, plan=[{**plan, "trace": trace}])
                    awaited.discard(outcomes[-1].outcome)
                if not awaited:
                    break
        server.settle()
        server.census("flush")
        traces = by_trace(server.take_spans())
        said = lines_by_request(server.take_lines())
        return {
            (each.kind, each.outcome): reference_of(
                traces.get(each.trace, {}), said.get(each.trace, [])
            )
            for each in outcomes
        }

    def _round(self, server, visitors, number, mode, books):
        collector = server.collector
        if mode == REFUSES:
            collector.close()
        elif mode == HANGS:
            collector.release.clear()
        collector.answer = ANSWERS.get(mode, OK)
        before = server.census()
        outcomes = visitors.visit(
            url=server.url,
            seed=f"{self.name} {number}",
            seconds=self._length,
            rate=self._rate,
            books=books,
        )
        rest = server.settle()
        self._cpu[server.variant] += sum(
            told["cpu"] - before[pid]["cpu"] for pid, told in (rest or {}).items() if pid in before
        )
        if mode == REFUSES:
            collector.open()
        collector.answer = OK
        collector.release.set()
        census = rest and server.weigh()
        self._answered[server.variant] += len(outcomes)
        if census and number > AWAY:
            size = sum(told["memory"] for told in census.values())
            self._memory[server.variant].append((self._answered[server.variant], size))
        return Round(
            mode,
            outcomes,
            server.take_spans(),
            server.take_lines(),
            Counter(map(class_of, server.take_complaints())),
            census,
        )

    def _judge(self):
        plain, ours = (self._seen[variant] for variant in VARIANTS)
        outcomes = [
            list(chain.from_iterable(each.outcomes for each in side)) for side in (plain, ours)
        ]
        complaints = [
            sum((each.complaints for each in self._seen[variant]), self._last[variant])
            for variant in VARIANTS
        ]
        growths = [checks.growth(self._memory[variant]) for variant in VARIANTS]
        calm, away = (
            checks.latencies(*(self._timed(side, faults=faults) for side in (plain, ours)))
            for faults in (False, True)
        )
        self.breaches += [
            *checks.statuses(*outcomes),
            *checks.complaints(*complaints),
            *checks.memory(*growths, WORKERS[self.name]),
        ]
        if self._judges_latency:
            self.breaches += checks.latency(calm, "with the collector there")
            self.breaches += checks.latency(away, "with the collector away")
        left = max(
            (
                sum(told["left"].values())
                for each in ours
                if each.census
                for told in each.census.values()
            ),
            default=0,
        )
        counts = {**self._watch.counts, "records left at rest": left}
        cpu = tuple(
            1000 * self._cpu[variant] / max(1, self._answered[variant]) for variant in VARIANTS
        )
        return report.table(report.Figures(self.name, outcomes, (calm, away), cpu, growths, counts))

    @staticmethod
    def _timed(side, *, faults):
        # The first round is the one in which all is loaded.
        chosen = [each for each in side[1:] if (each.collector != CALM) == faults]
        return list(chain.from_iterable(each.outcomes for each in chosen))
