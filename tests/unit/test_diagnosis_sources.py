"""W011, W012 and W013: receivers that each rule finds something in, and near misses."""

from __future__ import annotations

import ast
import linecache
import warnings
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models.signals import m2m_changed, post_save, pre_save
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from signalscope.diagnosis.source.rules import diagnose_sources
from signalscope.diagnosis.source.trees import parsed
from signalscope.registry.live import wires_of
from tests.testapp.models import Note
from tests.unit.sources import many, raw, saving
from tests.unit.sources.many import MANY
from tests.unit.sources.raw import SIDE_EFFECTS
from tests.unit.sources.saving import SAVES


@contextmanager
def connected(receiver, signal=post_save, sender=Note):
    """Connect a receiver, as a program does; give its connections."""
    others = {id(wire.entry.key) for wire in wires_of([signal])}
    # By the list, as `connect()` takes no receivers that are not functions where DEBUG is on.
    signal.connect(receiver, sender=sender, weak=False)
    try:
        yield [wire for wire in wires_of([signal]) if id(wire.entry.key) not in others]
    finally:
        signal.disconnect(receiver, sender=sender)


def found(receiver, id, signal=post_save, sender=Note):  # noqa: A002 - what a rule is known by
    with connected(receiver, signal, sender) as wires:
        return [each for each in diagnose_sources(wires) if each.id == id]


def name_of(receiver):
    return getattr(receiver, "__qualname__", type(receiver).__qualname__)


class TestSavesOwnInstance:
    @pytest.mark.parametrize("receiver", SAVES.bad, ids=name_of)
    def test_is_found(self, receiver):
        """With the line of the save."""
        (finding,) = found(receiver, "W011")
        assert finding.receiver
        assert (finding.signal, finding.sender) == (
            "django.db.models.signals.post_save",
            "testapp.Note",
        )
        place = finding.places[-1]
        line = linecache.getline(*place)
        assert "save(" in line or "settle" in line
        assert "never ends" in finding.message

    @pytest.mark.parametrize("receiver", SAVES.good, ids=name_of)
    def test_near_miss(self, receiver):
        assert found(receiver, "W011") == []

    def test_before_a_save(self):
        assert found(saving.at_once, "W011", pre_save)
        assert found(saving.at_once, "W011", m2m_changed) == []

    def test_a_model_that_decides_itself(self):
        """Its save() may stop the next round."""
        assert found(saving.at_once, "W011", sender=User) == []
        assert found(saving.at_once, "W011", sender=None)


class TestIgnoresRaw:
    @pytest.mark.parametrize("receiver", SIDE_EFFECTS.bad, ids=name_of)
    def test_is_found(self, receiver):
        """With what it does."""
        (finding,) = found(receiver, "W012", sender=User)
        assert finding.evidence["effects"]
        assert all(ast.parse(each) for each in finding.evidence["effects"])
        assert finding.evidence["effects"][0] in finding.message

    @pytest.mark.parametrize("receiver", SIDE_EFFECTS.good, ids=name_of)
    def test_near_miss(self, receiver):
        assert found(receiver, "W012", sender=User) == []

    def test_before_a_save(self):
        assert found(raw.creates, "W012", pre_save, User)
        assert found(raw.creates, "W012", m2m_changed, None) == []

    def test_rows_that_refer_to_it(self):
        (finding,) = found(raw.creates_related, "W012", sender=ContentType)
        assert finding.evidence["effects"] == ["instance.permission_set.create()"]
        assert found(raw.creates_related, "W012", sender=User) == []

    def test_of_a_sender_that_is_not_known(self):
        """What an attribute of its instance is, is not known then."""
        assert found(raw.creates, "W012", sender=None)
        assert found(raw.adds_to_groups, "W012", sender=None) == []


class TestReadsManyToMany:
    @pytest.mark.parametrize("receiver", MANY.bad, ids=name_of)
    def test_is_found(self, receiver):
        (finding,) = found(receiver, "W013")
        assert ".tags." in finding.message
        assert "m2m_changed" in finding.remedy

    @pytest.mark.parametrize("receiver", MANY.good, ids=name_of)
    def test_near_miss(self, receiver):
        assert found(receiver, "W013") == []

    def test_who_hears_of_changes_too(self):
        """A module that listens to m2m_changed as well does it again then."""
        with connected(many.fills_it, m2m_changed, Note.tags.through):
            assert found(many.all_of_them, "W013") == []

    def test_of_a_sender_that_is_not_known(self):
        assert found(many.all_of_them, "W013", sender=None) == []
        assert found(many.all_of_them, "W013", pre_save) == []


def test_no_source():
    """What cannot be read is skipped."""
    space = {}
    exec("def receiver(instance, **kwargs):\n    instance.save()", space)  # noqa: S102 - on purpose
    assert found(space["receiver"], "W011") == []


def test_a_source_that_was_changed(tmp_path):
    """Another function stands there by now."""
    file = tmp_path / "changed.py"
    text = "def receiver(instance, **kwargs):\n    instance.save()\n"
    space = {}
    exec(compile(text, str(file), "exec"), space)  # noqa: S102 - on purpose
    file.write_text("def other(instance, **kwargs):\n    instance.save()\n")
    assert found(space["receiver"], "W011") == []
    file.write_text(text + "# more\n")
    linecache.checkcache(str(file))
    assert found(space["receiver"], "W011")


_NAMES = st.sampled_from(
    ["instance", "kwargs", "created", "raw", "self", "Note", "x", "instance.tags"]
)
_EXPRESSIONS = st.recursive(
    _NAMES,
    lambda inner: st.one_of(
        st.builds("{}.save()".format, inner),
        st.builds("{}({}, **kwargs)".format, inner, inner),
        st.builds("{}['instance']".format, inner),
        st.builds("({} and not {})".format, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("(lambda instance: {})".format, inner),
        st.builds("[{} for instance in {}]".format, inner, inner),
        st.builds("transaction.on_commit({})".format, inner),
        st.builds("Note.objects.filter({}).update()".format, inner),
    ),
    max_leaves=6,
)
_HEADS = (
    "if {}:",
    "while {}:",
    "for y in {}:",
    "with {}:",
    "try:",
    "def inner(x={}):",
    "match {}:",
)


@st.composite
def _blocks(draw, depth=0):
    lines = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["line", "return", "assign", "block"]))
        value = draw(_EXPRESSIONS)
        if kind == "block" and depth < 3:
            head = draw(st.sampled_from(_HEADS)).format(value)
            body = [f"    {line}" for line in draw(_blocks(depth + 1))]
            if head.startswith("match"):
                body = ["    case _:", *(f"    {line}" for line in body)]
            lines += [head, *body]
            if head == "try:":
                lines += ["except ValueError:", *body]
        else:
            lines.append({"return": f"return {value}", "assign": f"x = {value}"}.get(kind, value))
    return lines


@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=_blocks())
def test_no_source_makes_them_raise(body, tmp_path):
    """Whatever a receiver looks like, it is read."""
    text = "\n".join(
        ["def receiver(sender, instance, **kwargs):", *(f"    {each}" for each in body)]
    )
    file = tmp_path / f"generated_{abs(hash(text))}.py"
    file.write_text(text)
    space = {"Note": Note}
    with warnings.catch_warnings(action="ignore"):  # of what makes no sense
        assert parsed(text) is not None
        exec(compile(text, str(file), "exec"), space)  # noqa: S102 - on purpose
    for finding in [*found(space["receiver"], "W011"), *found(space["receiver"], "W012")]:
        assert finding.message
