"""Diagnosis: the catalogue, findings as data, silencing, and what holds for all rules."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from django.dispatch import Signal
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import signalscope
from signalscope.diagnosis.catalogue import RULES
from signalscope.diagnosis.pages import FOLDER, page_of
from signalscope.diagnosis.runtime import diagnose
from signalscope.errors import SignalscopeError
from signalscope.rendering.findings import findings as shown
from signalscope.rendering.report import report
from tests.saved import bypass, call, dispatch, effect, recorded
from tests.unit.programs import broken, connections, found_in, fresh

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rules.md"
SECOND = 1_000_000_000


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_each_rule_has_a_page(rule):
    """With its id, name, title, severity, an example of each kind and how to silence it."""
    page = page_of(rule)
    assert page.startswith(f"# {rule.id} {rule.name}\n\n{rule.title}. Severity: {rule.severity}.")
    assert page.count("```python") >= 2
    assert "**When it is fine.**" in page
    assert f"ignore[{rule.id}]" in page


def test_each_page_is_of_a_rule():
    assert {each.stem.upper() for each in FOLDER.iterdir()} == set(RULES)


@pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not here")
def test_the_docs_have_all_pages():
    """In the order of ids, each under an anchor of its own."""
    sections = re.findall(
        r"^\((.+)\)=\n\n### (W\d{3}) ([\w-]+)\n\n```{include} .*/(w\d{3})\.md\n```$",
        PAGE.read_text("utf-8"),
        re.MULTILINE,
    )
    assert sections == [
        (rule.anchor, rule.id, rule.name, rule.id.lower()) for rule in RULES.values()
    ]


def test_severities():
    """There are two."""
    assert {rule.severity for rule in RULES.values()} == {"warning", "info"}


def slow_one(**more):
    """Return a saved recording with a slow receiver."""
    data = recorded(dispatch(0, SECOND, id=7, calls=[call("shop.bill", 0, SECOND)]), **more)
    return signalscope.Recording.from_dict(data)


def test_a_finding_as_data():
    """It is the same after a trip through JSON."""
    (finding,) = slow_one().findings
    assert finding.message == f"{finding.what} {finding.remedy}"
    assert (finding.receiver, finding.sender) == ("shop.bill", "shop.Order")
    assert finding.evidence["dispatches"] == [7]
    saved = json.loads(json.dumps(slow_one().to_dict()))
    assert signalscope.Recording.from_dict(saved).findings == [finding]
    assert saved["findings"][0]["message"] == finding.message


@pytest.mark.parametrize(
    "damage",
    [
        3,
        [3],
        [{}],
        [{"id": 1}],
        None,
        "x",
    ],
    ids=str,
)
def test_damaged_findings(damage):
    """An error says so."""
    saved = slow_one().to_dict() | {"findings": damage}
    with pytest.raises(SignalscopeError, match="damaged"):
        signalscope.Recording.from_dict(saved)


def test_a_finding_is_shown():
    """In the tree, the report, and with the row that it is about."""
    recording = slow_one()
    assert (
        recording.tree().splitlines()[-1].startswith("W103 slow-receiver: shop.bill took 1,000 ms")
    )
    (row,) = shown(recording.to_dict())
    assert (row.row, row.id, row.severity) == ("d0", "W103", "warning")
    assert row.remedy.startswith("Move the work")
    assert row.remedy not in row.what
    assert "W103 slow-receiver" in report(recording.to_dict())


def test_silenced_by_the_setting(settings):
    """In a live recording and in a saved one."""
    live, saved = slow_one(), signalscope.Recording.from_dict(slow_one().to_dict())
    assert live.findings
    assert saved.findings
    settings.SIGNALSCOPE = {"SILENCED": ["W103"]}
    assert live.findings == saved.findings == []


def test_thresholds_of_the_settings(settings):
    """They hold when the findings are read."""
    settings.SIGNALSCOPE = {"SLOW_MS": 1001}
    assert slow_one().findings == []


# fmt: off
def silent_def(**_):  # signalscope: ignore[W105] tried again later
    """Raise."""
    raise ValueError("broken")


# signalscope: ignore[W104, W105] both
def silent_above(**_):
    """Raise."""
    raise ValueError("broken")


def same(function):
    """Decorate with nothing."""
    return function


@same
@same  # signalscope: ignore[W105]
def silent_decorated(**_):
    """Raise."""
    raise ValueError("broken")


@same
def silent_below_decorator(**_):  # signalscope: ignore[W105]
    """Raise."""
    raise ValueError("broken")


silent_lambda = lambda **_: broken()  # noqa: E731  # signalscope: ignore[W105]


def loud_other_id(**_):  # signalscope: ignore[W104]
    """Raise."""
    raise ValueError("broken")


def loud_inside(**_):
    """Raise."""
    raise ValueError("broken")  # signalscope: ignore[W105]


before = None  # signalscope: ignore[W105]
def loud_below_other_code(**_):
    """Raise."""
    raise ValueError("broken")


def loud_unfinished(**_):  # signalscope: ignore W105
    """Raise."""
    raise ValueError("broken")
# fmt: on


@pytest.mark.parametrize(
    "receiver",
    [silent_def, silent_above, silent_decorated, silent_below_decorator, silent_lambda],
    ids=["def", "above", "decorator", "below a decorator", "lambda"],
)
def test_silenced_by_a_comment(receiver):
    """At the definition, a decorator or on the line above."""
    assert (
        found_in(lambda connect: fresh(receiver, connect=connect).send_robust(None), "W105") == []
    )


@pytest.mark.parametrize(
    "receiver",
    [loud_other_id, loud_inside, loud_below_other_code, loud_unfinished],
    ids=lambda each: each.__name__,
)
def test_not_silenced(receiver):
    """By another rule's id, in the body, behind other code, or without brackets."""
    assert found_in(lambda connect: fresh(receiver, connect=connect).send_robust(None), "W105")


