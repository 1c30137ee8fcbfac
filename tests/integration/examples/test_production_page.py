"""What the page on production shows can be started: its units, its services, its probe."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.pages import FENCE, ROOT
from tests.integration.examples.running import count, environment, running
from tests.servers import ValkeyServer

PAGE = (ROOT / "docs" / "how-to" / "run-in-production.md").read_text()
SHOP = """
from beatkit import make_app, periodic

app = make_app("shop")


@periodic(seconds=1)
def hello() -> None: ...
"""
NODE = "%i@%H"  # instance and host, which systemd fills in


def blocks(language: str) -> list[str]:
    return [block["text"] for block in FENCE.finditer(PAGE) if block["info"] == language]


def compose() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load(blocks("yaml")[0])["services"]
    return services


def container() -> dict[str, Any]:
    pod = yaml.safe_load(blocks("yaml")[1])["spec"]["template"]["spec"]
    first: dict[str, Any] = pod["containers"][0]
    return first


def every_command() -> list[str]:
    units = [re.search(r"^ExecStart=\S+/(celery .*)$", unit, re.M) for unit in blocks("ini")]
    return [
        *(unit[1].replace(NODE, "1@here") for unit in units if unit),
        *(service["command"] for name, service in compose().items() if name != "redis"),
        shlex.join(container()["command"]),
        *re.findall(r"`(celery [^`]* -B)`", PAGE),
    ]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SHOP)
    return tmp_path


def test_the_page_has_the_commands_that_are_tried_here() -> None:
    assert every_command() == [
        "celery -A shop beat --loglevel INFO",
        "celery -A shop worker --hostname 1@here --loglevel INFO",
        "celery -A shop worker --loglevel INFO",
        "celery -A shop beat --loglevel INFO",
        "celery -A shop beat --loglevel INFO",
        "celery -A shop worker -B",
    ]


@pytest.mark.parametrize("command", sorted(set(every_command())))
def test_the_command_starts_and_writes_no_file(
    command: str, shop: Path, valkey: ValkeyServer
) -> None:
    ready = "Sending due task" if "beat" in command else "ready."
    loud = command if "--loglevel" in command else f"{command} --loglevel INFO"
    with running(shop, {"CELERY_BROKER_URL": valkey.url()}, loud) as (started,):
        started.until(lambda lines: any(ready in line for line in lines))
        written = sorted(path.name for path in shop.iterdir())
    assert written == ["shop.py"]


def test_the_probes_say_yes_to_a_running_beat_and_no_without_one(
    shop: Path, valkey: ValkeyServer
) -> None:
    env = {"CELERY_BROKER_URL": valkey.url(), "BEATKIT_HEALTH_FILE": str(shop / "beat.json")}
    with running(shop, env, shlex.join(container()["command"])) as (beat,):
        # The file is written after the pass in which a slot was sent, so wait for the second.
        beat.until(lambda lines: count("Sending due task")(lines) > 1)
        assert [asked(shop, env, probe) for probe in probes()] == [0, 0, 0, 0]
    assert [asked(shop, env, probe) for probe in probes()] == [1, 1, 1, 1]


def probes() -> list[list[str]]:
    """Every probe of the page, as words."""
    kinds = ("startupProbe", "livenessProbe", "readinessProbe")
    pods = [container()[kind]["exec"]["command"] for kind in kinds]
    return [*pods, compose()["beat"]["healthcheck"]["test"][1:]]


def asked(shop: Path, env: dict[str, str], probe: list[str]) -> int:
    done = subprocess.run(probe, cwd=shop, env=environment(env), timeout=60, check=False)
    return done.returncode


def test_where_the_page_has_a_heartbeat_file_the_beat_may_write_it() -> None:
    pod = yaml.safe_load(blocks("yaml")[1])["spec"]["template"]["spec"]
    files = [one["value"] for one in container()["env"] if one["name"] == "BEATKIT_HEALTH_FILE"]
    assert files == [compose()["beat"]["environment"]["BEATKIT_HEALTH_FILE"]] == ["/tmp/beat.json"]
    assert container()["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]
    assert pod["volumes"] == [{"name": "tmp", "emptyDir": {"medium": "Memory"}}]
    assert compose()["beat"]["tmpfs"] == ["/tmp"]


@pytest.mark.parametrize("number", [0, 1], ids=["beat", "worker"])
def test_systemd_accepts_the_unit(number: int, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze on this machine")
    program = Path(sys.executable).parent / "celery"
    text = blocks("ini")[number].replace("/srv/shop/.venv/bin/celery", str(program))
    unit = tmp_path / f"shop-{number}@.service"
    unit.write_text(text)
    verified = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False
    )
    assert [line for line in verified.stderr.splitlines() if unit.name in line] == []


def test_the_services_of_compose_wait_for_redis() -> None:
    services = compose()
    assert sorted(services) == ["beat", "redis", "worker"]
    for name in ("worker", "beat"):
        assert services[name]["depends_on"] == {"redis": {"condition": "service_healthy"}}
    assert services["beat"]["deploy"] == {"replicas": 2}
