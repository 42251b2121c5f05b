"""The real workloads: what the bookstore does for a review, and for a delivery of books."""

from __future__ import annotations

from decimal import Decimal

from demo_bookstore.bookstore.models import Book
from demo_bookstore.scenarios import review_posted
from tests.benchmarks.programs import Program


class Review(Program):
    """The scenario "post a review": five dispatches and seven receiver calls."""

    collects = True
    times = 4

    def prepare(self):
        self.prepared = [review_posted.prepare() for _ in range(self.times)]

    def run(self):
        for each in self.prepared:
            review_posted.run(each)


class Import(Program):
    """The next fifty books of a delivery, saved one by one.

    The shop fills up from round to round, so only rounds of the same number are alike.
    """

    collects = True
    times = 50

    def __init__(self, variant, size):
        super().__init__(variant, size)
        self._made = 0

    def prepare(self):
        first, self._made = self._made, self._made + self.times
        self.titles = [f"Logbook no. {number}" for number in range(first, self._made)]

    def run(self):
        for title in self.titles:
            Book(title=title, price=Decimal("14.90"), stock_quantity=20).save()


WORKLOADS = {"review": Review, "import": Import}
