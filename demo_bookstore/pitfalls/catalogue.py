"""All pitfalls: those of the guide first, then those that the field adds."""

from demo_bookstore.pitfalls import (
    bulk_operations,
    empty_relation,
    endless_loop,
    heavy_work,
    ignored_raw,
    order_dependence,
    queries_in_a_loop,
    registered_twice,
    saved_twice,
    short_lived,
    silent_sender,
    skipped_receivers,
    strict_signature,
    swallowed_errors,
    task_before_commit,
    thread_hop,
)
from demo_bookstore.pitfalls.never_imported import pitfall as never_imported

PITFALLS = tuple(
    module.PITFALL
    for module in (
        endless_loop,
        ignored_raw,
        heavy_work,
        task_before_commit,
        bulk_operations,
        registered_twice,
        short_lived,
        never_imported,
        swallowed_errors,
        skipped_receivers,
        queries_in_a_loop,
        order_dependence,
        saved_twice,
        empty_relation,
        strict_signature,
        silent_sender,
        thread_hop,
    )
)
