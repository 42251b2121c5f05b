"""What must hold. Each check takes what was seen, and returns its breaches in words."""

from __future__ import annotations

import statistics
from collections import Counter
from typing import NamedTuple

from tests.soak.kinds import HUNG_UP, KINDS
from tests.soak.seen import (
    CALM,
    by_trace,
    edges_of,
    lines_by_request,
    names_of,
    orphans_of,
    receivers_in,
    said_of,
    shape_of,
)

MIB = 2**20
SHOWN = 5
"""How many breaches of one kind are spelt out."""

NOISE = 3 * MIB
PER_REQUEST = 1024
"""By how much the memory of a server with us may grow more than that of the plain one: so many
bytes in each worker whatever is done, and so many for each request. What the heap takes anew while
nothing leaks differs by 1 to 2 MiB from one run to the next. So a run of a minute finds 15 KiB kept
of each request, which is about its trace and records, and one of an hour little more than 1 KiB."""

LEFT = 40
"""How many records may be there at rest, in a worker: a thread that waits may hold its last ones.
They do not become more with the requests."""

RATIOS = {50: 3.0, 95: 5.0, 99: 6.0}
FLOOR_MS = 30.0
"""A percentile is a breach where it is so many times the plain server's, and so many milliseconds
more. Generous: the server, its visitors and its collector share the processors, and a short run has
a handful of requests beyond its p99."""


class Latency(NamedTuple):
    """A percentile of both servers, in milliseconds."""

    percentile: int
    plain: float
    ours: float

    @property
    def ratio(self):
        return self.ours / self.plain


class Growth(NamedTuple):
    """By how many bytes a server grew from the first to the second half of its rests."""

    bytes: float
    requests: float
    level: float
    """Bytes in the second half."""


# --- Statuses and complaints ----------------------------------------------------------------------


def statuses(plain, ours):
    """Compare how often each kind of request had each outcome.

    The requests that were to be given up are compared by what can come of them at all: whether the
    answer or the hanging up is first is chance.
    """
    found = []
    for kind, spec in KINDS.items():
        allowed = {str(status) for status in spec.statuses}
        counted = {}
        for variant, outcomes in (("plain", plain), ("ours", ours)):
            of_kind = [each for each in outcomes if each.kind == kind]
            strange = Counter(
                each.outcome
                for each in of_kind
                if each.outcome not in allowed
                and not (each.will_hang_up and each.outcome == HUNG_UP)
            )
            found += [
                f"{kind}: {times} × {outcome} from the server {variant}, "
                f"where {' or '.join(sorted(allowed))} is due"
                for outcome, times in strange.items()
            ]
            counted[variant] = Counter(
                each.outcome for each in of_kind if not each.will_hang_up and each.is_complete
            )
        for status in sorted(allowed):
            one, other = counted["plain"][status], counted["ours"][status]
            # A review that was given up may have been posted or not, and the next is new or not.
            if abs(one - other) > (max(3, 0.05 * one) if len(allowed) > 1 else 0):
                found.append(f"{kind}: {status} came {one} times plain, and {other} times with us")
    return found


def complaints(plain, ours):
    """Compare the classes of lines on stderr, of which both are a count."""
    return [
        f"stderr: {times} × only with us: {line}"
        for line, times in ours.most_common()
        if line not in plain
    ]


# --- Memory ---------------------------------------------------------------------------------------


def growth(samples):
    """Return the growth along `samples`, pairs of requests answered so far and bytes."""
    half = len(samples) // 2
    first, second = samples[:half], samples[len(samples) - half :]
    if not half:
        return Growth(0, 0, samples[-1][1] if samples else 0)
    at = [statistics.fmean(requests for requests, _ in part) for part in (first, second)]
    size = [statistics.median(size for _, size in part) for part in (first, second)]
    return Growth(size[1] - size[0], at[1] - at[0], size[1])


def memory(plain, ours, workers):
    """Compare the growth of both, in all of their workers."""
    excess = ours.bytes - max(plain.bytes, 0)
    limit = NOISE * workers + PER_REQUEST * ours.requests
    if not ours.requests:
        return ["memory: there are too few rests to see whether it grows"]
    if excess > limit:
        told = (
            f"memory: grew by {excess / MIB:.1f} MiB more than plain, the limit is "
            f"{limit / MIB:.1f} MiB over {ours.requests:.0f} requests"
        )
        return [told]
    return []


def at_rest(census):
    """Look for what is still open, or still there, where nothing is going on."""
    if census is None:
        return ["at rest: it never came to rest"]
    found = []
    for pid, told in census.items():
        found += [
            f"at rest: {told[what]} {what.replace('_', ' ')} in worker {pid}"
            for what in ("in_flight", "open_dispatches", "open_calls")
            if told[what]
        ]
        left = {name: number for name, number in told["left"].items() if number > LEFT}
        if left:
            found.append(f"at rest: {left} left in worker {pid}, where {LEFT} of each may be")
    return found


# --- Latency --------------------------------------------------------------------------------------


def latencies(plain, ours):
    """Return the percentiles of the requests that were not given up."""
    times = [
        [each.milliseconds for each in outcomes if not each.will_hang_up]
        for outcomes in (plain, ours)
    ]
    if min(map(len, times)) < 2:
        return []
    cut = [statistics.quantiles(each, n=100, method="inclusive") for each in times]
    return [Latency(each, cut[0][each - 1], cut[1][each - 1]) for each in RATIOS]


