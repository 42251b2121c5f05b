"""Recordings as plain data, made by hand: what `Recording.to_dict` gives, with usual values."""

from __future__ import annotations


def call(name, started=0, took=0, own=None, **more):
    """Return a receiver call as `Recording.to_dict` gives it."""
    return {
        "receiver_name": name,
        "file": "/srv/shop/signals.py",
        "line": 7,
        "order": 0,
        "is_async": False,
        "started_ns": started,
        "duration_ns": took,
        "self_ns": took if own is None else own,
        "error": None,
        "queries": {"count": 0, "duration_ns": 0, "repeated": {}},
        **more,
    }


def dispatch(started=0, took=0, **more):
    """Return a dispatch as `Recording.to_dict` gives it."""
    return {
        "id": 1,
        "signal_name": "django.db.models.signals.post_save",
        "sender_name": "shop.Order",
        "method": "send",
        "depth": 0,
        "parent": None,
        "started_at": "2026-11-22T12:00:00+00:00",
        "started_ns": started,
        "duration_ns": took,
        "error": None,
        "deferred": False,
        "recursive": False,
        "cycle": [],
        "location": ["/srv/shop/views.py", 3],
        "kwargs": {},
        "not_called": [],
        "calls": [],
        **more,
    }


def recorded(*dispatches, dropped=0, **more):
    """Return a recording as `Recording.to_dict` gives it."""
    return {
        "schema": 1,
        "dropped": dropped,
        "dispatches": list(dispatches),
        "bypasses": [],
        **more,
    }


def bypass(**more):
    """Return a bypass as `Recording.to_dict` gives it."""
    return {
        "operation": "bulk_create",
        "model_name": "shop.Order",
        "rows": 3,
        "receivers": ["shop.signals.log_order"],
        "location": ["/srv/shop/imports.py", 12],
        "parent": None,
        "deferred": False,
        "started_ns": 0,
        "duration_ns": 0,
        **more,
    }


def effect(**more):
    """Return a mail that was sent, as `Recording.to_dict` gives it."""
    return {
        "kind": "mail",
        "name": "django.core.mail.message.EmailMessage",
        "location": ["/srv/shop/signals.py", 9],
        "parent": None,
        "deferred": False,
        "before_commit": True,
        **more,
    }


def missed(name, reason):
    """Return a receiver that was not called, as `Recording.to_dict` gives it."""
    return {"receiver_name": name, "reason": reason}


def queries(count, duration_ns=0, **repeated):
    """Return the queries of a call; repeated statements as keywords."""
    return {"count": count, "duration_ns": duration_ns, "repeated": repeated}


def big_recording(size):
    return recorded(
        *(
            dispatch(
                1_000_000_000_000 + number * 7919,
                number * 31 % 5003,
                id=number,
                kwargs={"created": True, "instance": f"shop.Order pk={number}"},
                calls=[call("shop.signals.log_order", 10**12 + number * 7919, number % 4999)],
            )
            for number in range(size)
        )
    )
