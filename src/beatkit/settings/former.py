"""Names that are no settings, and what became of them.

Celery drops every one of these without a word. The sources: Celery's own table of old names
(19 of its rows name something the code never knew), the change logs of 3.x to 5.x, and what
public projects write.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from beatkit.settings.nearest import nearest, words

DEAD: dict[str, str] = {
    "CELERY_ENABLE_UTC": "enable_utc",
    "CELERY_RESULT_EXPIRES": "result_expires",
    "CELERYD_TIME_LIMIT": "task_time_limit",
    "CELERYD_SOFT_TIME_LIMIT": "task_soft_time_limit",
    "CELERYD_SOFT_TASK_TIME_LIMIT": "task_soft_time_limit",
    "CELERY_TASK_ALWAYS_EAGER": "task_always_eager",
    "CELERY_TASK_TRACK_STARTED": "task_track_started",
    "CELERY_TASK_REJECT_ON_WORKER_LOST": "task_reject_on_worker_lost",
    "CELERY_TASK_EAGER_PROPAGATES": "task_eager_propagates",
    "CELERY_EAGER_PROPAGATES": "task_eager_propagates",
    "CELERY_PUBLISH_RETRY": "task_publish_retry",
    "CELERY_PUBLISH_RETRY_POLICY": "task_publish_retry_policy",
    "CELERY_SEND_SENT_EVENT": "task_send_sent_event",
    "CELERY_SERIALIZER": "task_serializer",
    "CELERY_COMPRESSION": "task_compression",
    "CELERY_RESULT_DB_TABLE_NAMES": "database_table_names",
    "CELERY_RESULT_DB_TABLENAME": "database_table_names",
    "CASSANDRA_COLUMN_FAMILY": "cassandra_table",
    "CELERY_WORKER_LOG_FORMAT": "worker_log_format",
    "CELERY_WORKER_TASK_LOG_FORMAT": "worker_task_log_format",
    "CELERYD_REDIRECT_STDOUTS": "worker_redirect_stdouts",
    "CELERYD_REDIRECT_STDOUTS_LEVEL": "worker_redirect_stdouts_level",
    "CELERYD_SEND_EVENTS": "worker_send_task_events",
    "CELERY_CONCURRENCY": "worker_concurrency",
    "CELERY_SCHEDULE": "beat_schedule",
}
"""Names that Celery's documents or habit call old settings, though no code reads them."""

ALIASES: dict[str, str] = {
    "broker": "broker_url",
    "backend": "result_backend",
    "backend_url": "result_backend",
    "result_backend_url": "result_backend",
    "result_url": "result_backend",
    "results_backend": "result_backend",
    "beat_schedules": "beat_schedule",
    "task_rate_limit": "task_default_rate_limit",
    "rate_limit": "task_default_rate_limit",
    "task_priority": "task_default_priority",
    "priority": "task_default_priority",
    "queue": "task_default_queue",
    "queues": "task_queues",
    "routes": "task_routes",
    "routing_key": "task_default_routing_key",
    "task_eager": "task_always_eager",
    "always_eager": "task_always_eager",
    "max_tasks_per_child": "worker_max_tasks_per_child",
    "worker_max_task_per_child": "worker_max_tasks_per_child",
    "worker_time_limit": "task_time_limit",
    "worker_soft_time_limit": "task_soft_time_limit",
    "worker_task_time_limit": "task_time_limit",
    "worker_task_soft_time_limit": "task_soft_time_limit",
    "time_zone": "timezone",
    "statedb": "worker_state_db",
    "schedule_file": "beat_schedule_filename",
    "utc": "enable_utc",
}
"""Constructor arguments and task attributes that have a setting by another name."""

GROUPS = ("task", "worker", "beat", "broker", "result")
"""Prefixes that people leave out: `concurrency` for worker_concurrency."""

_MAILS = "Celery sends no mail since 4.0: handle the task_failure signal"
_OPTION = "give it on the command line: celery worker --loglevel INFO --logfile FILE"
_URL = "write the whole address into broker_url or result_backend"
_GONE: dict[str, str] = {
    "CELERY_CHORD_PROPAGATES": "errors in chords always propagate since 4.0",
    "CELERYD_FORCE_EXECV": "processes are started safely without it since 4.0",
    "CELERY_SEND_TASK_ERROR_EMAILS": _MAILS,
    "CELERY_TASK_ERROR_WHITELIST": _MAILS,
    "CELERY_TASK_ERROR_EMAILS": _MAILS,
    "ADMINS": _MAILS,
    "SERVER_EMAIL": _MAILS,
    "EMAIL_*": _MAILS,
    "CELERYD_LOG_LEVEL": _OPTION,
    "CELERYD_LOG_FILE": _OPTION,
    "CELERYBEAT_LOG_*": "give it on the command line: celery beat --loglevel INFO --logfile FILE",
    "CELERYMON_*": "celerymon is gone: use Flower, or celery events",
    "BROKER_BACKEND": "write the transport as the scheme of broker_url",
    "BROKER_INSIST": "RabbitMQ has no such thing any more",
    "CELERY_BACKEND": "write result_backend",
    "CELERY_BROADCAST_*": "remote control queues are named by control_exchange",
    "CELERYD_MEDIATOR": "the mediator is gone since 3.1",
    "CELERYD_ETA_SCHEDULER": "write worker_timer",
    "CELERYD_ETA_SCHEDULER_PRECISION": "write worker_timer_precision",
    "CELERYD_BOOT_STEPS": "add bootsteps to app.steps['worker']",
    "CELERYD_POOL_PUTLOCK": "write worker_pool_putlocks",
    "CELERY_QUEUE_HA_POLICY": "set a policy in RabbitMQ, or use quorum queues",
    "CELERY_AMQP_TASK_RESULT_*": "write result_expires, and rpc:// as result_backend",
    "CELERY_TASK_RESULT_CONNECTION_MAX": "write redis_max_connections",
    "CELERY_STORE_ERRORS": "errors are kept unless task_ignore_result is set",
    "REDIS_HOST": _URL,
    "REDIS_PORT": _URL,
    "REDIS_DB": _URL,
    "REDIS_PASSWORD": _URL,
    "REDIS_CONNECT_RETRY": _URL,
    "TT_HOST": "the Tokyo Tyrant backend is gone since 4.0",
    "TT_PORT": "the Tokyo Tyrant backend is gone since 4.0",
    "CELERY_LOADER": "give loader= to Celery(), or set CELERY_LOADER in the environment",
    "CASSANDRA_DETAILED_MODE": "the backend always keeps one row a task since 4.0",
}

