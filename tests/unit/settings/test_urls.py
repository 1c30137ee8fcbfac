"""URLs: those of Celery's and kombu's documents load; those that mislead are refused."""

from __future__ import annotations

import pytest
from kombu.utils.url import url_to_parts

from beatkit.settings import Settings, SettingsError
from beatkit.settings.urls import check_broker_url, check_result_url, members, scheme_of, split

BROKERS = [
    "amqp://guest:guest@localhost:5672//",
    "amqp://",
    "amqp://myuser:mypassword@localhost:5672/myvhost",
    "amqp://u:p@h1:5672//;amqp://u:p@h2:5672//",
    "pyamqp://guest@localhost//",
    "amqps://u:p@host:5671//?ssl_cert_reqs=required",
    "amqp://u:p@host/%2Fvhost",
    "amqp://u:p@host:5672/a/b",
    "amqp://u@domain:p@host:5672//",
    "sqs://aws_access_key_id:aws_secret_access_key@",
    "sqs://ABCDEFGHIJKLMNOPQRST:ZYXK7NiynGlTogH8Nj%2BP9nlE73sq3@",
    "sqs://localhost:4566",
    "redis+socket:///path/to/redis.sock",
    "redis+socket:///path/to/redis.sock?virtual_host=3",
    "redis+socket://:pw@/path/to/redis.sock?virtual_host=3",
    "sentinel://localhost:26379",
    "redis://localhost",
    "redis://localhost:6379",
    "redis://",
    "redis:///1",
    "redis://:pw@localhost:6379//0",
    "redis://user:p%40ss@localhost:6379/0",
    "redis://localhost/0?virtual_host=1",
    "redis://localhost/0?credential_provider=redis.CredentialProvider",
    "redis://[fe80::1]:6379/0",
    "rediss://user:pw@host:6380/0?ssl_cert_reqs=required&ssl_ca_certs=%2Fetc%2Fca.pem&ssl_check_hostname=false",
    "gcpubsub://projects/project-id",
    "azurestoragequeues://:KEY@ACCOUNT",
    "azurestoragequeues://DefaultAzureCredential@https://ACC.queue.core.windows.net",
    "azureservicebus://policy:KEY/+=@namespace",
    "azureservicebus://DefaultAzureCredential@namespace",
    "confluentkafka://user:pass@host:9092",
    "kafka://host:9092",
    "etcd://host:2379",
    "consul://localhost:8500",
    "zookeeper://localhost:2181/",
    "zookeeper://h1:2181,h2:2181/vhost",
    "mongodb://user:pw@mongodb1.example.com:27317,mongodb2.example.com:27017/?replicaSet=rs0",
    "mongodb+srv://user:pw@cluster.example.net/db",
    "pyro://localhost:9090",
    "qpid://localhost:5672/",
    "sqla+mysql://u:p@h/db",
    "sqlalchemy+postgresql+psycopg2://u:p@h/db",
    "filesystem://",
    "filesystem:///",
    "SQS://",
    "slmq://u:k@h",
    "memory://",
    "memory://localhost/",
    "my.transport.Cls://host",
    "librabbitmq://guest@h//",
]
BACKENDS = [
    "cache+memcached://127.0.0.1:11211/",
    "cache+memcached://172.19.26.240:11211;172.19.26.242:11211/",
    "cache+memory://",
    "cache+pylibmc://h",
    "db+mysql://scott:tiger@localhost/foo",
    "db+postgresql+psycopg2://scott:tiger@localhost/mydatabase",
    "db+oracle://scott:tiger@127.0.0.1:1521/sidname",
    "db+sqlite:///results.sqlite",
    "database+sqlite:///x",
    "mongodb://userid:password@hostname:27017/db?ssl=true",
    "elasticsearch://localhost:9200/index/doc_type",
    "elasticsearch+https://u:p@h:443/i",
    "couchdb://u:p@h/db",
    "couchbase://u:p@h/b",
    "arangodb://u:p@h:8529/db/coll",
    "cosmosdbsql://:KEY==@acc.documents.azure.com",
    "dynamodb://key:secret@us-east-1/table?read=10&write=20",
    "dynamodb://@localhost:8000/table",
    "azureblockblob://DefaultEndpointsProtocol=https;AccountName=x;AccountKey=abc==;EndpointSuffix=core.windows.net",
    "s3://",
    "gs://bucket/folder?gcs_project=x",
    "file:///var/celery/results",
    "consul://localhost:8500/",
    "sentinel://0.0.0.0:26379;sentinel://0.0.0.0:26380/0",
    "redis+socket:///x/y.sock",
    "redis+socket:///x?virtual_host=1",
    "redis://:pw@h:6379/0/",
    "redis://h/0?health_check_interval=10&socket_timeout=5",
    "rediss://:pw@h/0?ssl_cert_reqs=CERT_NONE",
    "rpc://",
    "cassandra://",
    "cassandra",
    "redis",
    "db",
    "celery.backends.redis:RedisBackend",
    "celery.backends.redis.RedisBackend",
]


# The other transports of the list cut their URLs themselves.
CUT_BY_KOMBU = [
    url
    for url in BROKERS
    if ";" not in url and scheme_of(url) in ("redis", "rediss", "amqp", "sqs")
]


