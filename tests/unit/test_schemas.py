"""The published schemas: what we write fits them, and files of each version can still be read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import signalscope
from signalscope.diagnosis.catalogue import RULES
from signalscope.management.verbs import outcome
from signalscope.rendering import data, graphs, suite
from tests.saved import bypass, call, dispatch, effect, recorded
from tests.unit.commands import as_data, printed, ran

FOLDER = Path(data.__file__).parent / "schemas"
FILES = Path(__file__).parents[1] / "files"
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "json.md"
SCHEMAS = {each.stem: json.loads(each.read_text("utf-8")) for each in FOLDER.glob("*.json")}


def closed(schema):
    """Return a schema that admits no key that it does not name.

    A reader is to pass over keys that it does not know, as there may be more one day; what we write
    now has to be described.
    """
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {key: closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        shut["additionalProperties"] = False
    return shut


CLOSED = {name: Draft202012Validator(closed(schema)) for name, schema in SCHEMAS.items()}


def assert_fits(told, name):
    """Assert that data is what a schema describes, and has nothing more."""
    faults = [f"{each.json_path}: {each.message}" for each in CLOSED[name].iter_errors(told)]
    assert faults == []


class TestSchemas:
    @pytest.mark.parametrize("name", SCHEMAS)
    def test_is_one(self, name):
        """Its id and the versions that it admits are those of its file."""
        schema = SCHEMAS[name]
        Draft202012Validator.check_schema(schema)
        kind, _, version = name.rpartition("-")
        assert schema["$id"] == f"urn:signalscope:{kind}:{version}"
        assert schema["properties"]["schema"]["const"] == int(version)

    def test_there_is_one_for_each_version_that_is_written(self):
        now = {"recording": data.SCHEMA, "suite": suite.SCHEMA, "graph": graphs.SCHEMA}
        kinds = {name.rpartition("-")[0] for name in SCHEMAS}
        assert {f"{kind}-{now.get(kind, outcome.SCHEMA)}" for kind in kinds} <= set(SCHEMAS)
        assert kinds >= now.keys()

    @pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not here")
    def test_the_page_has_all(self):
        shown = re.findall(r"schemas/([-a-z0-9]+)\.json\n", PAGE.read_text("utf-8"))
        assert sorted(shown) == sorted(SCHEMAS)

    @pytest.mark.parametrize("name", SCHEMAS)
    def test_each_value_is_described(self, name):
        def bare(schema, path):
            for key, value in schema.get("properties", {}).items():
                about = {*value} & {"description", "$ref", "const"}
                if not about and value.get("type") != "array":
                    yield f"{path}.{key}"
                yield from bare(value, f"{path}.{key}")

        schema = SCHEMAS[name]
        found = [*bare(schema, name)]
        for key, value in schema.get("$defs", {}).items():
            found += bare(value, key)
        assert found == []


@pytest.mark.usefixtures("wired")
class TestWhatIsWritten:
    def test_recordings(self, recording_file, tmp_path):
        told = json.loads(recording_file.read_text())
        assert len(told["dispatches"]) == 2
        assert_fits(told, "recording-1")
        assert_fits(as_data("report", recording_file), "recording-1")

    def test_a_recording_that_has_a_bit_of_everything(self):
        cut = {"duration_ns": None, "error": {"type": "ValueError", "message": ""}}
        told = recorded(
            dispatch(calls=[call("a", replaced_by="mock", broken=True, **cut)], **cut),
            dispatch(parent=[0, 0], depth=1, kwargs={"update_fields": ["a"], "pk_count": 2}),
            bypasses=[bypass(parent=[0, 0]), bypass(own_row=True, by_django=True)],
            effects=[effect(parent=[0, 0])],
        )
        again = signalscope.Recording.from_dict(told).to_dict()
        assert_fits(told, "recording-1")
        assert_fits(again, "recording-1")

    def test_snapshots(self):
        assert_fits(json.loads(printed("snapshot", "-")), "wiring-1")

    def test_lists(self):
        assert_fits(as_data("list"), "connections-1")
        assert_fits(as_data("list", "--orphans"), "orphans-1")

    def test_reasons(self):
        told = as_data("why", "commands.bill", "--signal", "commands.paid")
        assert_fits(told, "why-1")

    def test_graphs(self, recording_file):
        told = as_data("graph", "--from", recording_file)
        assert any(each["sends"] for each in told["receivers"])
        assert_fits(told, "graph-1")

    def test_differences(self, tmp_path):
        """Each kind of them."""
        wiring = json.loads((FILES / "wiring-1.json").read_text())
        first, second = wiring["signals"]["shop.signals.paid"]
        other = {"shop.signals.paid": [second, {**first, "weak": False}], "s": [first]}
        old = recorded(dispatch(calls=[call("a", 0, 1), call("b", 1, 2), call("gone")]))
        slow = call("a", 1, 9**9) | {"queries": {"count": 1, "duration_ns": 1, "repeated": {}}}
        new = recorded(dispatch(calls=[call("b"), slow, call("came")]), dispatch(calls=[slow]))
        kinds = set()
        for at, pair in enumerate(((wiring, wiring | {"signals": other}), (old, new))):
            files = [tmp_path / f"{at}-{name}.json" for name in ("old", "new")]
            for file, told in zip(files, pair, strict=True):
                file.write_text(json.dumps(told))
            text, _ = ran("diff", *files, "--format", "json")
            assert_fits(json.loads(text), "diff-1")
            kinds |= {each["kind"] for each in json.loads(text)["changes"]}
        admitted = SCHEMAS["diff-1"]["properties"]["changes"]["items"]["properties"]["kind"]
        assert kinds == set(admitted["enum"])

    def test_rules(self):
        told = as_data("rules")
        assert len(told["rules"]) == len(RULES)
        assert_fits(told, "rules-1")

    def test_a_run_of_tests(self):
        told = suite.Suite()
        recording = signalscope.Recording.from_dict(
            json.loads((FILES / "recording-1.json").read_text())
        )
        told.add("test_shop.py::test_it", "passed", suite.facts_of_test(recording))
        shown = told.to_dict()
        assert shown["tests"][0]["findings"]
        assert shown["tests"][0]["recursions"]
        assert_fits(shown, "suite-1")


class TestWhatIsNot:
    @pytest.mark.parametrize("key", SCHEMAS["recording-1"]["required"])
    def test_a_recording_that_lacks_something(self, key):
        told = json.loads((FILES / "recording-1.json").read_text())
        del told[key]
        assert not CLOSED["recording-1"].is_valid(told)

    @pytest.mark.parametrize("part", ["dispatch", "call"])
    @pytest.mark.parametrize("value", [[3], {"a": 1.5}, 1.5])
    def test_a_recording_in_which_something_is_of_another_kind(self, part, value):
        for key in SCHEMAS["recording-1"]["$defs"][part]["properties"]:
            told = json.loads((FILES / "recording-1.json").read_text())
            spot = told["dispatches"][0]
            (spot if part == "dispatch" else spot["calls"][0])[key] = value
            assert not CLOSED["recording-1"].is_valid(told), key

    def test_another_version_or_kind(self):
        told = json.loads((FILES / "wiring-1.json").read_text())
        assert CLOSED["wiring-1"].is_valid(told)
        assert not CLOSED["wiring-1"].is_valid(told | {"schema": 2})
        assert not CLOSED["wiring-1"].is_valid(told | {"kind": "graph"})


def files_of(kind):
    """Return the files of a kind, of each version that ever was written."""
    return sorted(FILES.glob(f"{kind}-*.json"))


class TestOldFiles:
    """What was saved once stays readable; a file here is never changed, and one is added for each
    new version."""

    @pytest.mark.parametrize("kind", ["recording", "wiring"])
    def test_there_is_one_of_each_version(self, kind):
        versions = {name for name in SCHEMAS if name.startswith(f"{kind}-")}
        assert versions <= {each.stem for each in files_of(kind)}

    @pytest.mark.parametrize("file", files_of("recording"), ids=lambda each: each.stem)
    def test_recordings(self, file):
        """They load, are shown in each form, and fit their schema."""
        told = json.loads(file.read_text())
        version = f"recording-{told['schema']}"
        assert_fits(told, version)
        assert "shop.signals.bill" in printed("report", file)
        assert "bill</b> shop.signals" in printed("report", file, "--format", "html")
        trace = json.loads(printed("report", file, "--format", "perfetto"))
        assert len([each for each in trace["traceEvents"] if each["ph"] == "X"]) == 12
        assert printed("diff", file, FILES / "recording-1.json") == "No difference.\n"
        assert "shipped warehouse" in printed("graph", "--of", "paid", "--from", file)

    @pytest.mark.parametrize("file", files_of("wiring"), ids=lambda each: each.stem)
    def test_snapshots(self, file):
        told = json.loads(file.read_text())
        assert_fits(told, f"wiring-{told['schema']}")
        assert ran("diff", file, file) == ("No difference.\n", 0)
        assert "- removed: shop.signals.bill on paid" in ran("diff", file)[0]
