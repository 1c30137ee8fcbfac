"""How a command is put on the wire: as one write.

redis-py itself hands a command over in pieces of 6 kB. A batch of 100 claims is 100 kB: forty
writes, each of which wakes the server for nothing, were a fifth of its time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis import Redis

CUT = 6_000
"""Bytes after which redis-py begins another piece; its own number."""


def packer(client: Redis) -> Any:
    """Return what packs a client's commands into one piece each.

    None: hiredis is installed, which redis-py then uses, and which does so by itself.
    """
    from redis.connection import PythonRespSerializer
    from redis.utils import HIREDIS_AVAILABLE

    class Whole(PythonRespSerializer):
        def pack(self, *args: Any) -> list[bytes]:
            return [b"".join(super().pack(*args))]  # type: ignore[no-untyped-call]

    if HIREDIS_AVAILABLE:
        return None
    encoder: Any = client.get_encoder()
    return Whole(CUT, encoder.encode)
