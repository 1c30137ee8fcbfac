"""A TCP proxy before a broker that can hold either direction, say things, and cut."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time


class Proxy:
    """Listens on a port of its own and forwards to a port of the loopback interface."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.hold_up = threading.Event()  # from the client to the broker
        self.hold_down = threading.Event()  # from the broker to the client
        self.connections = 0
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            broker = socket.create_connection(("127.0.0.1", self._target))
            self.connections += 1
            self._pairs.append((client, broker))
            for source, sink, held in (
                (client, broker, self.hold_up),
                (broker, client, self.hold_down),
            ):
                threading.Thread(target=_pump, args=(source, sink, held), daemon=True).start()

    def say(self, frame: bytes) -> None:
        """Send a frame to the client of the latest connection."""
        self._pairs[-1][0].sendall(frame)

    def cut(self) -> None:
        """Close all connections, both sides."""
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                end.close()

    def close(self) -> None:
        self._closed = True
        self._listener.close()
        self.cut()


def _pump(source: socket.socket, sink: socket.socket, held: threading.Event) -> None:
    try:
        while True:
            readable, _, _ = select.select([source], [], [], 0.02)
            if held.is_set() or not readable:
                time.sleep(0.002)
                continue
            data = source.recv(65536)
            if not data:
                break
            sink.sendall(data)
    except (OSError, ValueError):
        pass
    finally:
        sink.close()


def method_frame(class_id: int, method_id: int, arguments: bytes = b"") -> bytes:
    """An AMQP 0-9-1 method frame of channel 0."""
    payload = struct.pack(">HH", class_id, method_id) + arguments
    return struct.pack(">BHI", 1, 0, len(payload)) + payload + b"\xce"


BLOCKED = method_frame(10, 60, b"\x06memory")
UNBLOCKED = method_frame(10, 61)
