"""What the pages take for granted: a shop, whose names their Python uses."""

from __future__ import annotations

import sys
import types

from django.core import mail
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import Signal


def module(name, source, **names):
    """Make a module of its own from source, as if it were a file of the shop."""
    made = types.ModuleType(name)
    vars(made).update(names)
    exec(compile(source, name.replace(".", "/") + ".py", "exec"), vars(made))  # noqa: S102
    sys.modules[name] = made
    return made


class Objects:
    """A manager, whose `create` sends what Django's would."""

    def __init__(self, model):
        self._model = model

    def create(self, **fields):
        """Make one, and say so."""
        made = self._model()
        vars(made).update(fields)
        post_save.send(
            sender=self._model,
            instance=made,
            created=True,
            raw=False,
            using="default",
            update_fields=None,
        )
        return made


def model(name):
    """Make a class that sends as a model does, and needs no table."""
    made = type(name, (), {"__module__": "bookstore.models"})
    made.objects = Objects(made)
    return made


RECEIVERS = """
def record_review_rating(**_): pass
def log_review(**_): pass
def index_book(**_): pass
def confirm(**_): pass
def send_receipt(**_): pass
"""


class Shop:
    """A shop for one page, with its connections; `close` takes them away again."""

    def __init__(self):
        self.reports = []
        self.paid = Signal()
        self.Book, self.Review, self.Order = model("Book"), model("Review"), model("Order")
        self.bookstore = module("bookstore.signals", RECEIVERS)
        self.search = module("search.handlers", RECEIVERS)
        self.mail = module("shop.mail", RECEIVERS)
        post_save.connect(self.bookstore.record_review_rating, sender=self.Review)
        post_save.connect(self.bookstore.log_review, sender=self.Review)
        post_save.connect(self.search.index_book, sender=self.Book)
        self.paid.connect(self.mail.confirm, sender=self.Order)
        shop = self

        class Placed(self.Order):
            def pay(self):
                with transaction.atomic():
                    shop.paid.send(sender=shop.Order, instance=self)
                    transaction.on_commit(lambda: shop.receipt.send(sender=shop.Order))

        self.receipt = Signal()
        self.receipt.connect(self.mail.send_receipt, sender=self.Order)
        self.order = Placed()

    def names(self):
        """Return the names that the pages use."""
        return {
            "Book": self.Book,
            "Order": self.Order,
            "Review": self.Review,
            "book": self.Book(),
            "import_catalogue": lambda: self.Book.objects.create(title="Tides"),
            "order": self.order,
            "post_save": post_save,
            "report": lambda *told: self.reports.append(told),
            "review": types.SimpleNamespace(save=lambda: self.Review.objects.create(rating=4)),
            "transaction": transaction,
        }

    def close(self):
        """Leave Django as it was."""
        for receivers, sender in (
            (self.bookstore, self.Review),
            (self.search, self.Book),
        ):
            for each in vars(receivers).values():
                if isinstance(each, types.FunctionType):
                    post_save.disconnect(each, sender=sender)
        for name in ("bookstore.signals", "search.handlers", "shop.mail"):
            sys.modules.pop(name, None)
        mail.outbox = []
