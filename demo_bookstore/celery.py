"""The shop's Celery app: `celery -A demo_bookstore worker` does what the shop puts off.

The queue and the results are files in the folder of the run, so no server is needed. With
`CELERY_BROKER_URL`, such as `redis://localhost:6379/0`, the queue is there.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demo_bookstore.settings")

from demo_bookstore.settings import RUN_DIR

_server = os.environ.get("CELERY_BROKER_URL")

app = Celery("demo_bookstore")
app.conf.update(
    broker_url=_server or f"sqla+sqlite:///{RUN_DIR / 'queue.sqlite3'}",
    result_backend=f"db+sqlite:///{RUN_DIR / 'results.sqlite3'}",
    broker_connection_retry_on_startup=True,
    task_ignore_result=False,
    imports=["demo_bookstore.pitfalls.tasks"],
)
