"""A receiver waits for a sender that never sends."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.db.models.signals import m2m_changed

from demo_bookstore.pitfalls.models import Notice, Topic
from demo_bookstore.pitfalls.stock import make_notice
from demo_bookstore.scenarios.base import Scenario, Wire, pitfall


def count_topics(sender: type[Any], instance: Notice, *, action: str, **kwargs: Any) -> None:
    """Note how many topics a notice has."""
    if action.startswith("post_"):
        cache.set(f"topics-of:{instance.pk}", instance.topics.count())


def prepare() -> tuple[Notice, Topic]:
    """Bring a notice, and a topic for it."""
    return make_notice(), Topic.objects.create(name="Lost and found")


def add_topic(prepared: tuple[Notice, Topic]) -> None:
    """Say what the notice is about."""
    notice, topic = prepared
    notice.topics.add(topic)


_COMMON: dict[str, Any] = {
    "prepare": prepare,
    "run": add_topic,
    "facts": ("action",),
}

PITFALL = pitfall(
    slug="silent-sender",
    title="The sender that never sends",
    shows=(
        "m2m_changed is sent by the model between the two, not by the one that has the field; an "
        "abstract model sends nothing, its children do. connect() takes any sender, so nothing "
        "tells."
    ),
    bad=Scenario(
        slug="silent-sender-bad",
        title="sender=Notice",
        shows="The receiver waits for Notice, which sends nothing. The trace is empty.",
        receivers=(count_topics,),
        wires=(Wire(m2m_changed, count_topics, sender=Notice),),
        findings=("W003",),
        expected="",
        **_COMMON,
    ),
    good=Scenario(
        slug="silent-sender-good",
        title="sender=Notice.topics.through",
        shows="The model between the two is an attribute of the field.",
        receivers=(count_topics,),
        wires=(Wire(m2m_changed, count_topics, sender=Notice.topics.through),),
        expected="""
            m2m_changed pitfalls.Notice_topics action=pre_add
              count_topics
            m2m_changed pitfalls.Notice_topics action=post_add
              count_topics
        """,
        **_COMMON,
    ),
)
