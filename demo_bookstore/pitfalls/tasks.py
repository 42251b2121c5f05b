"""What is done later, by a worker. Imported only where Celery is installed."""

from demo_bookstore.celery import app
from demo_bookstore.pitfalls import analysis
from demo_bookstore.pitfalls.models import Analysis, Answer


@app.task
def analyse(pk: int) -> None:
    """Work out the mood and the gist of an answer, if it is still there."""
    answer = Answer.objects.filter(pk=pk).first()
    if answer is not None:
        found = {"mood": analysis.mood(answer.text), "gist": analysis.gist(answer.text)}
        Analysis.objects.update_or_create(answer=answer, defaults=found)