@pytest.mark.parametrize("url", BROKERS)
def test_a_broker_url_that_kombu_reads_loads_as_it_is(url: str) -> None:
    assert check_broker_url(url) == url


@pytest.mark.parametrize("url", BACKENDS)
def test_a_result_backend_that_celery_reads_loads_as_it_is(url: str) -> None:
    assert check_result_url(url) == url


@pytest.mark.parametrize("url", CUT_BY_KOMBU)
def test_a_url_is_cut_as_kombu_cuts_it(url: str) -> None:
    theirs, ours = url_to_parts(url), split(url)
    assert (ours.scheme.lower(), ours.query) == (theirs.scheme, theirs.query)


def refused(name: str, url: object) -> tuple[str, str | None]:
    with pytest.raises(SettingsError) as caught:
        Settings(**{name: url})
    (problem,) = caught.value.problems
    return problem.kind, problem.suggestion


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("redsi://cache/0", "redis"),
        ("valkey://cache/0", "redis"),
        ("valkeys://cache/0", "rediss"),
        ("unix:///tmp/redis.sock", "redis+socket"),
        ("redis-sentinel://s:26379/0", "sentinel"),
        ("redis+sentinel://s:26379/0", "sentinel"),
        ("rabbitmq://mq", "amqp"),
        ("postgresql://u:p@h/d", "sqla+postgresql"),
        ("postgresql+psycopg://u:p@h/d", "sqla+postgresql+psycopg"),
        ("db+mysql://u:p@h/d", "sqla+mysql"),
        ("redis://cache/0?ssl_cert_reqs=required", "rediss"),
        ("redis:cache", None),
        ("redis//cache", None),
        ("localhost:6379", None),
        ("redis://cache/-1", None),
        ("redis://cache/0/", None),
        ("redis://cache:99999/0", None),
        ("redis://:p#w@cache/0", None),
        ("redis://:p[w@cache/0", None),
        ("redis://[cache]:6379/0", None),
        ("redis://[::1:6379/0", None),
        ("rediss://cache/0?ssl_cert_reqs=yes", None),
        ("redis://cache/0?socket_timeout=5", None),
        ("sqs://KEY:SEC/RET@", None),
        ("$BROKER_URL", None),
        ("", None),
        ("   ", None),
        ([], None),
    ],
)
def test_a_broker_url_that_misleads_is_refused(url: object, scheme: str | None) -> None:
    assert refused("broker_url", url) == ("url_error", scheme)


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("postgresql://u:p@h/d", "db+postgresql"),
        ("postgres://u:p@h/d", "db+postgresql"),
        ("db+postgres://u:p@h/d", "db+postgresql"),
        ("sqla+mysql://u:p@h/d", "db+mysql"),
        ("memcached://h:11211", "cache+memcached"),
        ("memory://", "cache+memory"),
        ("REDIS://cache/0", "redis"),
        ("django_db", "django-db"),
        ("false", "disabled"),
        ("None", "disabled"),
        ("redis://cache/jobs", None),
        ("redis://cache/1?ssl_cert_reqs=none", "rediss"),
        ("rediss://cache/1", None),
        ("cache:6379", None),
    ],
)
def test_a_result_backend_that_misleads_is_refused(url: str, scheme: str | None) -> None:
    assert refused("result_backend", url) == ("url_error", scheme)


@pytest.mark.parametrize(
    ("name", "url", "instead"),
    [
        ("broker_url", "django://", "redis"),
        ("broker_url", "beanstalk://h", "redis"),
        ("result_backend", "amqp://u:p@mq//", "rpc"),
        ("result_backend", "amqp", "rpc"),
        ("result_backend", "riak://h", "redis"),
    ],
)
def test_what_celery_no_longer_has_is_told_as_removed(name: str, url: str, instead: str) -> None:
    assert refused(name, url) == ("removed", instead)


@pytest.mark.parametrize(
    "url",
    ["redis://:p@h/2", "valkeys://h", "valkey+socket:///x", "sqlite:///beats.db", "memory://"],
)
def test_a_store_url_loads(url: str) -> None:
    assert Settings(beatkit_store_url=url).beatkit == {"beatkit_store_url": url}


@pytest.mark.parametrize(
    "url", ["mysql://h", "localhost", "redis://:p/w@h/0", "valkey://h/jobs", "redis://h:port/0"]
)
def test_a_store_url_that_misleads_is_refused(url: str) -> None:
    assert refused("beatkit_store_url", url) == ("url_error", None)


def test_several_servers_are_told_apart_although_a_password_may_hold_a_semicolon() -> None:
    assert members("redis://a;redis://:p;w@b/0") == ["redis://a", "redis://:p;w@b/0"]
    assert members(["redis://a", "redis://b;redis://c"]) == ["redis://a", "redis://b", "redis://c"]
    assert (scheme_of("sentinel://a;sentinel://b"), scheme_of("redis+socket:///x")) == (
        "sentinel",
        "redis",
    )
    assert (scheme_of(None), scheme_of("cache"), scheme_of([])) == ("", "", "")


def test_a_backend_of_the_users_own_is_named_by_override_backends() -> None:
    own = Settings(override_backends={"mine": "shop.backends:Mine"}, result_backend="mine://x")
    assert own.to_celery()["result_backend"] == "mine://x"
    assert refused("result_backend", "mine://x") == ("url_error", None)
