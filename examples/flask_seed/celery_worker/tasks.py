"""Tasks. Each runs in the application context of the Flask app."""

from flask import current_app

from beatkit import periodic
from config import Config


@periodic(seconds=Config.HELLO_EVERY, args=["hi"])
def hello(word: str) -> None:
    """Say a word."""
    print(f"{word} from {current_app.name}")
