"""What the examples of the rules' pages name, and nobody would write out there."""

from __future__ import annotations

import types
from importlib.util import find_spec

import django
from django.apps import AppConfig, apps
from django.db import transaction
from django.db.models.signals import m2m_changed, post_save
from django.dispatch import Signal, receiver

if not apps.ready:
    django.setup()

from django.contrib.auth.models import User
from shop.models import Book, Line, Order, Profile, Review

__all__ = [
    "SHIPPING",
    "AppConfig",
    "Book",
    "Line",
    "Order",
    "Profile",
    "Review",
    "Shop",
    "User",
    "alert",
    "book",
    "index",
    "m2m_changed",
    "mail",
    "new",
    "old",
    "opened",
    "post_save",
    "receiver",
    "requests",
    "search",
    "send_mail",
    "ship",
    "stock_ran_low",
    "transaction",
]

SHIPPING = "https://shipping.example/"
Shop = type("Shop", (), {})
stock_ran_low = Signal()
opened = Signal()
old, new = "Quay", "Harbour"
book = Book(title="Tides")


def nothing(*_, **__):
    """Do nothing."""


def refuse(*_, **__):
    """Raise what a server that is down does."""
    raise ConnectionError("refused")


def tell(**_):
    """Hear of something."""


def wait(*_, **__):
    """Take a fifth of a second on the clock that was set."""
    requests.clock["added"] += 200_000_000


search = types.SimpleNamespace(add=nothing)
index = types.SimpleNamespace(rebuild=list)
mail = types.SimpleNamespace(enqueue=refuse)
requests = types.SimpleNamespace(post=wait, clock={})
send_mail = refuse
alert = nothing
ship = types.SimpleNamespace(enqueue=nothing)

if find_spec("celery"):
    from celery import Celery

    @Celery(broker="memory://", set_as_current=False).task(name="shop.tasks.ship")
    def ship(pk):
        """Do nothing."""

    ship.enqueue = nothing
