"""Values that name something registered elsewhere: time zones and serializers."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from datetime import tzinfo
from difflib import get_close_matches
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from beatkit.settings import values
from beatkit.settings.nearest import nearest, words
from beatkit.settings.problems import Unfit

_POOLS = words("prefork threads gevent eventlet solo processes custom")
_OFFSET = re.compile(r"(?:UTC|GMT)([+-])(\d{1,2})")


def zone(value: Any) -> Any:
    """An IANA time zone name, in its exact case, or a tzinfo."""
    value = values.plain(value)
    if isinstance(value, tzinfo):
        return value
    if isinstance(value, str) and is_zone(value):
        return value
    raise values.unfit(value, "an IANA time zone name", _zone_hint(value))


def is_zone(name: str) -> bool:
    """Whether the time zone database has this very name."""
    try:
        found = bool(name) and ZoneInfo(name).key == name
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    # A file system without case finds "europe/london"; the next server will not. The list of
    # all zones costs 15 ms, and is not needed where the file system itself minds the case.
    return found and (sys.platform == "linux" or name in _zones())


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone_hint(value: Any) -> str:
    if not isinstance(value, str):
        return "write one like Europe/London"
    offset = _OFFSET.fullmatch(value)
    if offset:
        sign = "-" if offset[1] == "+" else "+"
        return f"write Etc/GMT{sign}{int(offset[2])}, whose sign is the other way round"
    lower = {name.lower(): name for name in _zones()}
    guess = value.lower().replace(" ", "_")
    near = get_close_matches(guess, lower, 1, 0.75)
    return f"did you mean {lower[near[0]]}?" if near else "write one like Europe/London"


def pool(value: Any) -> Any:
    """The name of a worker pool that Celery knows, a dotted path, or a class."""
    value = values.reference(value)
    if not isinstance(value, str) or value in _POOLS or "." in value or ":" in value:
        return value
    near = nearest(value, _POOLS, 0.6)
    hint = f"did you mean {near!r}?" if near else f"known are {', '.join(sorted(_POOLS))}"
    raise values.unfit(value, "the name of a worker pool", hint)


def serializer(value: Any) -> str:
    """The name of a serializer that kombu knows."""
    value = values.plain(value)
    if isinstance(value, str) and value in _serializers():
        return value
    raise values.unfit(value, "the name of a serializer", _serializer_hint(value))


def content_types(value: Any) -> list[str]:
    """Names or MIME types of serializers that kombu knows, in the order given."""
    try:
        found = values.names(value)
    except Unfit:
        raise values.unfit(value, "a list of content types, such as ['json']") from None
    if isinstance(value, set | frozenset):
        found.sort()
    known = _serializers()
    for name in found:
        if name not in known and name not in known.values():
            expected = f"content types, and {name!r} is none"
            raise values.unfit(value, expected, _serializer_hint(name))
    return found


def _serializer_hint(value: Any) -> str:
    known = sorted(_serializers())
    near = get_close_matches(value.lower(), known, 1, 0.6) if isinstance(value, str) else []
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"


def _serializers() -> dict[str, str]:
    """Name -> MIME type of every registered serializer, those of plug-ins too."""
    from kombu.serialization import registry

    known = dict(registry.name_to_type)
    # Celery registers its signing serializer when security is set up, which comes later.
    return known | {"auth": "application/data"}


def mime_types(names: Iterable[str]) -> set[str]:
    """Return the MIME types of content types given by either name."""
    known = _serializers()
    return {known.get(name, name) for name in names}


def lacks_package(name: str) -> str | None:
    """Return the package that a serializer needs and that is not installed, if any."""
    needs = {"yaml": "yaml", "msgpack": "msgpack"}.get(name)
    if needs is None or needs in sys.modules:
        return None
    from importlib.util import find_spec

    return None if find_spec(needs) else {"yaml": "pyyaml"}.get(needs, needs)
