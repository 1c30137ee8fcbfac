"""A running plant: real beats and workers as processes, and a ledger of what came of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import redis


@dataclass(frozen=True)
class Arrival:
    """One message or run: which slot of which entry, when it came (ms), and its task id."""

    entry: str
    slot: int
    at: int
    id: str = ""

    @property
    def late(self) -> float:
        """Seconds after the slot."""
        return (self.at - self.slot) / 1000


@dataclass
class Member:
    """One process of the plant."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def signal(self, number: int) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """kill -9, also when it is stopped."""
        self.process.kill()
        self.process.wait()

    def terminate(self, within: float = 60.0) -> int:
        """Stop in good order; return the exit code."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        return self.process.wait(within)

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    @property
    def is_stopped(self) -> bool:
        """Whether a signal stopped it (on Linux)."""
        stat = Path(f"/proc/{self.process.pid}/stat")
        return (
            self.alive and stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "T"
        )

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def lines(self, word: str) -> list[str]:
        return [line for line in self.text().splitlines() if word in line]


@dataclass
class Plant:
    """Processes that run one app module.

    Args:
        folder: Where the module, the logs and the ledger of runs are.
        source: The text of the module `plant_app`.
        environment: What its processes find in the environment besides.
    """

    folder: Path
    source: str
    environment: dict[str, str]
    members: list[Member] = field(default_factory=list)
    started: int = 0

    def __post_init__(self) -> None:
        (self.folder / "plant_app.py").write_text(self.source)

    def celery(self, *arguments: str, name: str = "beat", **environment: str) -> Member:
        """Start a command of `celery -A plant_app`."""
        self.started += 1
        if arguments[0] == "worker" and "-n" not in arguments:
            # Two of one name on one RabbitMQ lock each other out.
            arguments = (*arguments, "-n", f"{uuid4().hex[:8]}@%h")
        log = self.folder / f"{name}-{self.started}.log"
        environ = {**os.environ, **self.environment, **environment}
        environ["PYTHONPATH"] = str(self.folder)
        environ["PYTHONUNBUFFERED"] = "1"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "plant_app", *arguments],
                cwd=self.folder,
                env=environ,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        member = Member(name, process, log)
        self.members.append(member)
        return member

    def beat(self, *arguments: str, **environment: str) -> Member:
        return self.celery("beat", "-l", "INFO", *arguments, **environment)

    def run(self, *arguments: str, timeout: float = 100.0) -> subprocess.CompletedProcess[str]:
        """Run a command of `celery -A plant_app` to its end."""
        environ = {**os.environ, **self.environment, "PYTHONPATH": str(self.folder)}
        return subprocess.run(
            [sys.executable, "-m", "celery", "-A", "plant_app", *arguments],
            cwd=self.folder, env=environ, capture_output=True, text=True, timeout=timeout,
            check=False,
        )  # fmt: skip

    def close(self) -> None:
        """Leave no process behind."""
        for member in self.members:
            with suppress(ProcessLookupError):
                os.killpg(member.process.pid, signal.SIGKILL)
            member.process.wait()


@contextmanager
def plant(folder: Path, source: str, **environment: str) -> Iterator[Plant]:
    made = Plant(folder, source, environment)
    try:
        yield made
    except AssertionError as error:
        for member in made.members:
            error.add_note(
                f"--- {member.log.name}, exit code {member.process.poll()}\n{member.text()}"
            )
        raise
    finally:
        made.close()


def wait_until(condition: Callable[[], Any], within: float = 60.0, what: str = "") -> Any:
    """Poll a condition; fail after a while. The bound is for what hangs, not for what is slow."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {within} s: {what or condition}")


def queued(client: redis.Redis, queue: str = "celery") -> list[dict[str, Any]]:
    """The messages on a queue, oldest first."""
    return [json.loads(text) for text in reversed(client.lrange(queue, 0, -1))]


def slots(client: redis.Redis, queue: str = "celery") -> dict[str, list[int]]:
    """The slots of the messages on a queue, by entry, in order of arrival."""
    found: dict[str, list[int]] = {}
    for message in queued(client, queue):
        headers = message["headers"]
        found.setdefault(headers["beatkit-entry"], []).append(headers["beatkit-slot"])
    return found


def assert_once_each(found: dict[str, list[int]], period_ms: int) -> None:
    """Each slot between the first and the last came exactly once, in order."""
    for entry, came in found.items():
        expected = list(range(came[0], came[-1] + 1, period_ms))
        assert came == expected, entry


def doubled(arrivals: list[Arrival]) -> list[tuple[str, int]]:
    counts = Counter((one.entry, one.slot) for one in arrivals)
    return sorted(key for key, count in counts.items() if count > 1)


def of_several_ids(arrivals: list[Arrival]) -> list[tuple[str, int]]:
    """The slots that came with more than one task id: none ever should."""
    ids: dict[tuple[str, int], set[str]] = {}
    for one in arrivals:
        ids.setdefault((one.entry, one.slot), set()).add(one.id)
    return sorted(key for key, found in ids.items() if len(found) > 1)
