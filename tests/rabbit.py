"""A RabbitMQ node of the test's own, which it may kill, freeze, fill and start again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from tests.servers import free_port, unavailable

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
CONTROL = SERVER.with_name("rabbitmqctl")


class RabbitNode:
    """One node, its data in a folder, which survive a kill."""

    def __init__(self, folder: Path) -> None:
        if not SERVER.exists():
            unavailable(f"no {SERVER}: install rabbitmq-server")
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        plugins = folder / "plugins"
        plugins.write_text("[].")
        self._log = folder / "out.log"
        self._environment = os.environ | {
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"beatkit-{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
        }

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self) -> RabbitNode:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(SERVER)],
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + 180  # a busy machine takes forty seconds
        while time.monotonic() < end:
            if self._is_up():
                return self
            time.sleep(0.1)
        raise RuntimeError(f"RabbitMQ did not start: {self._log.read_text()[-2000:]}")

    def _is_up(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def freeze(self) -> None:
        """Stop it where it is: connections stand, and nothing answers."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGCONT)

    def control(self, *words: str) -> None:
        """Run a command of `rabbitmqctl` on this node."""
        done = subprocess.run(
            [str(CONTROL), *words],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"rabbitmqctl {' '.join(words)}: {done.stdout}{done.stderr}")

    def kill(self) -> None:
        """kill -9, with all it started."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
            while self._is_up():  # the script has ended, and the node is ending
                time.sleep(0.01)
