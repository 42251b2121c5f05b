"""A many-to-many relation is read before anything was put into it."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.db.models.signals import m2m_changed, post_save

from demo_bookstore.pitfalls.models import Notice, Topic
from demo_bookstore.scenarios.base import Scenario, Wire, pitfall


def file_by_topic(
    sender: type[Notice], instance: Notice, *, created: bool, raw: bool, **kwargs: Any
) -> None:
    """Bad: the relation needs the row, so it is filled after the save, and empty here."""
    if created and not raw:
        cache.set("topics", [topic.name for topic in instance.topics.all()])


def file_when_topics_come(
    sender: type[Any], instance: Notice, *, action: str, reverse: bool, **kwargs: Any
) -> None:
    """Good: m2m_changed says when there is something to read."""
    if action == "post_add" and not reverse:
        cache.set("topics", [topic.name for topic in instance.topics.all()])


def prepare() -> Topic:
    """Bring a topic."""
    return Topic.objects.create(name="Evenings")


def write_notice_with_topic(topic: Topic) -> None:
    """Write a notice, and say what it is about."""
    notice = Notice.objects.create(title="Reading on Friday")
    notice.topics.add(topic)


PITFALL = pitfall(
    slug="empty-relation",
    title="Topics that are never there",
    shows=(
        "A form saves the instance first and its many-to-many relations after that, as they refer "
        "to its key. In post_save they are empty, each time."
    ),
    bad=Scenario(
        slug="empty-relation-bad",
        title="Read in post_save",
        shows="The receiver runs before the topic is added, so it files the notice under nothing.",
        prepare=prepare,
        run=write_notice_with_topic,
        receivers=(file_by_topic,),
        wires=(Wire(post_save, file_by_topic, sender=Notice),),
        findings=("W013",),
        expected="""
            post_save pitfalls.Notice
              file_by_topic
        """,
    ),
    good=Scenario(
        slug="empty-relation-good",
        title="Read in m2m_changed",
        shows="It is called before and after the topic is added, and acts after it.",
        prepare=prepare,
        run=write_notice_with_topic,
        receivers=(file_when_topics_come,),
        wires=(Wire(m2m_changed, file_when_topics_come, sender=Notice.topics.through),),
        facts=("action",),
        expected="""
            m2m_changed pitfalls.Notice_topics action=pre_add
              file_when_topics_come
            m2m_changed pitfalls.Notice_topics action=post_add
              file_when_topics_come
        """,
    ),
)
