"""What does the store's server do when its memory is full?"""

from __future__ import annotations

from beatkit.store.choice import Choice
from beatkit.store.link import SCHEMES, connect, errors_named, parse

SAFE = "noeviction"
"""The one policy under which a full server refuses writes and forgets nothing."""


def eviction_policy(choice: Choice, timeout: float) -> str | None:
    """Return the `maxmemory-policy` of a Redis or Valkey store.

    Args:
        choice: Where the store is.
        timeout: Seconds for connecting and for the reply.

    Returns:
        Such as "noeviction"; None for other stores, and where the user may not ask.

    Raises:
        StoreUnavailable: The server does not answer.
        StoreError: It refused, for another reason than the user's rights.
    """
    from redis.exceptions import NoPermissionError

    if choice.url.split("://")[0] not in SCHEMES:
        return None
    address = parse(choice.url)
    client = connect(address, timeout=timeout, ssl=choice.ssl, options=choice.options)
    try:
        with errors_named(address, timeout, choice.source):
            told = client.info("memory")
    except Exception as error:
        if isinstance(error.__cause__, NoPermissionError):
            return None
        raise
    finally:
        client.close()
    policy = dict(told).get("maxmemory_policy")
    return None if policy is None else str(policy)
