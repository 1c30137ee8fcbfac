"""Settings from each kind of source reach a real worker and a real beat."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.examples.running import running
from tests.servers import ValkeyServer

HELLO = """

@periodic(seconds=1, args=["hi"])
def hello(word: str) -> None:
    print(f"{word} by {app.conf.task_default_queue} in {app.conf.timezone}")
"""

# Each project says the same: a broker, a queue named after the source, a time zone.
SOURCES = {
    "module": {
        "shop.py": 'from beatkit import make_app, periodic\n\napp = make_app("shop", "settings")\n',
        "settings.py": """
broker_url = "@URL@"
task_default_queue = "module"
timezone = "Asia/Tokyo"
""",
    },
    "flask": {
        "shop.py": """
from flask import Flask
from beatkit import make_app, periodic

flask_app = Flask("shop")
flask_app.config.from_mapping(
    SECRET_KEY="s", CELERY_BROKER_URL="@URL@", CELERY_TASK_DEFAULT_QUEUE="flask",
    CELERY_TIMEZONE="Asia/Tokyo",
)
app = make_app("shop", flask_app.config)
""",
    },
    "flask-mapping": {
        "shop.py": """
from flask import Flask
from beatkit import make_app, periodic

flask_app = Flask("shop")
flask_app.config.from_mapping(
    SECRET_KEY="s",
    CELERY={
        "broker_url": "@URL@", "task_default_queue": "flask-mapping", "timezone": "Asia/Tokyo",
    },
)
app = make_app("shop", flask_app.config)
""",
    },
    "django": {
        "shop.py": """
import os
from beatkit import make_app, periodic
from django.conf import settings

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
app = make_app("shop", settings)
""",
        "settings.py": """
SECRET_KEY = "s"
TIME_ZONE = "Asia/Tokyo"
CELERY_BROKER_URL = "@URL@"
CELERY_TASK_DEFAULT_QUEUE = "django"
""",
    },
    "toml": {
        "shop.py": """
from pathlib import Path
from beatkit import make_app, periodic

app = make_app("shop", Path("shop.toml"))
""",
        "shop.toml": """
broker_url = "@URL@"
task_default_queue = "toml"
timezone = "Asia/Tokyo"
""",
    },
    "environment": {
        "shop.py": 'from beatkit import make_app, periodic\n\napp = make_app("shop")\n',
    },
}


@pytest.mark.parametrize("source", SOURCES)
def test_a_project_starts_with_its_settings_from(
    source: str, tmp_path: Path, valkey: ValkeyServer
) -> None:
    for name, text in SOURCES[source].items():
        whole = text + HELLO if name == "shop.py" else text
        (tmp_path / name).write_text(whole.replace("@URL@", valkey.url()))
    env = {
        "CELERY_BROKER_URL": valkey.url(),
        "CELERY_TASK_DEFAULT_QUEUE": "environment",
        "CELERY_TIMEZONE": "Asia/Tokyo",
    }
    given = env if source == "environment" else {}
    commands = ("celery -A shop worker -P solo", "celery -A shop beat")
    with running(tmp_path, given, *commands) as (worker, _):
        said = f"hi by {source} in Asia/Tokyo"
        worker.until(lambda lines: any(said in line for line in lines))