_ATTRIBUTE = "is an attribute of a task: write {} = ... in @app.task(...), or in task_annotations"
_SWITCH = "is no setting: give it on the command line, as an option of celery worker or beat"
_ARGUMENT = "is an argument of Celery(), not a setting"
_OF_LOAD = "is an argument of load(), not a setting: make_app(name, load(source, {}=...))"
_OF_MAKE_APP = "is the second argument of make_app, without a name: make_app(name, settings)"
_METHOD = "is a method of the app: app.autodiscover_tasks([...]); or list the modules in imports"
_ATTRIBUTES = words(
    "max_retries default_retry_delay autoretry_for retry_backoff retry_backoff_max retry_jitter "
    "retry_kwargs dont_autoretry_for bind throws typing abstract trail resultrepr_maxsize base"
)
_ARGUMENTS = words(
    "main loader amqp events log control set_as_current tasks config_source "
    "fixups task_cls autofinalize strict_typing changes backend_cls"
)

_SWITCHES = words(
    "loglevel log_level hostname autoscale exclude_queues without_gossip without_mingle "
    "without_heartbeat heartbeat_interval discard purge detach "
    "optimization"
)

EXTENSIONS: tuple[str, ...] = (
    "redbeat_redis_url",
    "redbeat_redis_use_ssl",
    "redbeat_redis_options",
    "redbeat_key_prefix",
    "redbeat_lock_key",
    "redbeat_lock_timeout",
    "beat_dburi",
    "beat_schema",
    "beat_engine_options",
    "ONCE",
)
"""Keys of extensions that read them from Celery's configuration."""

_EXTENSION_GROUPS = ("redbeat_*", "singleton_*", "SCOUT_*", "scout_*")

# Variables and Django settings with our prefix that belong to other tools.
_OTHERS = (
    "CELERY_APP", "CELERY_BIN", "CELERY_CONFIG_MODULE", "CELERY_LOADER", "CELERY_LOG_*",
    "CELERY_RDB_*", "CELERY_TRACE_APP", "CELERY_FLOWER_*", "CELERY_SKIP_CHECKS",
    "CELERY_CUSTOM_WORKER_POOL", "CELERY_BENCH", "CELERY_BENCH_EVERY", "CELERY_NO_EVAL",
    "CELERY_CREATE_*", "CELERY_SU", "CELERY_USER", "CELERY_GROUP", "CELERY_HOME",
    "CELERY_EMAIL_*", "CELERY_HAYSTACK_*", "CELERY_TEST_*", "BEATKIT_DEV_*",
)  # fmt: skip
# Kubernetes gives every container these about each service: celery-flower, celery-worker ...
_SERVICE_LINK = re.compile(r".*_(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP)(_\w+)?)?)")


def removed(key: str) -> str | None:
    """Return what to do instead of a setting that Celery no longer has; else None."""
    upper = key.upper()
    return next((how for name, how in _GONE.items() if fnmatchcase(upper, name)), None)


def misplaced(plain: str) -> str | None:
    """Return where a name belongs that is no setting but something else of Celery's."""
    attribute = plain.removeprefix("task_")
    if attribute in _ATTRIBUTES:
        return _ATTRIBUTE.format(attribute)
    if plain.removeprefix("worker_").removeprefix("beat_") in _SWITCHES:
        return _SWITCH
    if plain in ("namespace", "shared", "extensions"):
        return _OF_LOAD.format(plain)
    others = {"settings": _OF_MAKE_APP, "autodiscover_tasks": _METHOD}
    return _ARGUMENT if plain in _ARGUMENTS else others.get(plain)


def is_extension(key: str) -> bool:
    """Whether an extension that beatkit knows reads this key from Celery's configuration."""
    if key in EXTENSIONS or (key.lower() in EXTENSIONS and key.isupper()):
        return True
    in_group = any(fnmatchcase(key, group) for group in _EXTENSION_GROUPS)
    return in_group and nearest(key, EXTENSIONS) is None


def belongs_to_others(key: str, value: object) -> bool:
    """Whether a key with our prefix is another tool's."""
    if any(fnmatchcase(key, pattern) for pattern in _OTHERS):
        return True
    text = str(value)
    if key.endswith("_PORT"):
        return text.startswith(("tcp://", "udp://"))
    return _SERVICE_LINK.fullmatch(key) is not None
