"""What a release rests on: the version, the workflows, and the forms for those who write to us."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path

import pytest
import yaml

import signalscope

ROOT = Path(__file__).parents[2]
CI = ROOT / ".ci" / "run"
GITHUB = ROOT / ".github"
REPOSITORY = "https://example.org/owner/name"
# The hook of the build, the job that needs it, and the variable by which it is told.
HOOK = ("docs/metadata.py", "build", "SIGNALSCOPE_REPOSITORY")

pytestmark = pytest.mark.skipif(not GITHUB.exists(), reason="this is not a checkout")


def words_of(pattern, text):
    """Return the words that the one group of `pattern` matches, quotes taken off."""
    (found,) = re.findall(pattern, text, flags=re.DOTALL)
    return {word.strip("'\"") for word in found.replace("\\\n", " ").split()}


def sessions_of_ci():
    """Return the sessions that .ci/run runs."""
    text = CI.read_text("utf-8")
    queued = words_of(r"printf '%s\\n' (tests .*?) >\"\$work/queue\"", text) - {"$oldest"}
    (oldest,) = words_of(r"\noldest=('matrix\([^\n]*)\n", text)
    quick = words_of(r"for session in ([^;]*);", text)
    return queued | quick | {oldest, *re.findall(r"python3 -m nox -s ([a-z]+)\b", text)}


def workflow(name):
    """Return a workflow; YAML reads its key “on” as True."""
    return yaml.safe_load((GITHUB / "workflows" / name).read_text("utf-8"))


def test_the_workflow_runs_what_ci_runs():
    matrix = workflow("ci.yml")["jobs"]["nox"]["strategy"]["matrix"]
    assert set(matrix["session"]) == sessions_of_ci()
    arguments = {each["session"]: each["arguments"] for each in matrix["include"]}
    text = CI.read_text("utf-8")
    found = dict(re.findall(r"python3 -m nox -s ([a-z]+) (-- --.+)", text))
    assert arguments == found


def test_each_of_them_is_a_session():
    text = (ROOT / "noxfile.py").read_text("utf-8")
    defined = set(re.findall(r"@nox\.session.*?\ndef (\w+)\(", text, flags=re.DOTALL))
    assert {each.partition("(")[0] for each in sessions_of_ci()} <= defined


def test_the_workflows_have_all_pythons():
    """The last is the one that nox itself runs on: the oldest, as in development."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    supported = [
        each.rpartition(" ")[2]
        for each in project["classifiers"]
        if re.fullmatch(r"Programming Language :: Python :: \d\.\d+", each)
    ]
    for name, job in (("ci.yml", "nox"), ("release.yml", "build")):
        (setup,) = (
            step
            for step in workflow(name)["jobs"][job]["steps"]
            if "setup-python" in step.get("uses", "")
        )
        versions = setup["with"]["python-version"].split()
        assert sorted(versions) == supported
        assert versions[-1] == min(supported)


def test_a_workflow_may_only_read():
    """But for the one job that publishes, which may ask who it is, and nothing else."""
    for file in (GITHUB / "workflows").iterdir():
        text = yaml.safe_load(file.read_text("utf-8"))
        assert text["permissions"] == {"contents": "read"}, file.name
        for name, job in text["jobs"].items():
            allowed = {"id-token": "write"} if name == "publish" else None
            assert job.get("permissions") == allowed, name


def test_the_version_stands_in_one_place():
    """The tag of a release is compared with it by the line that the workflow looks for."""
    text = (ROOT / "signalscope" / "__init__.py").read_text("utf-8")
    (found,) = re.findall(r'^__version__ = "(.*)"$', text, flags=re.MULTILINE)
    assert found == signalscope.__version__
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc|\.dev)\d+)?", found)
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert "version" in tomllib.loads(project)["project"]["dynamic"]
    assert f'"{found}"' not in project


@pytest.fixture
def metadata(monkeypatch):
    """Return what the metadata of a build get, by the repository that it is told of."""
    name, _, variable = HOOK
    module = runpy.run_path(str(ROOT / name))
    hook = module["ReadmeAndAddresses"](str(ROOT), {})

    def built(repository=None):
        monkeypatch.delenv(variable, raising=False)
        if repository is not None:
            monkeypatch.setenv(variable, repository)
        found = {"name": "django-signalscope", "version": "1.2.3"}
        hook.update(found)
        return found

    return built


def test_a_build_by_hand_has_the_readme_as_it_is(metadata):
    assert metadata()["readme"]["text"] == (ROOT / "README.md").read_text("utf-8")
    assert metadata()["urls"] == metadata("")["urls"] == {}


@pytest.mark.parametrize("address", [REPOSITORY, f"{REPOSITORY}/"])
def test_a_release_has_addresses_and_no_relative_link(metadata, address):
    """Each of the README's links leads to the same file at the tag of this very release."""
    built = metadata(address)
    assert built["urls"] == {
        "Documentation": f"{REPOSITORY}/blob/v1.2.3/docs/index.md",
        "Source": f"{REPOSITORY}/tree/v1.2.3",
        "Changelog": f"{REPOSITORY}/blob/v1.2.3/CHANGELOG.md",
        "Issues": f"{REPOSITORY}/issues",
    }
    link = re.compile(r"(!?\[[^\]]*\])\(([^)]+)\)")
    before = link.findall((ROOT / "README.md").read_text("utf-8"))
    after = link.findall(built["readme"]["text"])
    assert len(before) == len(after) > 10
    for (words, relative), (shown, absolute) in zip(before, after, strict=True):
        kind = "raw" if words.startswith("!") else "blob"
        whole = relative.startswith(("https://", "#"))
        assert (shown, absolute) == (
            words,
            relative if whole else f"{REPOSITORY}/{kind}/v1.2.3/{relative}",
        )


@pytest.mark.parametrize("address", ["github.com/OWNER/NAME", "http://example.org/a", "https://"])
def test_what_is_no_address_stops_the_build(metadata, address):
    with pytest.raises(ValueError, match=re.escape(f"SIGNALSCOPE_REPOSITORY is {address!r}. Give")):
        metadata(address)


def test_a_release_is_told_of_its_repository():
    """In every step that builds."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    name, job, variable = HOOK
    assert project["tool"]["hatch"]["metadata"]["hooks"]["custom"]["path"] == name
    told = workflow("release.yml")["jobs"][job]["env"]
    assert told == {variable: "${{ github.server_url }}/${{ github.repository }}"}


@pytest.mark.parametrize("name", ["harm", "wrong-record", "question"])
def test_a_form_asks_something(name):
    """As GitHub reads it: a name, what it is for, and at least one answer that has to be given."""
    form = yaml.safe_load((GITHUB / "ISSUE_TEMPLATE" / f"{name}.yml").read_text("utf-8"))
    assert {"name", "description", "body"} <= set(form)
    ids = [field["id"] for field in form["body"]]
    assert len(ids) == len(set(ids))
    for field in form["body"]:
        assert field["type"] in {"input", "textarea"}
        assert field["attributes"]["label"]
    assert any(field.get("validations", {}).get("required") for field in form["body"])