def test_a_file_that_is_not_there(tmp_path):
    """It silences nothing."""
    data = recorded(dispatch(0, SECOND, calls=[call("x.y", 0, SECOND, file=str(tmp_path), line=0)]))
    assert len(signalscope.Recording.from_dict(data).findings) == 1


def test_findings_of_a_running_recording():
    """They grow with it."""
    with connections() as connect, signalscope.record() as recording:
        signal = fresh(broken, connect=connect)
        assert recording.findings == []
        signal.send_robust(None)
        (one,) = recording.findings
        signal.send_robust(None)
        (two,) = recording.findings
    assert (one.evidence["count"], two.evidence["count"]) == (1, 2)


def test_assert_no_findings():
    """It fails with the finding, and names the nearest rule for an id that none has."""
    recording = slow_one()
    recording.assert_no_findings("W101")
    with pytest.raises(AssertionError, match=r"W103 shop\.bill took"):
        recording.assert_no_findings()
    with pytest.raises(SignalscopeError, match=r"'recursions' is no id of a rule.*'W101'"):
        recording.assert_no_findings("recursions")
    with pytest.raises(SignalscopeError, match=r"'W1090' .* Did you mean 'W109'"):
        recording.assert_no_findings("W1090")


def many(number, shape):
    """Return the dispatches of a saved recording, side by side or each below the last."""
    entries = []
    for at in range(number):
        deep = shape == "deep" and at
        entries.append(
            dispatch(
                at,
                SECOND - 2 * at,
                id=at + 1,
                parent=[at - 1, 0] if deep else None,
                depth=at if deep else 0,
                kwargs={"instance": f"shop.Order pk={at % 3}", "raw": True},
                calls=[
                    call(
                        f"shop.bill{at % 50}",
                        at,
                        SECOND - 2 * at - 1,
                        queries={"count": 9, "duration_ns": 1, "repeated": {"INSERT INTO x": 9}},
                    )
                ],
            )
        )
    return list(signalscope.Recording.from_dict(recorded(*entries)).walk())


