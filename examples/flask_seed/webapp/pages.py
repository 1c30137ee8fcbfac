"""What the web application answers."""

from flask import Blueprint

from celery_worker.tasks import hello

pages = Blueprint("pages", __name__)


@pages.post("/hello/<word>")
def say_hello(word: str) -> tuple[str, int]:
    """Have a worker say the word now: the periodic task is an ordinary task, too."""
    return f"task {hello.delay(word).id}", 202
