"""What a beat tells people about slots it did not send, and entries that fail."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from beatkit.entry import Entry
from beatkit.store import Missed

logger = logging.getLogger("beatkit.beat")

_WHY = {
    "latest": "only the latest of those owed is to be sent (catch_up='latest')",
    "deadline": "past the deadline",
    "paused": "the entry is paused",
}


def missed(entry: Entry, slots: Missed) -> None:
    """Log slots that are recorded as missed."""
    level = logging.INFO if slots.reason not in ("latest", "deadline") else logging.WARNING
    why = _WHY.get(slots.reason, slots.reason)
    if slots.count == 1:
        logger.log(level, "beat: %r missed slot %s: %s.", entry.name, at(slots.last), why)
        return
    logger.log(
        level, "beat: %r missed %d slots, %s to %s: %s.",
        entry.name, slots.count, at(slots.first), at(slots.last), why,
    )  # fmt: skip


def withheld(entry: Entry, slot: int, reason: str) -> None:
    """Log a slot that an operator held back; the reason is the answer's detail."""
    what, _, why = reason.partition(": ")
    logger.info("beat: %r slot %s is not sent: %s, %r.", entry.name, at(slot), what, why)


def no_plan(entry: Entry, error: Exception) -> str:
    """Return the complaint about a schedule that raised."""
    return f"its schedule {entry.schedule!r} raised {error!r}"


def failing(entry: Entry, complaint: str, again_in_ms: int) -> None:
    """Log that an entry fails; the others go on."""
    logger.error(
        "beat: %r cannot be sent: %s. Its slots stay owed; trying again in %g s, and then "
        "ever more rarely. Other entries are not affected.",
        entry.name,
        complaint,
        again_in_ms / 1000,
    )


def mended(entry: Entry, failures: int) -> None:
    """Log that an entry that failed was sent."""
    logger.info("beat: %r is sent again after %d failed tries.", entry.name, failures)


def at(instant_ms: int) -> str:
    """Return an instant as RFC 3339 text in UTC."""
    moment = datetime.fromtimestamp(instant_ms / 1000, UTC)
    digits = "milliseconds" if instant_ms % 1000 else "seconds"
    return moment.isoformat(timespec=digits).replace("+00:00", "Z")