def latency(figures, where):
    """Compare the percentiles with their generous limits."""
    if not figures:
        return [f"latency: nothing was measured {where}"]
    return [
        f"latency: p{each.percentile} {where} is {each.ours:.1f} ms, {each.ratio:.1f} times the "
        f"plain {each.plain:.1f} ms; the limit is {RATIOS[each.percentile]} times"
        for each in figures
        if each.ratio > RATIOS[each.percentile] and each.ours - each.plain > FLOOR_MS
    ]


# --- Traces and lines -----------------------------------------------------------------------------


class Watch:
    """Looks through the traces and lines of one server with us, round by round."""

    def __init__(self, references):
        self._references = references
        self._kinds = {}
        """The kind of each request so far; whether all of its spans have to come."""
        self.counts = Counter()

    def reference_breaches(self):
        """Tell where a reference is not what its kind says: nothing could be compared with it."""
        found = []
        for kind, spec in KINDS.items():
            for status in map(str, spec.statuses):
                reference = self._references.get((kind, status))
                if reference is None:
                    found.append(f"reference: no request of the kind {kind} had {status}")
                    continue
                lacks = sorted(set(spec.due) - names_of(reference.edges).keys())
                if lacks:
                    found.append(f"reference: the trace of {kind} lacks {', '.join(lacks)}")
                told = receivers_in(reference.said)
                if told != reference.called:
                    found.append(
                        f"reference: of {kind} lines tell of {told}, spans of {reference.called}"
                    )
        return found

    def round(self, seen):
        """Return the breaches of a round."""
        self._kinds.update(
            {each.trace: (each.kind, seen.collector == CALM) for each in seen.outcomes}
        )
        return _few([*self._traces(seen), *self._outcomes(seen)]) + _few(self._lines(seen))

    def _traces(self, seen):
        """Look at all that came: no trace may have what its request has not."""
        for trace, spans in by_trace(seen.spans).items():
            self.counts["spans"] += len(spans)
            kind, is_whole = self._kinds.get(trace, ("", False))
            if not kind:
                names = sorted({span.name for span in spans.values()})
                yield f"trace: {names} in the trace of no request"
                continue
            edges = edges_of(spans)
            if is_whole:
                # Also of one that was given up: whatever began has ended by now.
                for span in orphans_of(spans, trace[:16]):
                    yield f"trace: {span.name} of {kind} hangs under a span that never came"
                odd = self._odd(kind, edges, lambda reference: reference.edges)
            else:
                odd = self._odd(kind, names_of(edges), lambda reference: names_of(reference.edges))
            if odd:
                yield f"trace: one of {kind} has what none has: {odd}"

    def _odd(self, kind, counted, part):
        """Return what is more than in each of the references of a kind."""
        surplus = [
            counted - part(reference)
            for (known, _), reference in self._references.items()
            if known == kind
        ]
        return min(surplus, key=Counter.total) if surplus else counted

    def _outcomes(self, seen):
        """Look at what was answered: all of its trace has to be there."""
        traces = by_trace(seen.spans)
        for each in seen.outcomes:
            if each.outcome == HUNG_UP:
                self.counts["traces, given up"] += 1
                self.counts["traces, given up, any came"] += each.trace in traces
            elif each.is_complete and seen.collector == CALM:
                self.counts["traces, whole"] += 1
                reference = self._references.get((each.kind, each.outcome))
                spans = traces.get(each.trace, {})
                if reference is None or shape_of(spans) != reference.shape:
                    lacks = reference and reference.edges - edges_of(spans)
                    yield (
                        f"trace: one of {each.kind} with {each.outcome} is not as it is alone; "
                        f"of {len(spans)} spans; lacks {lacks}"
                    )

    def _lines(self, seen):
        """Look at the log: whatever the collector does, each line is there, and in its place."""
        said = lines_by_request(seen.lines)
        for request, lines in said.items():
            self.counts["lines"] += len(lines)
            kind, _ = self._kinds.get(request, ("", False))
            if not kind:
                yield f"line: {lines[0]['event']} written in no request, but {request!r}"
                continue
            for line in lines:
                # The program's own lines are known by where they were written.
                elsewhere = line.get("place", "") != line.get("receiver", "").rpartition(".")[2]
                if line["event"] == "said" and elsewhere:
                    yield f"line: {line['place']} wrote one that is said to be {line['receiver']}'s"
                if line.get("trace_id") != request:
                    yield (
                        f"line: {line['event']} of {kind} says trace {line.get('trace_id')} "
                        f"in the request {request}"
                    )
            odd = self._odd(kind, said_of(lines), lambda reference: reference.said)
            if odd:
                yield f"line: one of {kind} has what none has: {odd}"
        for each in seen.outcomes:
            reference = self._references.get((each.kind, each.outcome))
            if reference is not None and said_of(said.get(each.trace, [])) != reference.said:
                lacks = reference.said - said_of(said.get(each.trace, []))
                yield f"line: those of one of {each.kind} are not as they are alone: lacks {lacks}"


def _few(found):
    """Return some of many breaches that are alike, and how many more there are."""
    found = list(found)
    shown = found[:SHOWN]
    if len(found) > SHOWN:
        shown.append(f"{shown[0].partition(':')[0]}: and {len(found) - SHOWN} more of these")
    return shown
