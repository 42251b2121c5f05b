"""Each check of the soak finds what it is there for, and only that."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tests.backends.spans import Span
from tests.soak import checks, report
from tests.soak.kinds import HUNG_UP, KINDS
from tests.soak.plans import rounds, timetable
from tests.soak.seen import (
    CALM,
    FAILS,
    HANGS,
    REFUSES,
    Outcome,
    Round,
    by_trace,
    class_of,
    reference_of,
)

KIND = "nested"
RECEIVER, INNER = "tests.soak.site.workload.count_down", "tests.soak.site.workload.note_count"
TRACE, OTHER = "a" * 32, "b" * 32


def span(trace, number, parent, name):
    receives = {"django.signal.receiver.order": 0} if "workload" in name else {}
    return Span(
        trace_id=trace,
        span_id=f"{trace[0]}{number}",
        parent_id=f"{trace[0]}{parent}" if parent else trace[:16],
        name=name,
        kind=1,
        start=number,
        end=number,
        status=0,
        status_message="",
        scope="signalscope",
        attributes=receives,
        resource={},
    )


def spans_of(trace):
    return [
        span(trace, 1, 0, "request"),
        span(trace, 2, 1, "counted"),
        span(trace, 3, 2, RECEIVER),
        span(trace, 4, 2, INNER),
    ]


def line(request, event, trace=None, **keys):
    return json.dumps({"event": event, "request": request, "trace_id": trace or request, **keys})


def lines_of(request):
    return [
        line(request, "said", place="note_count", receiver=INNER),
        line(request, "signal.receiver", signal="counted", receiver=RECEIVER),
        line(request, "signal.receiver", signal="counted", receiver=INNER),
        line(request, "signal.dispatch", signal="counted"),
        line(request, "signal.finding", signal="counted"),
    ]


def outcome(trace, result="200", kind=KIND, ms=10.0):
    return Outcome(trace, kind, result, ms, result == HUNG_UP)


def seen(outcomes, spans, lines, collector=CALM):
    return Round(collector, outcomes, spans, lines, Counter(), {})


@pytest.fixture
def watch():
    said = list(map(json.loads, lines_of(TRACE)))
    reference = reference_of(by_trace(spans_of(TRACE))[TRACE], said)
    return checks.Watch({(KIND, "200"): reference})


def good(*, without=None, collector=CALM, result="200"):
    spans = [each for each in spans_of(TRACE) if each.name != without]
    return seen([outcome(TRACE, result)], spans, lines_of(TRACE), collector)


# --- Traces ---------------------------------------------------------------------------------------


def test_what_is_as_it_was_alone_is_no_breach(watch):
    assert watch.round(good()) == []
    assert watch.counts["traces, whole"] == 1


def test_one_sent_twice_counts_once(watch):
    round_ = good()
    assert watch.round(round_._replace(spans=round_.spans * 2)) == []


@pytest.mark.parametrize("without", ["request", "counted", RECEIVER])
def test_a_span_that_is_missing(watch, without):
    assert any("not as it is alone" in each for each in watch.round(good(without=without)))


def test_a_span_that_hangs_elsewhere(watch):
    spans = [*spans_of(TRACE)[:3], span(TRACE, 4, 1, INNER)]
    assert watch.round(seen([outcome(TRACE)], spans, lines_of(TRACE)))


def test_a_span_too_many(watch):
    spans = [*spans_of(TRACE), span(TRACE, 5, 2, INNER)]
    assert any("none has" in each for each in watch.round(seen([outcome(TRACE)], spans, [])))


def test_a_trace_of_no_request(watch):
    spans = [*spans_of(TRACE), *spans_of(OTHER)]
    found = watch.round(seen([outcome(TRACE)], spans, lines_of(TRACE)))
    assert any("trace of no request" in each for each in found)


def test_a_trace_may_come_a_round_late_but_not_of_an_answer(watch):
    gone = seen([outcome(TRACE, HUNG_UP)], [], lines_of(TRACE))
    assert watch.round(gone) == []
    assert watch.round(seen([], spans_of(TRACE), [])) == []


def test_one_that_was_given_up_may_be_partial(watch):
    assert watch.round(good(without=RECEIVER, result=HUNG_UP)) == []


def test_but_what_began_there_has_to_end(watch):
    found = watch.round(good(without="counted", result=HUNG_UP))
    assert any("a span that never came" in each for each in found)


def test_and_nothing_of_another_kind_is_in_it(watch):
    spans = [*spans_of(TRACE)[:2], span(TRACE, 3, 2, "tests.soak.site.workload.snap")]
    assert watch.round(seen([outcome(TRACE, HUNG_UP)], spans, []))


def test_while_the_collector_is_away_spans_may_be_lost(watch):
    assert watch.round(good(without="counted", collector=REFUSES)) == []


def test_but_then_as_well_none_is_mixed_up(watch):
    spans = [span(TRACE, 3, 2, "tests.soak.site.workload.snap")]
    assert watch.round(seen([outcome(TRACE)], spans, lines_of(TRACE), REFUSES))


# --- Lines ----------------------------------------------------------------------------------------


def broken_lines(number, text):
    lines = lines_of(TRACE)
    lines[number : number + 1] = text
    return lines


@pytest.mark.parametrize(
    "lines",
    [
        broken_lines(1, []),
        broken_lines(1, [line(TRACE, "signal.receiver", signal="counted", receiver="other")]),
        broken_lines(
            1, [line(TRACE, "signal.receiver", OTHER, signal="counted", receiver=RECEIVER)]
        ),
        broken_lines(0, [line(TRACE, "said", place="note_count", receiver=RECEIVER)]),
        broken_lines(0, [line("", "said", place="note_count", receiver=INNER)]),
    ],
    ids=["missing", "another receiver", "another trace", "another place", "no request"],
)
@pytest.mark.parametrize("collector", [CALM, REFUSES])
def test_a_line_that_is_wrong(watch, lines, collector):
    found = watch.round(seen([outcome(TRACE)], spans_of(TRACE), lines, collector))
    assert [each for each in found if each.startswith("line:")]


# --- References -----------------------------------------------------------------------------------


def test_a_reference_that_was_never_had(watch):
    found = watch.reference_breaches()
    assert len(found) == sum(len(kind.statuses) for kind in KINDS.values()) - 1
    assert not any(f"kind {KIND} " in each for each in found)


def test_a_reference_that_lacks_what_makes_it_one():
    spans = {each.span_id: each for each in spans_of(TRACE) if each.name != INNER}
    reference = reference_of(spans, map(json.loads, lines_of(TRACE)))
    found = checks.Watch({(KIND, "200"): reference}).reference_breaches()
    assert any(f"trace of {KIND} lacks {INNER}" in each for each in found)
    assert any(f"of {KIND} lines tell of" in each for each in found)


# --- Statuses and complaints ----------------------------------------------------------------------


def test_the_same_outcomes():
    outcomes = [outcome(TRACE), outcome(OTHER, HUNG_UP)]
    assert checks.statuses(outcomes, outcomes[:1]) == []


@pytest.mark.parametrize("result", ["503", "no answer", "ServerDisconnectedError"])
def test_an_outcome_that_is_not_due(result):
    plain = [outcome(TRACE)] * 50
    assert checks.statuses(plain, [*plain[1:], outcome(TRACE, result)])


def test_nobody_hung_up_who_was_to_wait():
    given_up = outcome(TRACE, HUNG_UP)._replace(will_hang_up=False)
    assert checks.statuses([outcome(TRACE)], [given_up])


def test_one_answer_fewer():
    assert checks.statuses([outcome(TRACE)] * 50, [outcome(TRACE)] * 49)


def test_reviews_may_be_new_or_not_a_few_times():
    plain = [outcome(TRACE, status, "review") for status in ("200", "201") for _ in range(50)]
    assert checks.statuses(plain, [*plain[2:], *plain[-2:]]) == []
    assert checks.statuses(plain, [*plain[20:], *plain[-20:]])


def complaints(plain, ours):
    return checks.complaints(*(Counter(map(class_of, lines)) for lines in (plain, ours)))


def test_a_line_on_stderr_that_the_plain_server_does_not_write():
    plain = ["[2026-11-23 16:18:23 +0000] [4711] [INFO] Booting worker with pid: 4711\n", "\n"]
    ours = ["[2026-11-23 16:18:24 +0000] [4712] [INFO] Booting worker with pid: 4712\n", "\n"]
    assert complaints(plain, ours) == []
    (found,) = complaints(plain, [*ours, "ERROR signalscope: Sink failed\n"] * 2)
    assert "2 × only with us: ERROR signalscope: Sink failed" in found


def test_lines_of_a_traceback_keep_their_number():
    first, second = (f'  File "dispatcher.py", line {n}, in send\n' for n in (10, 11))
    assert class_of(first) != class_of(second)
    assert complaints([first], [second])


# --- Memory and rest ------------------------------------------------------------------------------


def grown(per_rest, *, rests=6, requests=1000):
    return checks.growth([(requests * n, 50 * checks.MIB + per_rest * n) for n in range(rests)])


def test_growth_is_from_the_first_half_to_the_second():
    found = grown(checks.MIB)
    assert found.bytes == 3 * checks.MIB
    assert found.requests == 3000


def test_memory_that_is_flat_or_grows_with_the_plain_servers():
    assert checks.memory(grown(0), grown(1000), 1) == []
    assert checks.memory(grown(5 * checks.MIB), grown(5 * checks.MIB), 1) == []


def test_memory_that_grows():
    assert checks.memory(grown(0), grown(4096 * 1000), 1)
    # A plain server that shrinks excuses nothing, and takes nothing away.
    assert checks.memory(grown(-5 * checks.MIB), grown(0), 1) == []


def test_too_few_rests_are_no_proof():
    assert checks.memory(grown(0, rests=1), grown(0, rests=1), 1)


REST = {"in_flight": 0, "open_dispatches": 0, "open_calls": 0, "left": {}}


def test_nothing_is_open_at_rest():
    assert checks.at_rest({1: REST}) == []
    assert checks.at_rest(None)


@pytest.mark.parametrize("what", ["in_flight", "open_dispatches", "open_calls"])
def test_something_is_open_at_rest(what):
    assert checks.at_rest({1: REST, 2: {**REST, what: 1}})


def test_records_that_are_left():
    assert checks.at_rest({1: {**REST, "left": {"Dispatch": checks.LEFT}}}) == []
    assert checks.at_rest({1: {**REST, "left": {"Dispatch": checks.LEFT + 1}}})


# --- Latency --------------------------------------------------------------------------------------


def timed_of(factor):
    return [outcome(TRACE, ms=factor * (10 + n)) for n in range(100)]


def test_latency_within_its_limits():
    figures = checks.latencies(timed_of(1), timed_of(1.5))
    assert [each.percentile for each in figures] == [50, 95, 99]
    assert [round(each.ratio, 6) for each in figures] == [1.5] * 3
    assert checks.latency(figures, "here") == []


def test_latency_beyond_them():
    assert len(checks.latency(checks.latencies(timed_of(1), timed_of(7)), "here")) == 3


def test_a_few_milliseconds_are_no_breach_whatever_the_ratio():
    assert checks.latency(checks.latencies(timed_of(0.01), timed_of(0.1)), "here") == []


def test_nothing_measured_is_no_proof():
    assert checks.latency(checks.latencies([], []), "here")


# --- The plans and the table ----------------------------------------------------------------------


def test_each_server_gets_the_same_and_each_round_another():
    first, again, other = (timetable(seed, 20, 30, ["x", "y"]) for seed in "aab")
    assert first == again != other
    assert 400 < len(first) < 800


def test_all_kinds_are_requested_and_some_are_given_up():
    plan = timetable("a", 60, 30, ["x"])
    assert Counter(each["kind"] for each in plan).keys() == KINDS.keys()
    given_up = [each for each in plan if each["hangs_up"] is not None]
    assert 0.05 < len(given_up) / len(plan) < 0.25
    assert len({each["trace"] for each in plan}) == len(plan)


def test_a_short_run_has_one_fault_for_each_server():
    assert rounds(0, 15) == ([CALM, CALM, REFUSES, CALM, CALM, CALM], 2.5)
    assert rounds(1, 15)[0][2] == HANGS


def test_a_long_run_has_each_of_them():
    modes, length = rounds(0, 900)
    assert len(modes) * length == pytest.approx(900)
    assert {REFUSES, HANGS, FAILS} < set(modes)


@pytest.mark.parametrize("seconds", range(15, 400, 15))
def test_after_the_last_fault_there_is_a_calm_round(seconds):
    assert rounds(0, seconds)[0][-1] == CALM


def test_the_table_has_a_row_for_each_kind_and_figure():
    outcomes = ([outcome(TRACE)] * 3, [outcome(TRACE, ms=20.0), outcome(TRACE, HUNG_UP)])
    timed = checks.latencies(timed_of(1), timed_of(2))
    memory = (grown(0), grown(checks.MIB))
    figures = report.Figures("WSGI", outcomes, (timed, timed), (8.0, 12.0), memory, {"spans": 17})
    rows = [each.split() for each in report.table(figures).splitlines()]
    assert ["nested", "200", "3", "200", "1", "gone", "1"] in rows
    assert ["processor,", "ms", "a", "request", "8.00", "12.00", "1.50", "×"] in rows
    assert ["growth", "over", "requests", "+0.00", "over", "3000", "+3.00", "over", "3000"] in rows
    assert ["spans", "17"] in rows
    assert sum(row[:1] == ["p99"] for row in rows) == 1
    assert sum(row[:1] == ["p99,"] for row in rows) == 1
