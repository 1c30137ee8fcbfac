"""load() and assemble(): from sources to `Settings`, in one pass and with one error."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from beatkit.settings import sources
from beatkit.settings.judging import Judged, judge
from beatkit.settings.model import Settings
from beatkit.settings.naming import Given, Named, name_all
from beatkit.settings.problems import Problem
from beatkit.settings.redaction import redact

logger = logging.getLogger("beatkit.settings")

DEFAULT_BROKER = "redis://localhost:6379/0"
_BROKERS = frozenset({"broker_url", "broker_host", "broker_transport"})
_DEFAULT = Given("broker_url", "broker_url", DEFAULT_BROKER, "beatkit's default")
_NO_BROKER = Problem(
    "warning",
    "broker_url",
    None,
    "beatkit's default",
    f"broker_url is not set: {DEFAULT_BROKER} is used\n"
    "  write broker_url, or set CELERY_BROKER_URL in the environment",
)

# Celery reads these four itself, by attribute access, before anything that was configured.
BEATS_ALL = {
    "CELERY_BROKER_URL": "broker_url",
    "CELERY_BROKER_READ_URL": "broker_read_url",
    "CELERY_BROKER_WRITE_URL": "broker_write_url",
    "CELERY_RESULT_BACKEND": "result_backend",
}
_HALVES = {
    "CELERY_BROKER_READ_URL": ("consumed", "published"),
    "CELERY_BROKER_WRITE_URL": ("published", "consumed"),
}


def load(
    source: Any,
    *,
    namespace: str | None = None,
    shared: bool | None = None,
    extensions: Iterable[str] = (),
) -> Settings:
    """Read settings from one source and check them, names and values alike.

    The environment is read only if it is the source: `make_app` adds it, by `assemble`.

    Args:
        source: A mapping; a module or its dotted name; a class or an instance; a Flask app
            or its config; Django's settings; the path of a TOML, YAML or JSON file (a
            `celery` table in it is the source); a pydantic object; `Settings`; a Celery app or
            its `conf`; `os.environ`, of which CELERY_* and BEATKIT_* are read.
        namespace: The prefix of names, as in Celery's `config_from_object`: "CELERY" reads
            CELERY_BROKER_URL. None: the source's style is found out.
        shared: Whether other programs' keys stand beside Celery's and are no mistakes. None:
            true for Flask, Django, a declared namespace, and mappings like theirs.
        extensions: Names, globs or prefixes of keys that extensions read from Celery's
            configuration; they are passed on as they are. The usual ones are known.

    Returns:
        The settings; `.notices` has what is worth knowing, which is also logged.

    Raises:
        SettingsError: With all problems of the source.
    """
    if isinstance(source, Settings):
        return source
    named = name_all(sources.read(source, namespace, shared), extensions)
    settings = Settings.of(judge([named.given]), named.problems)
    log(settings.notices)
    return settings


def assemble(
    settings: Any,
    overrides: Mapping[str, Any],
    environ: Mapping[str, str],
    *,
    namespace: str | None = None,
    shared: bool | None = None,
    extensions: Iterable[str] = (),
) -> Settings:
    """Put overrides over settings over the environment, and check what comes out.

    Args:
        settings: Anything that `load` takes, or None.
        overrides: Settings by name, as given to `make_app`.
        environ: Where the CELERY_* and BEATKIT_* variables are, usually `os.environ`. Its
            unknown ones are problems too.
        namespace: As in `load`.
        shared: As in `load`.
        extensions: As in `load`.

    Returns:
        The settings in force. With no broker given it is redis://localhost:6379/0, which a
        notice says.

    Raises:
        SettingsError: With all problems of all layers.
    """
    known = settings.notices if isinstance(settings, Settings) else []
    variables = sources.environment(environ)
    layers = [
        name_all(
            sources.Source(f"the keywords{sources.caller()}", overrides, keywords=True), extensions
        ),
        _named(settings, namespace, shared, extensions),
        name_all(variables, extensions),
    ]
    problems = [problem for each in layers for problem in each.problems]
    if not any(each.name in _BROKERS for layer in layers for each in layer.given):
        layers.append(Named((_DEFAULT,), (_NO_BROKER,)))
        problems.append(_NO_BROKER)
    judged = judge(each.given for each in layers)
    assembled = Settings.of(judged, [*problems, *_forced(judged, variables.values)])
    log(notice for notice in assembled.notices if notice not in known)
    return assembled


def _named(
    settings: Any, namespace: str | None, shared: bool | None, extensions: Iterable[str]
) -> Named:
    if isinstance(settings, Settings):
        notices = (notice for notice in settings.notices if notice.suggestion)
        return Named(tuple(settings.given()), tuple(notices))
    return name_all(sources.read(settings, namespace, shared), extensions)


def _forced(judged: Judged, variables: Mapping[str, str]) -> Iterable[Problem]:
    """Where Celery will not use what is in force here, but a variable of its own."""
    for key, name in BEATS_ALL.items():
        if key not in variables:
            continue
        forced, ours = variables[key], judged.values.get(name)
        where = f"{key} in the environment"
        if ours is not None and str(ours) != forced.strip():
            message = (
                f"{key} is {redact(forced)!r}, and Celery puts it before {judged.given[name].key}, "
                f"which is {redact(ours)!r}\n  from the environment\n  unset one of the two"
            )
            yield Problem("warning", key, None, where, message)
        elif key in _HALVES and str(judged.values.get("broker_url")) != forced.strip():
            half, other = _HALVES[key]
            message = (
                f"{key} is {redact(forced)!r}, and broker_url another: "
                f"messages are {half} there, and {other} at broker_url\n  from the environment"
            )
            yield Problem("warning", key, None, where, message)


def log(notices: Iterable[Problem]) -> None:
    """Log notices as warnings, all renames of old names in one record."""
    renames = []
    for notice in notices:
        if notice.kind == "deprecated" and notice.suggestion:
            renames.append(notice)
        else:
            logger.warning("%s", notice.message)
    if renames:
        pairs = [(each.key, _new_name_in(each)) for each in renames]
        # Django's TIME_ZONE came in under the name that is right there.
        listed = "".join(f"\n  {old}: write {new}" for old, new in pairs if old != new)
        label = renames[0].source
        logger.warning("old names of Celery 3 in %s, which Celery 6 drops:%s", label, listed)


def _new_name_in(notice: Problem) -> str:
    """Return the name to write in the place of an old one, as its source has names."""
    capitals = notice.source in (sources.FLASK, sources.DJANGO)
    return f"CELERY_{str(notice.suggestion).upper()}" if capitals else str(notice.suggestion)
