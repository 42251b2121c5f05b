"""Files that are no good: whatever reads them says so in one line, and nothing raises."""

from __future__ import annotations

import copy
import json
import unicodedata
from pathlib import Path

import pytest
from django.core.management import CommandError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.commands import ran, refused

FILES = Path(__file__).parents[1] / "files"

READS = {
    "recording": [
        ["report", "FILE"],
        ["report", "FILE", "--format", "html"],
        ["report", "FILE", "--format", "perfetto"],
        ["graph", "--from", "FILE"],
        ["diff", "FILE", FILES / "recording-1.json"],
        ["diff", FILES / "recording-1.json", "FILE"],
    ],
    "wiring": [["diff", "FILE"], ["diff", "FILE", FILES / "wiring-1.json"]],
}
WAYS = [(kind, words) for kind, ways in READS.items() for words in ways]


CHANGES = {
    "empty": (lambda text: "", "is no JSON, or was cut short"),
    "cut": (lambda text: text[: len(text) // 2], "is no JSON, or was cut short"),
    "deep": (lambda text: "[" * 100_000, "is no JSON, or was cut short"),
    "no number": (lambda text: "NaN", "was not written by Signalscope"),
    "nothing": (lambda text: "{}", "was not written by Signalscope"),
    "newer": (lambda text: text.replace('"schema": 1', '"schema": 2'), "install a newer one"),
    "version 0": (lambda text: text.replace('"schema": 1', '"schema": 0'), "was not written by"),
    "truth": (lambda text: text.replace('"schema": 1', '"schema": true'), "was not written by"),
    "other kind": (
        lambda text: '{"schema": 1, "kind": "\\u001b[31mx\\n"}',
        "holds a \\x1b[31mx ; what is wanted is ",
    ),
    "other keys": (lambda text: text.replace('"receiver', '"\\u001b[31m'), "is damaged"),
}


def named(value):
    """Return the id of a parameter, without the folder of a file."""
    words = value if isinstance(value, list) else [value]
    return " ".join(getattr(each, "name", each) for each in words)


def with_file(words, file):
    """Return arguments of the command with a file in its place."""
    return [file if each == "FILE" else each for each in words]


def steers(line):
    """Tell whether a line ends lines, commands a terminal, or turns the order of its text around.

    What no version of Unicode has assigned yet is not printable either, and does none of that.
    """
    turns = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return any(
        unicodedata.category(each) in {"Cc", "Zl", "Zp"}
        or unicodedata.bidirectional(each) in turns
        or each in "\u061c\u200e\u200f"
        for each in line
    )


@pytest.mark.parametrize(("kind", "words"), WAYS, ids=named)
@pytest.mark.parametrize("change", CHANGES)
def test_what_is_wrong_is_said_in_one_line(tmp_path, kind, words, change):
    """It names the file, and cannot steer the terminal."""
    changed, says = CHANGES[change]
    file = tmp_path / "x.json"
    file.write_text(changed((FILES / f"{kind}-1.json").read_text()))
    message = refused(*with_file(words, file))
    assert says in message
    assert str(file) in message
    assert not steers(message)


HOSTILE = "\x1b]0;owned\x07\x9b31m\u202e"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("recording", ["report", "FILE"]),
        ("recording", ["graph", "--from", "FILE"]),
        ("recording", ["graph", "--from", "FILE", "--format", "mermaid"]),
        ("recording", ["diff", FILES / "recording-1.json", "FILE"]),
        ("wiring", ["diff", "FILE", FILES / "wiring-1.json"]),
    ],
    ids=named,
)
def test_a_name_in_a_file_does_not_steer_the_terminal(tmp_path, kind, words):
    file = tmp_path / "x.json"
    text = (FILES / f"{kind}-1.json").read_text()
    file.write_text(text.replace("signals.bill", f"signals.{json.dumps(HOSTILE)[1:-1]}"))
    shown, _ = ran(*with_file(words, file))
    assert "\\x1b]0;owned\\x07\\x9b31m\\u202e" in shown
    assert shown.replace("\n", "").isprintable()


@pytest.mark.parametrize("how", ["text", "json", "html", "perfetto"])
def test_half_a_character_can_be_written(tmp_path, how):
    """JSON may name it, and no encoding has it."""
    file, out = tmp_path / "x.json", tmp_path / "out"
    text = (FILES / "recording-1.json").read_text()
    file.write_text(text.replace("signals.bill", "signals.\\ud800"))
    assert ran("report", file, "--format", how, "--output", out)[1] == 0
    assert "signals.\\ud800" in out.read_text() or "\\ud800</b>" in out.read_text()


@pytest.mark.parametrize("how", ["text", "json", "html", "perfetto"])
@pytest.mark.parametrize("depth", [900, 3000, 50_000])
def test_evidence_may_be_deep(tmp_path, how, depth):
    file = tmp_path / "x.json"
    text = (FILES / "recording-1.json").read_text()
    file.write_text(
        text.replace('"evidence": {', f'"evidence": {{"x": {"[" * depth + "]" * depth},')
    )
    try:
        shown = ran("report", file, "--format", how)[0]
    except CommandError as error:
        shown = str(error)
    assert shown


def paths(value, path=()):
    """Yield the path of everything inside saved data."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inside in items:
        yield (*path, key)
        if isinstance(inside, (dict, list)):
            yield from paths(inside, (*path, key))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=5,
)
MUTABLE = {kind: json.loads((FILES / f"{kind}-1.json").read_text()) for kind in READS}
SPOTS = [(kind, path) for kind, saved in MUTABLE.items() for path in paths(saved)]


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(spot=st.sampled_from(SPOTS), value=JSON, remove=st.booleans(), way=st.integers(0, 5))
def test_whatever_a_file_holds_there_is_no_traceback(tmp_path, spot, value, remove, way):
    """It is read, or refused in one line: a command that raises anything else fails here."""
    kind, path = spot
    saved = copy.deepcopy(MUTABLE[kind])
    around = saved
    for key in path[:-1]:
        around = around[key]
    if remove:
        del around[path[-1]]
    else:
        around[path[-1]] = value
    file = tmp_path / "x.json"
    file.write_text(json.dumps(saved))
    words = READS[kind][way % len(READS[kind])]
    try:
        ran(*with_file(words, file))
    except CommandError as error:
        refusal = error
    else:
        return
    assert refusal.returncode == 2
    assert not steers(str(refusal))
