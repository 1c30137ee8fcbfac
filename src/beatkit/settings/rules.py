"""Rules between settings: each looks at several values and says what cannot work together.

Every rule takes the fitted values that were set, by name, and yields flaws that name the
setting. Values that are not set have Celery's defaults, and no rule complains about those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from beatkit.settings import registered, tls, transports, urls
from beatkit.settings.problems import Flaw

Values = Mapping[str, Any]
Rule = Callable[[Values], Iterator[Flaw]]

_PICKLE = "application/x-python-serialize"


def broken_rules(values: Values) -> list[Flaw]:
    """Return the flaws of values that fit their settings, and not each other."""
    return [flaw for rule in _RULES for flaw in rule(values)]


def _limits(values: Values) -> Iterator[Flaw]:
    soft, hard = values.get("task_soft_time_limit"), values.get("task_time_limit")
    if soft and hard and soft > hard:
        said = f"is {soft}, above task_time_limit, which is {hard}: it can never come first"
        yield Flaw(said, name="task_soft_time_limit", remedy="the soft limit is the lower one")
        said = f"is {hard}, below task_soft_time_limit, which is {soft}"
        yield Flaw(said, name="task_time_limit", remedy="the soft limit is the lower one")


def _serializers(values: Values) -> Iterator[Flaw]:
    pairs = (("task_serializer", "accept_content"), ("result_serializer", "result_accept_content"))
    for name, accepts in pairs:
        used = values.get(name)
        if used is None:
            continue
        package = registered.lacks_package(used)
        if package:
            remedy = f"pip install {package}"
            yield Flaw(f"is {used!r}, which needs a package that is not installed", remedy=remedy,
                       name=name)  # fmt: skip
        # Celery's default for both is JSON; results fall back to accept_content.
        accept = values.get(accepts) or values.get("accept_content") or ["json"]
        if not registered.mime_types([used]) <= registered.mime_types(accept):
            holder = accepts if values.get(accepts) else "accept_content"
            said = f"is {used!r}, which {holder} does not accept: it is {accept!r}"
            remedy = f"add {used!r} to {holder}, or write 'json' as {name}"
            yield Flaw(said, name=name, remedy=remedy)
            if values.get(holder):
                said = f"is {accept!r}, without {used!r}, which {name} writes"
                yield Flaw(said, name=holder, remedy=remedy)


def _pickle(values: Values) -> Iterator[Flaw]:
    for name in ("accept_content", "result_accept_content"):
        if _PICKLE in registered.mime_types(values.get(name) or ()):
            said = "accepts pickle: whoever can write to the broker can run any code in a worker"
            yield Flaw(said, "insecure", name=name, remedy="write ['json'] unless you need it")


def _databases(values: Values) -> Iterator[Flaw]:
    for name in (*tls.BROKERS, "result_backend"):
        for url in urls.members(values.get(name)):
            parts = urls.split(url)
            number = parts.path.strip("/")
            if parts.base in urls.REDIS and number.isdigit() and int(number) > 15:
                said = f"names database {number}: a Redis server has 0 to 15 unless set up for more"
                yield Flaw(said, "warning", name=name, remedy="compare CONFIG GET databases")


def _sentinel(values: Values) -> Iterator[Flaw]:
    pairs = [(name, "broker_transport_options") for name in tls.BROKERS]
    for name, holder in [*pairs, ("result_backend", "result_backend_transport_options")]:
        options = values.get(holder) or {}
        near = [key for key in options if transports.option_near(str(key), "master_name")]
        if urls.scheme_of(values.get(name)) == "sentinel" and not near:
            said = f"is a Sentinel URL, and {holder} names no master"
            remedy = f"write {holder} = {{'master_name': 'mymaster'}}"
            yield Flaw(said, "url_error", name=name, remedy=remedy)


def _lone_users(values: Values) -> Iterator[Flaw]:
    """A Redis URL with a user and no password: nearly always the password, misplaced."""
    for name in (*tls.BROKERS, "result_backend"):
        url = next(filter(_lacks_password, urls.members(values.get(name))), None)
        if url is not None:
            said = f"is {urls.redact(url)!r}: before the @ stands a user, and no password"
            remedy = "a password has a colon before it: redis://:secret@host:6379/0"
            yield Flaw(said, "warning", name=name, remedy=remedy)


def _lacks_password(url: str) -> bool:
    parts = urls.split(url)
    user = parts.netloc.rpartition("@")[0]
    given = ":" in user or "credential_provider" in parts.query
    return parts.base in urls.REDIS and bool(user) and not given


def _visibility(values: Values) -> Iterator[Flaw]:
    options = values.get("broker_transport_options") or {}
    shown_for = options.get("visibility_timeout")
    limit = values.get("task_time_limit")
    late = values.get("task_acks_late")
    if shown_for and limit and limit > shown_for and _has_visibility(values):
        what = "longer runs are repeated" if late else "what waits for a run that long is repeated"
        said = f"is {shown_for}, below task_time_limit, which is {limit}: {what}"
        remedy = "make it longer than the longest run"
        yield Flaw(said, "warning", ("visibility_timeout",), None, remedy,
                   "broker_transport_options")  # fmt: skip


def _has_visibility(values: Values) -> bool:
    return urls.scheme_of(values.get("broker_url")) in urls.REDIS | {"", "sqs"}


def _database_url(values: Values) -> Iterator[Flaw]:
    if values.get("database_url") and not values.get("result_backend"):
        said = "is set, and result_backend is not: no results are kept"
        remedy = "write the URL into result_backend, with db+ before it"
        yield Flaw(said, "warning", name="database_url", remedy=remedy)


_RULES: tuple[Rule, ...] = (
    _limits,
    _serializers,
    _pickle,
    tls.shapes,
    tls.misspelt_options,
    tls.certificates,
    tls.certificates_in_urls,
    _databases,
    _sentinel,
    _lone_users,
    _visibility,
    _database_url,
    transports.unknown_options,
    transports.misspelt_result_options,
)
