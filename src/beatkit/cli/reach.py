"""Can this process see the store that the app's beats write?"""

from __future__ import annotations

from pathlib import Path

from beatkit.cli.view import is_file_to_be_made
from beatkit.errors import StoreError, StoreUnavailable
from beatkit.store.choice import Choice


def is_out_of_reach(choice: Choice) -> bool:
    """Whether the store cannot be seen from here: it is in memory, or a file to be made."""
    return choice.url.startswith("memory:") or is_file_to_be_made(choice.url)


def refuse_out_of_reach(choice: Choice, *, may_be_made: bool = False) -> None:
    """Refuse a store that is inside another process, or a file that no beat has made.

    Args:
        choice: The store.
        may_be_made: The file may be made here: what is put into it waits for the first beat.

    Raises:
        StoreError: It is in memory.
        StoreUnavailable: The file is not there.
    """
    if choice.url.startswith("memory:"):
        raise StoreError(
            f"the store is {choice.url!r}, which is inside the process of its beat, expected "
            "one that others can reach\n"
            f"  from {choice.source}\n"
            "  write beatkit_store_url = 'redis://HOST:6379/0', or ask on the beat's host: "
            "beatkit health"
        )
    if not may_be_made and is_file_to_be_made(choice.url):  # and an empty store knows of no beat
        path = choice.url.removeprefix("sqlite:///").split("?")[0]
        raise StoreUnavailable(
            f"the store's file {str(Path(path).absolute())!r} is not there, expected the one "
            "that beats write\n"
            f"  from {choice.source}\n"
            "  ask on the beats' host and in their folder, or write sqlite:////var/lib/..., "
            "an absolute path"
        )
