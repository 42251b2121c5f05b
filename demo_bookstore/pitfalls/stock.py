"""What the pitfalls begin with."""

from typing import Any

from demo_bookstore.pitfalls.models import Answer, Notice


def make_notice(**values: Any) -> Notice:
    """Pin a notice to the board."""
    return Notice.objects.create(**({"title": "Reading by candlelight on Friday"} | values))


def make_answers(notice: Notice, count: int) -> list[Answer]:
    """Write answers below a notice."""
    return [
        Answer.objects.create(notice=notice, text=f"I will bring {n} cups.") for n in range(count)
    ]
