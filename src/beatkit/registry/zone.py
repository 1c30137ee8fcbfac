"""Which time zone do this app's schedules use, by its IANA name?"""

from __future__ import annotations

from typing import Any


def zone_name(conf: Any) -> str:
    """Return the zone of the `timezone` setting, or what Celery uses without one.

    Read from the settings and not from `app.timezone`, which Celery computes once and
    keeps although the setting changes later.
    """
    zone = conf.timezone
    if zone:
        return str(getattr(zone, "key", zone))
    return "UTC" if conf.enable_utc else _local_zone_name()


def _local_zone_name() -> str:
    from tzlocal import get_localzone_name

    return str(get_localzone_name())