def steps_of(dispatches):
    """Return how many functions are called for a diagnosis."""
    count = 0

    def profile(_frame, event, _argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        assert diagnose(dispatches, [], [], slow_ms=100, repeated=5)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("shape", ["wide", "deep"])
def test_takes_time_in_proportion(shape):
    """However dispatches hang together; and depth is no limit."""
    assert steps_of(many(8000, shape)) < 5 * steps_of(many(2000, shape))


# --- They never raise ---

names = st.sampled_from(["shop.a", "shop.b", "django.db.models.signals.post_save", "", "x pk=1"])
numbers = st.integers(-5, 2 * SECOND)
texts = names | st.text(max_size=9)
statements = st.sampled_from(["INSERT INTO x", "SELECT 1", "", "(other statements)", "IN (%s"])
errors = st.none() | st.fixed_dictionaries({"type": texts, "message": texts})
queries = st.none() | st.fixed_dictionaries(
    {
        "count": numbers,
        "duration_ns": numbers,
        "repeated": st.dictionaries(statements, numbers, max_size=3),
    }
)
values = st.none() | st.booleans() | texts | numbers | st.lists(texts, max_size=2)
sent = st.dictionaries(
    st.sampled_from(["instance", "raw", "using", "action", "created", "reverse"]),
    values | st.sampled_from(["shop.Order pk=1", "shop.Order pk=None", "shop.Order"]),
)
calls = st.builds(
    lambda name, started, took, is_async, error, queries, line: call(
        name, started, took, is_async=is_async, error=error, queries=queries, line=line
    ),
    names,
    numbers,
    st.none() | numbers,
    st.booleans(),
    errors,
    queries,
    st.none() | numbers,
)
places = st.none() | st.tuples(texts, numbers).map(list)


@st.composite
def recordings(draw):
    """Return what a saved recording may hold, sensible or not."""
    entries = []
    for _ in range(draw(st.integers(0, 6))):
        parent, depth = None, 0
        above = [n for n, each in enumerate(entries) if each["calls"]]
        if above and draw(st.booleans()):
            of = draw(st.sampled_from(above))
            parent = [of, draw(st.integers(0, len(entries[of]["calls"]) - 1))]
            depth = entries[of]["depth"] + 1
        entries.append(
            dispatch(
                draw(numbers),
                draw(st.none() | numbers),
                id=draw(numbers),
                parent=parent,
                depth=depth,
                signal_name=draw(names),
                sender_name=draw(st.none() | texts),
                method=draw(st.sampled_from(["send", "asend", "send_robust", "", "asend_robust"])),
                error=draw(errors),
                deferred=draw(st.booleans()),
                location=draw(places),
                kwargs=draw(sent),
                not_called=[
                    {"receiver_name": draw(texts), "reason": "error-before"}
                    for _ in range(draw(st.integers(0, 2)))
                ],
                calls=draw(st.lists(calls, max_size=3)),
            )
        )
    above = [n for n, each in enumerate(entries) if each["calls"]]
    return recorded(
        *entries,
        bypasses=[
            bypass(
                operation=draw(st.sampled_from(["update", "bulk_create", ""])),
                model_name=draw(names),
                rows=draw(st.none() | numbers),
                receivers=draw(st.lists(names, max_size=2)),
                location=draw(places),
                parent=[draw(st.sampled_from(above)), 0] if above and draw(st.booleans()) else None,
            )
            for _ in range(draw(st.integers(0, 2)))
        ],
        effects=[
            effect(
                kind=draw(st.sampled_from(["mail", "celery", "task", ""])),
                name=draw(names),
                location=draw(places),
                parent=[draw(st.sampled_from(above)), 0] if above and draw(st.booleans()) else None,
                deferred=draw(st.booleans()),
                before_commit=draw(st.booleans()),
            )
            for _ in range(draw(st.integers(0, 2)))
        ],
    )


@hypothesis_settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(recordings())
def test_rules_never_raise(data):
    """Whatever a recording holds; and what they find is data that comes back the same."""
    recording = signalscope.Recording.from_dict(data)
    found = recording.findings
    saved = json.loads(json.dumps(recording.to_dict()))
    assert signalscope.Recording.from_dict(saved).findings == found
    assert all(each.id in RULES and each.message for each in found)
    recording.tree()
    shown(saved)


def test_sends_of_ones_own_signal_have_no_findings():
    """Where nothing is wrong, nothing is found."""
    signal = Signal()
    with signalscope.record() as recording:
        signal.send(sender=None)
    recording.assert_no_findings()


def test_a_bypass_jumps_to_its_own_row():
    """Wherever it was done."""
    other = bypass(operation="update", location=["/srv/shop/views.py", 8])
    data = recorded(dispatch(calls=[call("shop.bill")]), bypasses=[bypass(rows=2), other])
    saved = signalscope.Recording.from_dict(data).to_dict()
    assert {each.row for each in shown(saved) if each.id == "W108"} == {"b0", "b1"}


@pytest.mark.parametrize("file", ["a\0b", "\ud800", "", "/", "<string>"])
def test_a_file_that_cannot_be_read_silences_nothing(file):
    """A recording may come from anywhere."""
    error = {"type": "ValueError", "message": ""}
    entry = dispatch(method="send_robust", calls=[call("shop.bill", file=file, error=error)])
    (found,) = signalscope.Recording.from_dict(recorded(entry)).findings
    assert found.id == "W105"
