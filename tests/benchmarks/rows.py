"""The table: a function for each row, or for a few that belong together.

To add a row, write a function that takes the `Lab` and returns or yields `Row`s, and decorate it
with `row`. To put one more thing beside us, give it a class in `variants` and a cell below.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.benchmarks import counted, growth, suites
from tests.benchmarks.lab import Cell, Effort, Measured

ROWS = []


class Row(NamedTuple):
    what: str
    measured: Measured | None
    reach: float | None = None
    """The most that it shall be; None where it only stands there to be compared."""
    unit: str = "×"
    key: str = ""
    """Its name in `baselines`; a row without one fails nothing."""
    counted: bool = False
    """Whether it is a count, on which noise has no hold."""
    note: str = ""


def row(function):
    """Put what `function` returns or yields into the table."""
    ROWS.append(function)
    return function


def exactly(value):
    """Return a figure that repeats."""
    return Measured(value, value, value)


# --- A recorded receiver call ---------------------------------------------------------------------

FLOOR, LOOP = Cell("plain", "floor"), Cell("plain", "loop")
PLAIN, CONTROL, RECORDED, SENTRY, OTEL = (
    Cell(variant, "send", 3)
    for variant in ("plain", "control", "recording", "sentry", "opentelemetry")
)
PLAIN_KWARGS, RECORDED_KWARGS = (
    Cell(variant, "send_kwargs", 3) for variant in ("plain", "recording")
)
# All in one group, so that they take turns: whatever is divided by another was timed beside it.
CALLS = (PLAIN, CONTROL, RECORDED, PLAIN_KWARGS, RECORDED_KWARGS, FLOOR, LOOP, SENTRY, OTEL)


def floor(ns):
    return ns[FLOOR] - ns[LOOP]


def call(ns, cell=RECORDED, plain=PLAIN):
    """Return what is added to each of three receiver calls, the dispatch's part included."""
    return (ns[cell] - ns[plain]) / 3


@row
def calls_against_the_floor(lab):
    for key, name, recorded, plain in (
        ("call", "sender only", RECORDED, PLAIN),
        ("call_kwargs", "what post_save sends", RECORDED_KWARGS, PLAIN_KWARGS),
    ):
        measured = lab.ratio(CALLS, lambda ns, r=recorded, p=plain: call(ns, r, p) / floor(ns))
        added = lab.ratio(CALLS, lambda ns, r=recorded, p=plain: call(ns, r, p)).value
        yield Row(
            f"a recorded receiver call (of 3, {name}), against the floor",
            measured,
            reach=6,
            key=key,
            note=f"{added / 1000:.2f} µs",
        )


@row
def calls_against_sentry(lab):
    measured = lab.ratio(CALLS, lambda ns: call(ns) / call(ns, SENTRY))
    sentry = lab.ratio(CALLS, lambda ns: call(ns, SENTRY)).value
    note = f"its: {sentry / 1000:.1f} µs"
    return Row("the same, against Sentry's span", measured, reach=0.06, key="sentry", note=note)


@row
def calls_against_live_spans(lab):
    measured = lab.ratio(CALLS, lambda ns: call(ns) / call(ns, OTEL))
    live = lab.ratio(CALLS, lambda ns: call(ns, OTEL)).value
    what = "the same, against a live OpenTelemetry span"
    return Row(what, measured, note=f"its: {live / 1000:.1f} µs")


TRACED, LIVE, UNSAMPLED = (
    Cell(variant, "send", 3) for variant in ("traced", "live_spans", "unsampled")
)
SPANS = (PLAIN, TRACED, LIVE, UNSAMPLED, RECORDED)


@row
def spans_against_live_spans(lab):
    measured = lab.ratio(SPANS, lambda ns: call(ns, TRACED) / call(ns, LIVE))
    ours, live = (
        lab.ratio(SPANS, lambda ns, c=cell: (ns[c] - ns[PLAIN]) / 4).value / 1000
        for cell in (TRACED, LIVE)
    )
    yield Row(
        "OpenTelemetry spans of a dispatch and 3 calls, against live ones as full",
        measured,
        reach=0.2,
        key="spans",
        note=f"{ours:.1f} µs a span, theirs: {live:.1f} µs",
    )
    measured = lab.ratio(SPANS, lambda ns: call(ns, UNSAMPLED) / call(ns))
    yield Row("the same in a trace that is not sampled, against recording", measured)


