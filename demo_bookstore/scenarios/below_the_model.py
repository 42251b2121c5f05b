"""A receiver at the bottom of models.py."""

from demo_bookstore.pitfalls.models import Topic, tidy_name
from demo_bookstore.scenarios.base import Scenario
from demo_bookstore.scenarios.stock import nothing


def run(_: None) -> None:
    """Write a topic with more blanks than it takes."""
    Topic.objects.create(name="Lost   and found")


SCENARIO = Scenario(
    slug="below-the-model",
    title="At the bottom of models.py",
    shows=(
        "For one receiver or two, next to the model that they are about: the module is imported in "
        "any case. It gets crowded where several models are involved."
    ),
    prepare=nothing,
    run=run,
    receivers=(tidy_name, Topic),
    expected="""
        pre_save pitfalls.Topic
          tidy_name
    """,
)