@row
def the_floor(lab):
    measured = lab.ratio(CALLS, lambda ns: floor(ns) / 1000)
    return Row("the floor: two clock reads, one append", measured, unit="µs")


# --- A log sink whose level is off ----------------------------------------------------------------


@row
def filtered_sinks(lab):
    for key, name, variant in (
        ("sink_logging", "LoggingSink, filtered by level", "logging_filtered"),
        ("sink_silent", "LoggingSink without findings, filtered by level", "logging_silent"),
        ("sink_structlog", "StructlogSink, filtered by level", "structlog_filtered"),
        ("sink_stdlib", "StructlogSink over logging, filtered by level", "structlog_stdlib"),
        ("tracked", "SignalContextFilter alone", "tracked"),
    ):
        ours = Cell(variant, "send", 3)
        cells = (PLAIN, RECORDED, ours)
        measured = lab.ratio(cells, lambda ns, o=ours: call(ns, o) / call(ns))
        added = lab.ratio(cells, lambda ns, o=ours: call(ns, o)).value
        what = f"a receiver call (of 3), {name}, against a recorded one"
        yield Row(what, measured, reach=2, key=key, note=f"{added / 1000:.2f} µs")


# --- Installed and idle ---------------------------------------------------------------------------


@row
def idle(lab):
    for key, name, program, size in (
        ("idle_send_0", "a send without receivers", "send", 0),
        ("idle_model", "Model()", "model", 0),
        ("idle_send_1", "a send with 1 receiver", "send", 1),
        ("idle_send_3", "a send with 3 receivers", "send", 3),
    ):
        plain, control, ours = (
            Cell(variant, program, size) for variant in ("plain", "control", "idle")
        )
        yield Row(
            f"installed and idle: {name}",
            lab.ratio((plain, control, ours), lambda ns, o=ours, p=plain: ns[o] / ns[p]),
            reach=1.05,
            key=key,
            note=_control(lab, plain, control, ours),
        )


@row
def recording_model(lab):
    plain, control, ours = (Cell(variant, "model") for variant in ("plain", "control", "recording"))
    measured = lab.ratio((plain, control, ours), lambda ns: ns[ours] / ns[plain])
    note = _control(lab, plain, control, ours)
    return Row("recording: Model()", measured, reach=1.05, key="recording_model", note=note)


def _control(lab, plain, control, ours):
    same = lab.ratio((plain, control, ours), lambda ns: ns[control] / ns[plain])
    return f"plain against plain: {same.value:.3f}"


# --- Growth ---------------------------------------------------------------------------------------


@row
def growing(lab):
    for key, curve in curves(lab).items():
        sizes = f"{curve.sizes[0]:,} to {curve.sizes[-1]:,}"
        costs = f"{min(curve.costs) / 1000:.2f} to {max(curve.costs) / 1000:.2f} µs"
        yield Row(
            f"{curve.name}, {sizes}: most against least for {curve.unit}",
            exactly(curve.spread),
            reach=1.3,
            key=key,
            note=costs,
        )


def curves(lab):
    """Return the growth curves by their row's key."""
    return {
        "growth_receivers": growth.receivers(lab),
        "growth_depth": growth.depth(lab),
        "growth_kept": growth.kept(lab),
    }


# --- Counted --------------------------------------------------------------------------------------


@row
def memory(_lab):
    for key, name, program in (
        ("memory", "sender only", "send"),
        ("memory_kwargs", "what post_save sends", "send_kwargs"),
    ):
        found = counted.count("memory", "recording", program, 1)
        yield Row(
            f"a recorded dispatch with one call, kept ({name})",
            exactly(found["bytes"] / 1024),
            reach=1,
            unit="KiB",
            key=key,
            counted=True,
            note=f"{found['bytes']:.0f} bytes in {found['blocks']:.0f} blocks",
        )


@row
def bytecodes(_lab):
    # A send without receivers looks whether somebody counts it: four bytecodes, of fifteen.
    for key, reach, variant, name, program, size in (
        ("bytecodes_send_0", 1.3, "idle", "an idle send without receivers", "send", 0),
        ("bytecodes_model", 1.15, "recording", "Model() while recording", "model", 0),
        ("bytecodes_send_3", 1.05, "idle", "an idle send with 3 receivers", "send", 3),
        ("bytecodes_recorded", None, "recording", "a recorded send with 3 receivers", "send", 3),
    ):
        plain, ours = (
            counted.count("bytecodes", each, program, size) for each in ("plain", variant)
        )
        note = f"{plain:.0f} → {ours:.0f}"
        what = f"bytecodes of {name}"
        yield Row(what, exactly(ours / plain), reach, key=key, counted=True, note=note)


@row
def instructions(lab):
    if lab.quick or not counted.counts_instructions():
        return
    plain = counted.count("instructions", "plain", "send", 3)
    for variant in ("idle", "recording"):
        ours = counted.count("instructions", variant, "send", 3)
        yield Row(
            f"processor instructions of a send with 3 receivers, {variant}",
            exactly(ours / plain),
            note=f"{plain:,.0f} → {ours:,.0f}",
        )


# --- Real workloads -------------------------------------------------------------------------------


@row
def reviews(lab):
    cells = plain, control, idle_, ours = tuple(
        Cell(variant, "review") for variant in ("plain", "control", "idle", "recording")
    )
    effort = Effort(1, 8, 2) if lab.quick else Effort(3, 20, 2)
    for name, cell in (("idle", idle_), ("recording", ours)):
        measured = lab.ratio(cells, lambda ns, c=cell: ns[c] / ns[plain], effort)
        before, after = (
            lab.ratio(cells, lambda ns, c=each: ns[c] / 1e6, effort).value for each in (plain, cell)
        )
        same = lab.ratio(cells, lambda ns: ns[control] / ns[plain], effort).value
        note = f"{before:.2f} → {after:.2f} ms; plain against plain: {same:.3f}"
        yield Row(f"bookstore, post a review: {name}", measured, key=_loads(name), note=note)


@row
def imports(lab):
    books = 250 if lab.quick else 5000
    plain, idle_, ours = (Cell(variant, "import") for variant in ("plain", "idle", "recording"))
    total, passes = lab.in_step((plain, idle_, ours), books // 50, 1 if lab.quick else 2)
    for name, cell in (("idle", idle_), ("recording", ours)):
        each = [alone[cell] / alone[plain] for alone in passes]
        measured = Measured(total[cell] / total[plain], min(each), max(each))
        note = f"{total[plain] * 50 / 1e9:.2f} → {total[cell] * 50 / 1e9:.2f} s"
        what = f"bookstore, import of {books:,} books: {name}"
        yield Row(what, measured, key=_loads(name), note=note)


@row
def test_suites(lab):
    if lab.quick:
        return
    taken = suites.time_suites(passes=5)
    least = {name: min(each[name] for each in taken) for name in suites.VARIANTS}
    for name, what in (
        ("unused", "the plugin loaded, and not used"),
        ("recorded", "each test recorded (--signalscope)"),
        ("leaks", "each test looked at for leaks"),
    ):
        each = [alone[name] / alone["without"] for alone in taken]
        measured = Measured(least[name] / least["without"], min(each), max(each))
        added = (least[name] - least["without"]) / suites.TESTS * 1e6
        note = f"{added:+.0f} µs a test of {least['without'] / suites.TESTS * 1e6:,.0f} µs"
        yield Row(f"pytest, {suites.TESTS:,} tests that save(): {what}", measured, note=note)


def _loads(name):
    return {"idle": "workload_idle", "recording": "workload_recording"}.get(name, "")


# --- What else we touch ---------------------------------------------------------------------------


@row
def further(lab):
    for name, program, size, variant in (
        ("save() with a receiver, idle", "save", 1, "idle"),
        ("save() with a receiver, recorded", "save", 1, "recording"),
        ("a query, idle", "query", 0, "idle"),
        ("a query outside of receivers, recording", "query", 0, "recording"),
        ("a query in a receiver, recorded", "query", 1, "recording"),
        ("Signal(), installed", "signal", 0, "idle"),
        ("connect() and disconnect(), installed", "connect", 0, "idle"),
    ):
        if lab.quick:
            return
        cells = tuple(Cell(each, program, size) for each in ("plain", "idle", "recording"))
        ours = Cell(variant, program, size)
        effort = lab.effort.shared(3)
        measured = lab.ratio(cells, lambda ns, o=ours, p=cells[0]: ns[o] / ns[p], effort)
        added = lab.ratio(cells, lambda ns, o=ours, p=cells[0]: ns[o] - ns[p], effort).value
        yield Row(name, measured, note=f"{added / 1000:+.2f} µs")
